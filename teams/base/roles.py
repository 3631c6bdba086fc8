"""What the roles within a team may do in its namespaces, by Kubernetes RBAC."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, matches
from blueprint.kubernetes import Manifest
from blueprint.value import Value
from teams.base.namespaces import named

TeamRole = Literal["owner", "developer", "viewer", "deployer"]
ROLES: tuple[TeamRole, ...] = ("owner", "developer", "viewer", "deployer")

Word = Annotated[str, matches(r"[a-z][a-zA-Z0-9./-]{0,252}", "must be a lowercase word, never *", 'write "pods"')]
ApiGroup = Annotated[str, matches(r"([a-z0-9.-]{1,253})?", "must be an API group, never *", 'write "apps"')]
Verb = Literal["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"]

# With any of these a team could lift its own restrictions or act as somebody else.
_GUARDED = {
    *("resourcequotas", "limitranges", "networkpolicies", "namespaces", "roles", "rolebindings", "serviceaccounts"),
}
_SECRET = {"secrets", "pods/exec", "pods/attach", "serviceaccounts/token"}


class Permission(Value):
    """A further RBAC rule for a team's developers and deployers, for example for a custom resource."""

    api_group: ApiGroup
    resources: Annotated[tuple[Word, ...], NOT_EMPTY]
    verbs: Annotated[tuple[Verb, ...], NOT_EMPTY]

    def problems(self) -> Iterator[Problem]:
        for index, resource in enumerate(self.resources):
            writes = not set(_READ).issuperset(self.verbs)
            if resource in _SECRET or (resource in _GUARDED and writes):
                rule = "with it a team could lift its own restrictions, or read what it must not"
                yield Problem(f"resources[{index}]", resource, rule, "leave it to the platform team")


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


def binding(namespace: str, role: TeamRole, team: str, name: str) -> Manifest:
    """Gives a role in a namespace to those who have it in the team."""
    api = "rbac.authorization.k8s.io"
    return named(
        f"{api}/v1",
        "RoleBinding",
        name,
        namespace,
        roleRef={"apiGroup": api, "kind": "Role", "name": role},
        subjects=[{"apiGroup": api, "kind": "Group", "name": group(team, role)}],
    )
