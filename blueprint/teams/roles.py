"""What the roles within a team may do in its namespaces, by Kubernetes RBAC."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal

from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, matches
from blueprint.kubernetes import RBAC, Manifest
from blueprint.teams.namespaces import named
from blueprint.value import Value

TeamRole = Literal["owner", "developer", "viewer", "deployer"]
ROLES: tuple[TeamRole, ...] = ("owner", "developer", "viewer", "deployer")

# Kubernetes' own kinds are given by the roles below; with some of AWS's and Kubernetes' a team could get round its
# network policies, quotas or labels. In these groups is nothing of the kind: what takes effect of them in a namespace
# are measurements, Gateways with their routes, and snapshots of the namespace's own volumes.
# https://kubernetes-sigs.github.io/metrics-server, https://gateway-api.sigs.k8s.io/guides/api-design,
# https://kubernetes.io/docs/concepts/storage/volume-snapshots
_HARMLESS = ("metrics.k8s.io", "gateway.networking.k8s.io", "snapshot.storage.k8s.io")
CustomGroup = Annotated[
    str,
    matches(
        f"({'|'.join(map(re.escape, _HARMLESS))})"
        r"|(?!(.*\.)?(k8s\.io|k8s\.aws|amazonaws\.com)$)[a-z0-9-]+(\.[a-z0-9-]+)+",
        "must be the API group of a custom resource, never *, and not of Kubernetes or AWS except "
        + ", ".join(_HARMLESS),
        'write for example "argoproj.io"',
        longest=253,
    ),
]
PluralName = Annotated[
    str,
    matches(r"[a-z][a-z0-9-]{0,62}(/[a-z]+)?", "must be a kind's plural name, never *", 'write for example "rollouts"'),
]
# A CertificateRequest holds its names encoded, so that no admission policy could read them.
_CERTIFICATES = ".cert-manager.io"
Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]


class Permission(Value):
    """A right to custom resources, for a team's owners, developers and deployers.

    Of Kubernetes' own API groups: metrics, Gateway API, volume snapshots.
    """

    api_group: CustomGroup
    """Of the custom resources, for example "argoproj.io"."""
    resources: Annotated[tuple[PluralName, ...], NOT_EMPTY]
    """Plural names of kinds, for example "rollouts"."""
    verbs: Annotated[tuple[Verb, ...], NOT_EMPTY]
    """What may be done with them.
    https://kubernetes.io/docs/reference/access-authn-authz/authorization/#determine-the-request-verb"""

    def problems(self) -> Iterator[Problem]:
        if f".{self.api_group}".endswith(_CERTIFICATES) and not {*self.verbs} <= {*READ}:
            rule = "by these objects a team would get certificates for names that are not its own"
            fix = "let it read them; it gets certificates by Ingresses, from issuers of the team"
            yield Problem(("verbs",), self.verbs, rule, fix)


READ = ["get", "list", "watch"]
_WRITE = [*READ, "create", "update", "patch", "delete"]
_WORKLOADS: list[tuple[str, list[str]]] = [
    ("", ["services", "configmaps", "persistentvolumeclaims"]),
    ("apps", ["deployments", "statefulsets"]),
    ("batch", ["jobs", "cronjobs"]),
    ("autoscaling", ["horizontalpodautoscalers"]),
    ("policy", ["poddisruptionbudgets"]),
    ("networking.k8s.io", ["ingresses"]),
]
_SCALED = ("apps", ["deployments/scale", "statefulsets/scale"])
_SEEN: list[tuple[str, list[str]]] = [
    *_WORKLOADS,
    ("", ["pods", "pods/log", "events", "resourcequotas", "limitranges", "serviceaccounts"]),
    ("apps", ["replicasets"]),
    ("networking.k8s.io", ["networkpolicies"]),
    _SCALED,
    ("metrics.k8s.io", ["pods"]),
]


def rules(role: TeamRole, more: tuple[Permission, ...]) -> list[dict[str, Any]]:
    """The rules of a role.

    A viewer sees all but Secrets. A deployer, the pipeline, also changes and scales workloads. A developer also removes
    pods and forwards ports to them. An owner also keeps Secrets and opens shells. Nobody changes quotas, network
    policies, RBAC or service accounts, or impersonates: those are the namespace's guard rails.
    """
    found = [rule(group, resources, READ) for group, resources in _SEEN]
    if role != "viewer":
        found += [rule(group, resources, _WRITE) for group, resources in _WORKLOADS]
        found += [rule(*_SCALED, ["update", "patch"])]
        found += [rule(each.api_group, list(each.resources), list(each.verbs)) for each in more]
    if role in ("developer", "owner"):
        found += [rule("", ["pods"], ["delete"]), rule("", ["pods/portforward"], ["create"])]
    if role == "owner":
        found += [rule("", ["secrets"], _WRITE), rule("", ["pods/exec"], ["create"])]
    return found


def rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    """One rule of a Role or ClusterRole."""
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def group(team: str, role: TeamRole) -> str:
    """The Kubernetes group of the people with a role in a team."""
    return f"team:{team}:{role}"


def binding(namespace: str, role: TeamRole, teams: Iterable[str]) -> Manifest:
    """Gives a role in a namespace to those who have it in one of the teams.

    One for all of them: kubectl removes no binding that has left a manifest, so a team that is no longer named would
    keep its rights. https://github.com/kubernetes/kubectl/blob/master/pkg/util/prune/prune.go
    """
    return named(
        f"{RBAC}/v1",
        "RoleBinding",
        role,
        namespace,
        roleRef={"apiGroup": RBAC, "kind": "Role", "name": role},
        subjects=[{"apiGroup": RBAC, "kind": "Group", "name": group(team, role)} for team in teams],
    )
