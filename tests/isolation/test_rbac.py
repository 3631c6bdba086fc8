"""The evaluator of RBAC says what the API server would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from blueprint.access import AccessEntry, AccessPolicy
from tests.isolation.rbac import can, rules_for, service_account, user
from tools.kubernetes.access import access_objects

ANA = user("ana", "devs")
ROBOT = service_account("shop", "robot")


def role(*rules: Mapping[str, Any], namespace: str = "shop", name: str = "r") -> Mapping[str, Any]:
    return {"kind": "Role", "metadata": {"name": name, "namespace": namespace}, "rules": list(rules)}


def cluster_role(*rules: Mapping[str, Any], name: str = "r") -> Mapping[str, Any]:
    return {"kind": "ClusterRole", "metadata": {"name": name}, "rules": list(rules)}


def rule(groups: str = "", resources: str = "pods", verbs: str = "get", names: str = "") -> Mapping[str, Any]:
    made = {"apiGroups": groups.split(",") if groups else [""], "resources": resources.split(","), "verbs": [verbs]}
    return {**made, "resourceNames": names.split(",")} if names else made


DEVS = {"kind": "Group", "name": "devs"}


def bound(subject: Mapping[str, Any] = DEVS, namespace: str = "shop", kind: str = "Role") -> Mapping[str, Any]:
    reference = {"kind": kind, "name": "r"}
    return {
        "kind": "RoleBinding",
        "metadata": {"name": "b", "namespace": namespace},
        "roleRef": reference,
        "subjects": [subject],
    }


def bound_everywhere(subject: Mapping[str, Any] = DEVS, kind: str = "ClusterRole") -> Mapping[str, Any]:
    reference = {"kind": kind, "name": "r"}
    return {"kind": "ClusterRoleBinding", "metadata": {"name": "b"}, "roleRef": reference, "subjects": [subject]}


def asks(verb: str = "get", resource: str = "pods", **rest: str) -> dict[str, str]:
    return {"verb": verb, "resource": resource, "namespace": "shop", **rest}


GET_PODS = (role(rule()), bound())
ALLOWED = [
    pytest.param(GET_PODS, asks(), id="a role in its namespace"),
    pytest.param((role(rule(verbs="*")), bound()), asks("deletecollection"), id="any verb"),
    pytest.param((role(rule("*")), bound()), asks(group="example.com"), id="any group"),
    pytest.param((role(rule(resources="*")), bound()), asks("get", "pods", subresource="log"), id="* has subresources"),
    pytest.param((role(rule(resources="pods/log")), bound()), asks(subresource="log"), id="a subresource"),
    pytest.param((role(rule(resources="*/scale")), bound()), asks(subresource="scale"), id="a subresource of all"),
    pytest.param((role(rule(names="a,b")), bound()), asks(name="b"), id="a name"),
    pytest.param(
        (role(rule(resources="pods/exec", verbs="create", names="a")), bound()),
        asks("create", subresource="exec", name="a"),
        id="the path of a created subresource has the name",
    ),
    pytest.param((cluster_role(rule()), bound(kind="ClusterRole")), asks(), id="a cluster role in a namespace"),
    pytest.param((cluster_role(rule()), bound_everywhere()), asks(), id="bound everywhere: in a namespace"),
    pytest.param((cluster_role(rule()), bound_everywhere()), asks(namespace=""), id="bound everywhere: in all at once"),
    pytest.param((role(rule()), bound({"kind": "User", "name": "ana"})), asks(), id="a user"),
    pytest.param(
        (role(rule()), bound({"kind": "Group", "name": "system:authenticated"})), asks(), id="everybody has a group"
    ),
    pytest.param(
        (role(rule(resources="namespaces", verbs="patch")), bound()),
        {"verb": "patch", "resource": "namespaces", "name": "shop"},
        id="a namespace is in itself",
    ),
    pytest.param((role(rule("apps"), rule()), bound()), asks(), id="rules add up"),
    pytest.param((role(), bound(), cluster_role(rule()), bound_everywhere()), asks(), id="bindings add up"),
    pytest.param((), asks("create", "selfsubjectaccessreviews", group="authorization.k8s.io"), id="a question"),
]
REFUSED = [
    pytest.param((), asks(), id="nothing"),
    pytest.param(GET_PODS, asks(namespace="other"), id="a role in another namespace"),
    pytest.param(GET_PODS, asks(namespace=""), id="a role for all namespaces"),
    pytest.param(GET_PODS, asks("list"), id="get is not list"),
    pytest.param(GET_PODS, asks(group="metrics.k8s.io"), id="the core group is no wildcard"),
    pytest.param(GET_PODS, asks(subresource="log"), id="a resource has not its subresources"),
    pytest.param((role(rule(resources="pods/log")), bound()), asks(), id="a subresource has not its resource"),
    pytest.param((role(rule(resources="pods/*")), bound()), asks(subresource="exec"), id="pods/* is nothing"),
    pytest.param((role(rule(resources="*/*")), bound()), asks(subresource="exec"), id="*/* is nothing"),
    pytest.param((role(rule(resources="*/scale")), bound()), asks(subresource="xscale"), id="an end of a subresource"),
    pytest.param((role(rule(names="a")), bound()), asks(name="b"), id="another name"),
    pytest.param((role(rule(names="a")), bound()), asks(), id="a name is not all"),
    pytest.param((role(rule(names="*")), bound()), asks(name="a"), id="names know no wildcard"),
    pytest.param((role(rule(verbs="create", names="a")), bound()), asks("create", name="a"), id="create has no name"),
    pytest.param(
        (role(rule(verbs="deletecollection", names="a")), bound()), asks("deletecollection", name="a"), id="nor has all"
    ),
    pytest.param((role(rule(), namespace="other"), bound()), asks(), id="a role of another namespace"),
    pytest.param((role(rule()), bound(kind="ClusterRole")), asks(), id="a role is no cluster role"),
    pytest.param((bound(),), asks(), id="no such role"),
    pytest.param((role(rule()), bound_everywhere(kind="Role")), asks(), id="a role bound everywhere"),
    pytest.param((role(rule()), bound({"kind": "User", "name": "devs"})), asks(), id="a user named like a group"),
    pytest.param((role(rule()), bound({"kind": "Group", "name": "ana"})), asks(), id="a group named like a user"),
    pytest.param((role(rule()), bound({"kind": "User", "name": "*"})), asks(), id="subjects know no wildcard"),
    pytest.param((role(rule()), bound({"kind": "Group", "name": "system:unauthenticated"})), asks(), id="nobody"),
    pytest.param(
        (role(rule(resources="namespaces", verbs="*")), bound()),
        {"verb": "patch", "resource": "namespaces", "name": "other"},
        id="another namespace",
    ),
    pytest.param(
        (role(rule(resources="namespaces", verbs="*")), bound()), {"verb": "list", "resource": "namespaces"}, id="all"
    ),
]


@pytest.mark.parametrize(("objects", "request_"), ALLOWED)
def test_allowed(objects: Any, request_: Any) -> None:
    assert can(objects, ANA, **request_)


@pytest.mark.parametrize(("objects", "request_"), REFUSED)
def test_refused(objects: Any, request_: Any) -> None:
    assert not can(objects, ANA, **request_)


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ({"kind": "ServiceAccount", "name": "robot", "namespace": "shop"}, True),
        ({"kind": "ServiceAccount", "name": "robot"}, True),
        ({"kind": "ServiceAccount", "name": "robot", "namespace": "other"}, False),
        ({"kind": "User", "name": "system:serviceaccount:shop:robot"}, True),
        ({"kind": "Group", "name": "system:serviceaccounts:shop"}, True),
        ({"kind": "Group", "name": "system:serviceaccounts:other"}, False),
        ({"kind": "Group", "name": "system:serviceaccounts"}, True),
    ],
)
def test_service_accounts(subject: Mapping[str, Any], expected: bool) -> None:
    assert can((role(rule()), bound(subject)), ROBOT, "get", "pods", namespace="shop") is expected


def test_masters_may_everything() -> None:
    assert can((), user("root", "system:masters"), "delete", "nodes")


SECRETS = {"resource": "secrets", "namespace": "shop"}
POLICIES = [
    # policy, namespaces, request, allowed
    ("ClusterAdmin", (), {"verb": "impersonate", "resource": "users"}, True),
    ("ClusterAdmin", ("shop",), {"verb": "delete", **SECRETS}, True),
    ("ClusterAdmin", ("shop",), {"verb": "get", "resource": "nodes"}, False),
    ("AdminView", (), {"verb": "list", **SECRETS}, True),
    ("AdminView", (), {"verb": "list", "resource": "nodes"}, True),
    ("AdminView", (), {"verb": "delete", **SECRETS}, False),
    ("AdminView", (), {"verb": "get", "resource": "pods", "subresource": "exec", "namespace": "shop"}, True),
    ("AdminView", ("other",), {"verb": "list", **SECRETS}, False),
    ("View", ("shop",), {"verb": "get", "resource": "pods", "namespace": "shop"}, True),
    ("View", ("shop",), {"verb": "get", **SECRETS}, False),
    ("View", ("shop",), {"verb": "get", "resource": "pods", "namespace": "other"}, False),
    ("Edit", ("shop",), {"verb": "get", **SECRETS}, True),
    ("Edit", ("shop",), {"verb": "impersonate", "resource": "serviceaccounts", "namespace": "shop"}, True),
    ("Edit", ("shop",), {"verb": "patch", "resource": "resourcequotas", "namespace": "shop"}, False),
    ("Edit", ("shop",), {"verb": "patch", "resource": "namespaces", "name": "shop"}, False),
]


@pytest.mark.parametrize(("policy", "namespaces", "request_", "expected"), POLICIES)
def test_access_policies(policy: Any, namespaces: tuple[str, ...], request_: Any, expected: bool) -> None:
    entry = AccessEntry("ana", policies=(AccessPolicy(f"AmazonEKS{policy}Policy", namespaces),))  # type: ignore[arg-type]  # hostile on purpose
    objects = list(access_objects([entry]))
    assert can(objects, ANA, **request_) is expected
    assert rules_for(objects, user("another")) == rules_for((), ANA)


def test_edit_policy_opens_the_network_and_admin_policy_the_roles() -> None:
    for policy, group, resource in (
        ("AmazonEKSEditPolicy", "networking.k8s.io", "networkpolicies"),
        ("AmazonEKSAdminPolicy", "rbac.authorization.k8s.io", "rolebindings"),
    ):
        entry = AccessEntry("ana", policies=(AccessPolicy(policy, ("shop",)),))  # type: ignore[arg-type]  # hostile on purpose
        assert can(access_objects([entry]), ANA, "create", resource, group=group, namespace="shop")


def test_patterns_of_namespaces_are_not_guessed() -> None:
    with pytest.raises(ValueError, match="team-"):
        list(access_objects([AccessEntry("ana", policies=(AccessPolicy("AmazonEKSAdminViewPolicy", ("team-*",)),))]))
