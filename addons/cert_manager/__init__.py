"""Issues and renews certificates for workloads. https://cert-manager.io"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Any

from addons.cert_manager.issuer import challenges, letsencrypt, signs_itself
from addons.cert_manager.pods import IMAGES, WORKLOADS
from blueprint import hosts
from blueprint.addons import CallsAws, ClusterFacts, Contribution, HelmAddon, HostedZone, OffAws, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources
from blueprint.errors import Problem
from blueprint.fields import DnsName, EmailAddress, HostedZoneId
from blueprint.iam import Conditions
from blueprint.kubernetes import Manifest
from blueprint.references import PARTITION


class CertManager(CallsAws, HelmAddon):
    """With `zones` it can prove by DNS that it holds a domain; with `acme_email` there is a ClusterIssuer letsencrypt.

    Issuers of your own name `hostedZoneID`, since it may not list zones. Where teams say which `hosts` are theirs, it
    proves no others: those of the platform stand in PlatformTeam.hosts.
    """

    name = "cert-manager"
    lost = "no certificate is made or renewed, so that each ends at its date"
    namespace = "cert-manager"
    service_account = "cert-manager"
    works_without_permissions = True
    pod_security = "restricted"
    api_groups = ("acme.cert-manager.io", "cert-manager.io")
    chart = locked_chart(
        name,
        notes="https://github.com/cert-manager/cert-manager/releases/tag/v{version}",
        compatibility="https://cert-manager.io/docs/releases/",
    )

    workloads = WORKLOADS
    environment = ("extraEnv",)
    images = IMAGES

    zones: Mapping[DnsName, HostedZoneId] = field(default_factory=dict)
    """Domain and id of each public hosted zone for DNS01 challenges; no AWS permission at all without."""
    acme_email: EmailAddress | None = None
    """Makes the issuer; Let's Encrypt writes there about trouble with the account."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.acme_email and not self.zones:
            rule = "the issuer answers DNS01 challenges only, so it needs a zone"
            yield Problem(("zones",), self.zones, rule, 'write zones={"example.com": "Z0123456789ABC"}')

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        if not self.zones:
            return ()
        # As https://cert-manager.io/docs/configuration/acme/dns01/route53, and no name but that of a challenge.
        own = hosts.within(facts.hosts, sorted(self.zones))
        names = tuple(dict.fromkeys(name for host in own for name in challenges(host)))
        challenge: Conditions = {
            "ForAllValues:StringEquals": {"route53:ChangeResourceRecordSetsRecordTypes": "TXT"},
            "ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": names},
        }
        zones = tuple(f"arn:{PARTITION}:route53:::hostedzone/{zone}" for zone in sorted(set(self.zones.values())))
        changes, why = (f"arn:{PARTITION}:route53:::change/*",), "Route 53 picks the id of a change; reads only"
        return (
            Statement(("route53:GetChange",), changes, reason=why),
            Statement(("route53:ChangeResourceRecordSets",), zones, challenge),
        )

    def hosted_zones(self) -> tuple[HostedZone, ...]:
        return tuple(HostedZone(zone, (domain,), challenges=True) for domain, zone in sorted(self.zones.items()))

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("route53",) if self.zones else ()

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "crds": {"enabled": True, "keep": True},  # without its definition, every certificate would go as well
            "global": {"leaderElection": {"namespace": self.namespace}},  # no rights in kube-system
            "serviceAccount": {"name": self.service_account},
            "extraEnv": [{"name": "AWS_REGION", "value": facts.region}],
            **_replicas(2, "controller", resources("50m", "256Mi")),
            # Three, since certificates can neither be made nor changed while it is away, says upstream's best practice.
            # The chart's port of it, 10250, is the kubelet's, also in the network of a pod on Fargate.
            # https://cert-manager.io/docs/installation/compatibility/#aws-eks
            "webhook": {"securePort": 10260, **_replicas(3, "webhook", resources("20m", "64Mi"))},
            "cainjector": _replicas(2, "cainjector", resources("20m", "256Mi")),
            "startupapicheck": {"resources": resources("10m", "64Mi")},
        }

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return (letsencrypt(self.acme_email, self.zones, facts.region),) if self.acme_email else ()

    def off_aws(self, facts: ClusterFacts, brought: Contribution) -> OffAws:
        issuer = (signs_itself(),) if self.acme_email else ()
        return replace(super().off_aws(facts, brought), objects=issuer)


def _replicas(count: int, component: str, size: dict[str, Any]) -> dict[str, Any]:
    return {
        "replicaCount": count,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": across_zones(instance="cert-manager", component=component),
        "resources": size,
    }
