"""Keeps the cluster in step with Git. https://argo-cd.readthedocs.io"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from addons.argo_cd.bootstrap import NAME, Bootstrap
from addons.argo_cd.health import APPLICATION_HEALTH, HEALTH
from addons.argo_cd.hub import KnownByItsPods
from addons.argo_cd.pods import WORKLOADS
from addons.argo_cd.repositories import known_hosts, template
from addons.argo_cd.sso import SingleSignOn, open_to_all
from blueprint.addons import ClusterFacts, Contribution, HelmAddon, ImageSource, Values, merged
from blueprint.addons.lock import locked_chart
from blueprint.addons.offers import FROM_GIT
from blueprint.addons.pods import across_zones, resources
from blueprint.addons.private_repositories import ReadsRepositories
from blueprint.errors import Problem
from blueprint.fields import DnsName
from blueprint.kubernetes import Manifest


class ArgoCd(KnownByItsPods, ReadsRepositories, HelmAddon):
    """Argo CD, inside the cluster only: reach it with `kubectl port-forward`, or give it an Ingress of your own.

    Without `sso` there is one user, admin, whose password Argo CD makes up and keeps in argocd-initial-admin-secret.
    """

    offers = (FROM_GIT,)
    name = FROM_GIT.addon
    lost = "nothing from Git is applied any more; what was stays, as nobody keeps it"
    namespace = FROM_GIT.namespace
    pod_security = "restricted"
    api_groups = ("argoproj.io",)
    chart = locked_chart(
        name,
        notes="https://github.com/argoproj/argo-helm/releases/tag/argo-cd-{version}",
        compatibility="https://argo-cd.readthedocs.io/en/stable/operator-manual/tested-kubernetes-versions/",
    )

    workloads = WORKLOADS
    environment = ("global", "env")
    images = (
        *(
            ImageSource("quay.io/argoproj/argocd", (f"{part}.image.repository", "global.image.repository"))
            for part in (
                *("controller", "server", "repoServer", "applicationSet"),
                *("notifications", "redisSecretInit"),
            )
        ),
        ImageSource("ecr-public.aws.com/docker/library/redis", ("redis.image.repository",)),
    )

    typical = {"domain": "argocd.example.com"}
    by_token = frozenset({"ecr"})
    template = staticmethod(template)

    domain: DnsName
    """Where people reach it; the address that sign-in returns to."""
    sso: SingleSignOn | None = None
    """Where people sign in, instead of the user admin."""
    bootstrap: Bootstrap | None = None
    """What it keeps applied from the first deploy on."""
    tls_at_load_balancer: bool = False
    """The server then speaks plain HTTP; otherwise HTTPS with a certificate that it makes itself."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        yield from open_to_all(self.extra_values)

    def hosts(self) -> tuple[str, ...]:
        return (self.domain,)

    def values(self, facts: ClusterFacts) -> Values:
        values: Values = {
            "fullnameOverride": "argocd",  # the names in Argo CD's own documentation
            "global": {
                "domain": self.domain,
                "networkPolicy": {"create": True, "defaultDenyIngress": True},
                "topologySpreadConstraints": across_zones(),
            },
            "configs": {
                "params": {"server.insecure": self.tls_at_load_balancer},
                "cm": {"admin.enabled": True, HEALTH: APPLICATION_HEALTH},
            },
            "dex": {"enabled": False},  # SingleSignOn talks to the provider itself
            # Sizes are those of a few hundred applications.
            "server": {**_replicated(), "resources": resources("50m", "256Mi")},
            "repoServer": {**_replicated(), "resources": resources("100m", "1Gi")},
            "applicationSet": {**_replicated(), "resources": resources("50m", "256Mi")},
            # One each: a second controller would only share out other clusters, and the cache is rebuilt when lost.
            "controller": {"resources": resources("250m", "2Gi")},
            "redis": {"automountServiceAccountToken": False, "resources": resources("50m", "128Mi")},
            "notifications": {"resources": resources("20m", "128Mi")},
            "redisSecretInit": {"resources": resources("10m", "64Mi")},
        }
        if self.hub_roles:
            # Where it asks AWS who it is; nothing tells it where the agent of EKS Pod Identity gives it its role.
            region = {"env": [{"name": "AWS_REGION", "value": facts.region}]}
            values = merged(values, {"controller": region, "server": region})
        values = merged(values, known_hosts(self.private_repositories))
        return merged(values, {"configs": self.sso.configs()}) if self.sso else values

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        first = self.bootstrap.manifests(self.namespace, facts.argo_cd_server) if self.bootstrap else ()
        return (*self.secrets(facts, self.namespace), *self.reader(), *first)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        reads = (*self.reading(), *self.reading_secrets(facts, self.namespace))
        grants = (*self.roles_of_pods(facts, self.workloads), *reads)
        return replace(super().contribute(facts), grants=grants, from_git=(NAME,) if self.bootstrap else ())


def _replicated() -> dict[str, Any]:
    return {"replicas": 2, "pdb": {"enabled": True, "maxUnavailable": 1}}
