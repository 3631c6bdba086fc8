"""What the API server lets somebody do: an evaluator of Kubernetes RBAC over objects as data.

It follows `pkg/apis/rbac/v1/evaluation_helpers.go` and `pkg/registry/rbac/validation/rule.go` of Kubernetes; aggregated
ClusterRoles and URLs that are no resources are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.kubernetes.access import EVERYTHING

Object = Mapping[str, Any]
Rule = Mapping[str, Any]

# ClusterRole system:basic-user, the one default that gives all authenticated users rights to resources.
# https://kubernetes.io/docs/reference/access-authn-authz/rbac/#discovery-roles
BASIC_USER: tuple[Rule, ...] = (
    {
        "apiGroups": ["authorization.k8s.io"],
        "resources": ["selfsubjectaccessreviews", "selfsubjectrulesreviews"],
        "verbs": ["create"],
    },
    {"apiGroups": ["authentication.k8s.io"], "resources": ["selfsubjectreviews"], "verbs": ["create"]},
)


@dataclass(frozen=True)
class User:
    """Who sends a request, as authentication saw it."""

    name: str
    groups: frozenset[str] = frozenset()


def user(name: str, *groups: str) -> User:
    """Somebody with an access entry."""
    return User(name, frozenset((*groups, "system:authenticated")))


def service_account(namespace: str, name: str) -> User:
    """A pod's service account, with the groups that Kubernetes gives it."""
    return user(
        f"system:serviceaccount:{namespace}:{name}", "system:serviceaccounts", f"system:serviceaccounts:{namespace}"
    )


def can(
    objects: Iterable[Object],
    who: User,
    verb: str,
    resource: str,
    *,
    group: str = "",
    subresource: str = "",
    namespace: str = "",
    name: str = "",
) -> bool:
    """Whether the request is allowed. Without a namespace it is for a cluster-scoped object, or for all namespaces."""
    if (group, resource) == ("", "namespaces") and name:
        namespace = name  # the path of a request for one namespace is one inside of it
    return allowed(rules_for(objects, who, namespace), verb, resource, group=group, subresource=subresource, name=name)


def allowed(
    rules: Iterable[Rule], verb: str, resource: str, *, group: str = "", subresource: str = "", name: str = ""
) -> bool:
    """Whether one of the rules allows it."""
    if verb == "deletecollection" or (verb == "create" and not subresource):
        name = ""  # stands in the body at best, which is not looked at
    combined = f"{resource}/{subresource}" if subresource else resource
    resources = {"*", combined, *([f"*/{subresource}"] if subresource else [])}
    return any(
        (verb in rule.get("verbs", ()) or "*" in rule.get("verbs", ()))
        and not resources.isdisjoint(rule.get("resources", ()))
        and (group in rule.get("apiGroups", ()) or "*" in rule.get("apiGroups", ()))
        and (not rule.get("resourceNames") or name in rule["resourceNames"])
        for rule in rules
    )


def rules_for(objects: Iterable[Object], who: User, namespace: str = "") -> list[Rule]:
    """All that somebody may do in a namespace, or in the whole cluster; nothing else is ever granted."""
    found = list(BASIC_USER) if "system:authenticated" in who.groups else []
    if "system:masters" in who.groups:
        found.append(EVERYTHING)
    objects = objects if isinstance(objects, Sequence) else list(objects)
    for binding in objects:
        in_namespace = namespace and binding["kind"] == "RoleBinding"
        if in_namespace and binding["metadata"]["namespace"] != namespace:
            continue
        if (in_namespace or binding["kind"] == "ClusterRoleBinding") and _is_subject(binding, who):
            found.extend(_rules_of(objects, binding))
    return found


def _is_subject(binding: Object, who: User) -> bool:
    for subject in binding.get("subjects") or ():
        match subject["kind"]:
            case "User":
                name = subject["name"]
            case "Group":
                if subject["name"] in who.groups:
                    return True
                continue
            case "ServiceAccount":
                namespace = subject.get("namespace") or binding["metadata"].get("namespace")
                name = namespace and f"system:serviceaccount:{namespace}:{subject['name']}"
            case _:
                continue
        if name == who.name:
            return True
    return False


def _rules_of(objects: Iterable[Object], binding: Object) -> Iterator[Rule]:
    """Those of the role that a binding names; a role that does not exist gives nothing."""
    reference = binding["roleRef"]
    namespace = binding["metadata"].get("namespace") if reference["kind"] == "Role" else None
    if reference["kind"] == "Role" and binding["kind"] == "ClusterRoleBinding":
        return
    for role in objects:
        metadata = role["metadata"]
        if (role["kind"], metadata["name"]) == (reference["kind"], reference["name"]) and (
            metadata.get("namespace") == namespace
        ):
            yield from role.get("rules") or ()
