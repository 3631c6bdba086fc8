"""What the CNI may do in an IPv6 cluster, and what it cannot be told there."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.addons import ClusterFacts, Statement, Values
from blueprint.errors import Key, Problem
from blueprint.workload import first

# With the family of the cluster EKS sets these: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
_OF_EKS = (
    *("AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG", "ENABLE_IPv4", "ENABLE_IPv6", "ENABLE_POD_ENI", "ENABLE_PREFIX_DELEGATION"),
    *("ENABLE_V4_EGRESS", "ENABLE_V6_EGRESS"),
)


def problems(facts: ClusterFacts, configuration: Values, ipv4_egress: bool | None) -> Iterator[Problem]:
    """Paths are from the add-on."""
    if facts.ip_family == "ipv4":
        if ipv4_egress is not None:
            rule = "pods of an IPv4 cluster have no other addresses"
            yield Problem(("ipv4_egress",), ipv4_egress, rule, "leave it out")
        return
    for name in _OF_EKS:
        if (given := first(configuration, (f"env.{name}",))) is not None:
            rule = "EKS sets it for IPv6, in which the CNI knows prefixes alone and no custom networking"
            fix = "write the field ipv4_egress" if name == "ENABLE_V4_EGRESS" else "leave it out"
            yield Problem(("configuration", Key("env"), Key(name)), given, rule, fix)


def permissions(facts: ClusterFacts) -> Iterator[Statement]:
    """Those of amazon-vpc-cni-k8s v1.22.4 docs/iam-policy.md (IPv6 mode), for which AWS has no policy of its own."""
    describe = ("Instances", "InstanceTypes", "NetworkInterfaces", "SecurityGroups", "Subnets", "Tags")
    why = "Describe calls take no resource"
    yield Statement(tuple(f"ec2:Describe{what}" for what in describe), ("*",), reason=why)
    why = "network interfaces carry no tag of the cluster before the CNI has been there"
    interfaces = (facts.arn("ec2", "network-interface/*"),)
    yield Statement(("ec2:AssignIpv6Addresses", "ec2:CreateTags"), interfaces, reason=why)
