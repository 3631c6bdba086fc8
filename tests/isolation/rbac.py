"""What the API server lets somebody do: an evaluator of Kubernetes RBAC and EKS access policies over objects as data.

It follows `pkg/apis/rbac/v1/evaluation_helpers.go` and `pkg/registry/rbac/validation/rule.go` of Kubernetes; aggregated
ClusterRoles and URLs that are no resources are left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprint.access import AccessEntry

Object = Mapping[str, Any]
Rule = Mapping[str, Any]

API = "rbac.authorization.k8s.io"
EVERYTHING: Rule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
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
    if "system:masters" in who.groups:
        return [EVERYTHING]
    found = list(BASIC_USER) if "system:authenticated" in who.groups else []
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


_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "deletecollection", "patch", "update")
_WORKLOADS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("apps", ("daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets")),
    ("autoscaling", ("horizontalpodautoscalers",)),
    ("batch", ("cronjobs", "jobs")),
    ("networking.k8s.io", ("ingresses", "networkpolicies")),
    ("policy", ("poddisruptionbudgets",)),
    ("", ("configmaps", "persistentvolumeclaims", "replicationcontrollers", "serviceaccounts", "services")),
)
_SENSITIVE = ("pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "secrets", "services/proxy")


def _rule(group: str, resources: Iterable[str], verbs: Iterable[str]) -> Rule:
    return {"apiGroups": [group], "resources": list(resources), "verbs": list(verbs)}


_VIEW = (
    *(_rule(group, resources, _READ) for group, resources in _WORKLOADS),
    _rule("apps", ["controllerrevisions"], _READ),
    _rule("discovery.k8s.io", ["endpointslices"], _READ),
    _rule("", ["bindings", "endpoints", "events", "limitranges", "namespaces", "namespaces/status", "pods"], _READ),
    _rule("", ["pods/log", "pods/status", "resourcequotas", "resourcequotas/status", "services/status"], _READ),
)
_EDIT = (
    *_VIEW,
    *(_rule(group, resources, _WRITE) for group, resources in _WORKLOADS),
    _rule("", ["events", "pods"], _WRITE),
    _rule("", _SENSITIVE, (*_READ, *_WRITE)),
    _rule("", ["serviceaccounts"], ["impersonate"]),
)
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html; of the many resources of the last
# three, those that tests ask for.
ACCESS_POLICIES: Mapping[str, tuple[Rule, ...]] = {
    "AmazonEKSClusterAdminPolicy": (EVERYTHING,),
    "AmazonEKSAdminViewPolicy": (_rule("*", ["*"], _READ),),
    "AmazonEKSSecretReaderPolicy": (_rule("", ["secrets"], _READ),),
    "AmazonEKSViewPolicy": _VIEW,
    "AmazonEKSEditPolicy": _EDIT,
    "AmazonEKSAdminPolicy": (*_EDIT, _rule(API, ["roles", "rolebindings"], (*_READ, *_WRITE))),
}


def access_objects(entries: Iterable[AccessEntry]) -> Iterator[Object]:
    """The access policies of the entries as RBAC objects that say the same. ValueError: a pattern of namespaces."""
    entries = tuple(entries)
    for name in sorted({policy.name for entry in entries for policy in entry.policies}):
        yield {"kind": "ClusterRole", "metadata": {"name": name}, "rules": ACCESS_POLICIES[name]}
    for entry in entries:
        for policy in entry.policies:
            metadata = {"name": f"{entry.principal}-{policy.name}"}
            binding = {
                "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": policy.name},
                "subjects": [{"apiGroup": API, "kind": "User", "name": entry.principal}],
            }
            if not policy.namespaces:
                yield {"kind": "ClusterRoleBinding", "metadata": metadata, **binding}
            for namespace in policy.namespaces:
                if "*" in namespace:
                    raise ValueError(namespace)
                yield {"kind": "RoleBinding", "metadata": {**metadata, "namespace": namespace}, **binding}
