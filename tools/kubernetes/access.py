"""EKS access policies as RBAC objects that say the same, since a control plane here has no authorizer of EKS's."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.access import AccessEntry

RbacRule = Mapping[str, Any]

API = "rbac.authorization.k8s.io"
EVERYTHING: RbacRule = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}

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


def _rule(group: str, resources: Iterable[str], verbs: Iterable[str]) -> RbacRule:
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
_ALL = ("*",)
# https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html; of the many resources of those named
# View, Edit and Admin, what tests ask for. Those of capabilities have no rules there, so what the guide tells of each:
# https://docs.aws.amazon.com/eks/latest/userguide/capabilities-security.html
ACCESS_POLICIES: Mapping[str, tuple[RbacRule, ...]] = {
    "AmazonEKSClusterAdminPolicy": (EVERYTHING,),
    "AmazonEKSAdminViewPolicy": (_rule("*", ["*"], _READ),),
    "AmazonEKSSecretReaderPolicy": (_rule("", ["secrets"], _READ),),
    "AmazonEKSViewPolicy": _VIEW,
    "AmazonEKSEditPolicy": _EDIT,
    "AmazonEKSACKPolicy": (_rule("services.k8s.aws", _ALL, _ALL), _rule("", ["namespaces"], _READ)),
    "AmazonEKSArgoCDClusterPolicy": (
        _rule("", ["namespaces"], (*_READ, "create")),
        _rule("apiextensions.k8s.io", ["customresourcedefinitions"], _READ),
    ),
    "AmazonEKSArgoCDPolicy": (
        _rule("argoproj.io", _ALL, _ALL),
        _rule("", ["configmaps", "events", "secrets"], (*_READ, *_WRITE)),
    ),
    "AmazonEKSKROPolicy": (
        _rule("kro.run", _ALL, _ALL),
        _rule("apiextensions.k8s.io", ["customresourcedefinitions"], _ALL),
    ),
    "AmazonEKSAdminPolicy": (*_EDIT, _rule(API, ["roles", "rolebindings"], (*_READ, *_WRITE))),
}


def access_objects(entries: Iterable[AccessEntry]) -> Iterator[dict[str, Any]]:
    """The access policies of the entries as RBAC objects that say the same. ValueError: a pattern of namespaces."""
    entries = tuple(entries)
    for name in sorted({policy.name for entry in entries for policy in entry.policies}):
        yield {**_typed("ClusterRole"), "metadata": {"name": name}, "rules": list(ACCESS_POLICIES[name])}
    for entry in entries:
        for policy in entry.policies:
            # A name is part of a path, and so has no slash.
            metadata = {"name": f"{entry.principal.replace('/', ':')}-{policy.name}"}
            binding = {
                "roleRef": {"apiGroup": API, "kind": "ClusterRole", "name": policy.name},
                "subjects": [{"apiGroup": API, "kind": "User", "name": entry.principal}],
            }
            if not policy.namespaces:
                yield {**_typed("ClusterRoleBinding"), "metadata": metadata, **binding}
            for namespace in policy.namespaces:
                if "*" in namespace:
                    raise ValueError(namespace)
                yield {**_typed("RoleBinding"), "metadata": {**metadata, "namespace": namespace}, **binding}


def _typed(kind: str) -> dict[str, str]:
    return {"apiVersion": f"{API}/v1", "kind": kind}
