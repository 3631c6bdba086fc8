"""Hybrid nodes: their roles, and what the report refuses.

https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-create.html and hybrid-nodes-creds.html
"""

from __future__ import annotations

from typing import Any

import pytest

from blueprint import Blueprint, HybridNodes, PrivateEndpoint, PublicEndpoint, plan
from blueprint.addons import HelmRelease
from blueprint.planning.document import RemoteNodes
from examples.hybrid import HYBRID
from examples.ipv6 import IPV6
from tests.blueprint.examples import SMALL, TABLE, assert_reported, changed, mistake, part, with_cluster

SITE = HybridNodes("site", node_ranges=("10.80.0.0/16",), pod_network="elsewhere")
PLACE = "compute[1]"
ANCHOR = "arn:aws:rolesanywhere:us-west-2:111111111111:trust-anchor/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"


def hybrid(base: Blueprint = SMALL, **fields: Any) -> Blueprint:
    return changed(base, compute=(*base.compute, changed(SITE, **fields)))


def two(**fields: Any) -> Blueprint:
    return changed(SMALL, compute=(*SMALL.compute, SITE, changed(SITE, **{"name": "other", **fields})))


PUBLIC = with_cluster(endpoint=PublicEndpoint(allow=("203.0.113.0/24",)))
CALICO = HelmRelease(
    "calico",
    chart="tigera-operator",
    repository="https://docs.tigera.io/calico/charts",
    version="3.31.0",
    namespace="tigera-operator",
)
MISTAKES = [
    mistake("no range", hybrid(node_ranges=()), f"{PLACE}.node_ranges", "not be empty", "at least one"),
    mistake("public", hybrid(node_ranges=("203.0.113.0/24",)), f"{PLACE}.node_ranges[0]", "RFC 1918", "10.80.0.0/16"),
    mistake("carriers", hybrid(pod_ranges=("100.64.0.0/16",)), f"{PLACE}.pod_ranges[0]", "RFC 1918", "10.80.0.0/16"),
    mistake(
        "the VPC",
        hybrid(node_ranges=("10.0.128.0/20",)),
        f"{PLACE}.node_ranges[0]",
        "10.0.0.0/16 of the VPC",
        "its own",
    ),
    mistake(
        "around the VPC",
        hybrid(pod_ranges=("10.0.0.0/8",), node_ranges=("192.168.0.0/16",)),
        f"{PLACE}.pod_ranges[0]",
        "10.0.0.0/16 of the VPC",
        "its own",
    ),
    mistake(
        "Services", hybrid(pod_ranges=("172.20.1.0/24",)), f"{PLACE}.pod_ranges[0]", "172.20.0.0/16 of Services", "own"
    ),
    mistake(
        "each other", hybrid(pod_ranges=("10.80.1.0/24",)), f"{PLACE}.pod_ranges[0]", "overlaps 10.80.0.0/16", "own"
    ),
    mistake("another site", two(), "compute[2].node_ranges[0]", "of the hybrid nodes site", "its own"),
    mistake("a name twice", two(name="site", node_ranges=("10.81.0.0/16",)), "compute[2].name", "duplicate", "rename"),
    mistake(
        "16 ranges",
        hybrid(node_ranges=tuple(f"10.{80 + place}.0.0/16" for place in range(16))),
        f"{PLACE}.node_ranges",
        "at most 15",
        "15 or fewer",
    ),
    mistake("a public API", hybrid(PUBLIC), "cluster.endpoint", "public addresses", "PrivateEndpoint()"),
    mistake(
        "IPv6",
        hybrid(changed(IPV6, cluster=changed(IPV6.cluster, endpoint=PrivateEndpoint()))),
        "cluster.ip_family",
        "IPv4 alone",
        "ip_family",
    ),
    mistake(
        "nothing else",
        changed(SMALL, compute=(SITE,), addons=()),
        "compute[0]",
        "wait in it for nodes",
        "ManagedNodes(",
    ),
    mistake("no network", hybrid(pod_network="add-on"), f"{PLACE}.pod_network", "never become ready", "cilium"),
    mistake(
        "no trust anchor",
        hybrid(trust_anchor_arn=ANCHOR.replace("trust-anchor", "profile")),
        f"{PLACE}.trust_anchor_arn",
        "ARN of a trust anchor",
        "list-trust-anchors",
    ),
    mistake(
        "elsewhere",
        hybrid(trust_anchor_arn=ANCHOR.replace("us-west-2", "eu-west-1")),
        f"{PLACE}.trust_anchor_arn",
        "us-west-2 of 111111111111",
        "one of there",
    ),
    mistake(
        "of others",
        hybrid(trust_anchor_arn=ANCHOR.replace("111111111111", "222222222222")),
        f"{PLACE}.trust_anchor_arn",
        "us-west-2 of 111111111111",
        "one of there",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def sites() -> dict[str, RemoteNodes]:
    return {each.name: each for each in plan(HYBRID).control_plane.hybrid}


def test_either_network_that_aws_supports_will_do() -> None:
    with_calico = changed(hybrid(pod_network="add-on"), addons=(*SMALL.addons, CALICO))
    assert [each.name for each in plan(with_calico).control_plane.hybrid] == ["site"]


def test_each_site_has_a_role_and_an_entry() -> None:
    assert {name: (each.access.kind, each.access.principal) for name, each in sites().items()} == {
        name: ("HYBRID_LINUX", f"${{blueprint:role-arn:{name}}}") for name in ("factory", "laboratory")
    }


def test_activations() -> None:
    """hybrid-nodes-creds.adoc: the trust of AWS Systems Manager, and what the role needs."""
    role = sites()["factory"].role
    assert (role.service, role.actions, role.also) == ("ssm.amazonaws.com", ("sts:AssumeRole",), ())
    assert role.conditions == {
        "StringEquals": {"aws:SourceAccount": "111111111111"},
        "ArnEquals": {"aws:SourceArn": "arn:${blueprint:partition}:ssm:us-west-2:111111111111:*"},
    }
    assert role.managed_policies == ("AmazonEC2ContainerRegistryPullOnly", "AmazonSSMManagedInstanceCore")
    cluster = "arn:${blueprint:partition}:eks:us-west-2:111111111111:cluster/hybrid"
    said = {action: each for each in role.statements for action in each.actions}
    assert said["eks:DescribeCluster"].resources == said["eks-auth:AssumeRoleForPodIdentity"].resources == (cluster,)
    assert said["ssm:DeregisterManagedInstance"].conditions == {
        "StringEquals": {"aws:ResourceTag/EKSClusterARN": cluster}
    }
    assert {said[name].effect for name in ("ssm:GetParameter", "ssm:GetParameters")} == {"Deny"}


def test_certificates() -> None:
    """hybrid-nodes-creds.adoc: the trust of IAM Roles Anywhere, whose conditions differ by action."""
    role = sites()["laboratory"].role
    of_anchor = {"ArnEquals": {"aws:SourceArn": ANCHOR.replace("arn:aws:", "arn:${blueprint:partition}:")}}
    own_name = {"StringEquals": {"sts:RoleSessionName": "${aws:PrincipalTag/x509Subject/CN}"}}
    assert (role.service, role.actions) == ("rolesanywhere.amazonaws.com", ("sts:AssumeRole",))
    assert role.conditions == {**own_name, **of_anchor}
    assert [(each.actions, each.conditions) for each in role.also] == [
        (("sts:TagSession", "sts:SetSourceIdentity"), of_anchor)
    ]
    assert role.managed_policies == ("AmazonEC2ContainerRegistryPullOnly",)


def test_pods_there_get_credentials() -> None:
    """hybrid-nodes-add-ons.adoc: {"daemonsets":{"hybrid":{"create": true}}}"""
    (agent,) = part(plan(HYBRID), "eks-pod-identity-agent").managed_addons
    assert agent.configuration == {"daemonsets": {"hybrid": {"create": True}}}
    (agent,) = part(plan(SMALL), "eks-pod-identity-agent").managed_addons
    assert agent.configuration == {}
