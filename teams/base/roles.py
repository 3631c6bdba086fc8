"""What the roles within a team may do in its namespaces, by Kubernetes RBAC."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any, Literal

from blueprint.fields import NOT_EMPTY, matches
from blueprint.kubernetes import Manifest
from blueprint.value import Value
from teams.base.namespaces import named

TeamRole = Literal["owner", "developer", "viewer", "deployer"]
ROLES: tuple[TeamRole, ...] = ("owner", "developer", "viewer", "deployer")

# Kubernetes' own kinds are given by the roles below; with some of AWS's and Kubernetes' a team could get round its
# network policies, quotas or labels.
CustomGroup = Annotated[
    str,
    matches(
        r"(?!(.*\.)?(k8s\.io|k8s\.aws|amazonaws\.com)$)[a-z0-9-]+(\.[a-z0-9-]+)+",
        "must be the API group of a custom resource, not of Kubernetes or AWS, never *",
        'write for example "argoproj.io"',
    ),
]
Resource = Annotated[
    str,
    matches(r"[a-z][a-z0-9-]{0,62}(/[a-z]+)?", "must be a kind's plural name, never *", 'write for example "rollouts"'),
]
Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]


class Permission(Value):
    """A right to custom resources, for a team's owners, developers and deployers."""

    api_group: CustomGroup
    resources: Annotated[tuple[Resource, ...], NOT_EMPTY]
    verbs: Annotated[tuple[Verb, ...], NOT_EMPTY]


_READ = ["get", "list", "watch"]
_WRITE = [*_READ, "create", "update", "patch", "delete"]
_WORKLOADS: list[tuple[str, list[str]]] = [
    ("", ["services", "configmaps", "persistentvolumeclaims"]),
    ("apps", ["deployments", "statefulsets"]),
    ("batch", ["jobs", "cronjobs"]),
    ("autoscaling", ["horizontalpodautoscalers"]),
    ("policy", ["poddisruptionbudgets"]),
    ("networking.k8s.io", ["ingresses"]),
]
_SEEN: list[tuple[str, list[str]]] = [
    *_WORKLOADS,
    ("", ["pods", "pods/log", "events", "resourcequotas", "limitranges", "serviceaccounts"]),
    ("apps", ["replicasets"]),
    ("networking.k8s.io", ["networkpolicies"]),
]


def rules(role: TeamRole, more: tuple[Permission, ...]) -> list[dict[str, Any]]:
    """The rules of a role.

    A viewer sees all but Secrets. A deployer, the pipeline, also changes workloads. A developer also removes pods and
    forwards ports to them. An owner also keeps Secrets and opens shells. Nobody changes quotas, network policies, RBAC
    or service accounts, or impersonates: those are the namespace's guard rails.
    """
    found = [_rule(group, resources, _READ) for group, resources in _SEEN]
    if role != "viewer":
        found += [_rule(group, resources, _WRITE) for group, resources in _WORKLOADS]
        found += [_rule(each.api_group, list(each.resources), list(each.verbs)) for each in more]
    if role in ("developer", "owner"):
        found += [_rule("", ["pods"], ["delete"]), _rule("", ["pods/portforward"], ["create"])]
    if role == "owner":
        found += [_rule("", ["secrets"], _WRITE), _rule("", ["pods/exec"], ["create"])]
    return found


def _rule(group: str, resources: list[str], verbs: list[str]) -> dict[str, Any]:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


def group(team: str, role: TeamRole) -> str:
    """The Kubernetes group of the people with a role in a team."""
    return f"team:{team}:{role}"


def binding(namespace: str, role: TeamRole, teams: Iterable[str]) -> Manifest:
    """Gives a role in a namespace to those who have it in one of the teams.

    One for all of them: kubectl removes no binding that has left a manifest, so a team that is no longer named would
    keep its rights. https://github.com/kubernetes/kubectl/blob/master/pkg/util/prune/prune.go
    """
    api = "rbac.authorization.k8s.io"
    return named(
        f"{api}/v1",
        "RoleBinding",
        role,
        namespace,
        roleRef={"apiGroup": api, "kind": "Role", "name": role},
        subjects=[{"apiGroup": api, "kind": "Group", "name": group(team, role)} for team in teams],
    )
