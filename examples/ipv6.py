"""Pods and Services with IPv6 addresses: a network that never runs out of them, for the life of the cluster.

For platforms with more pods than private addresses. Nodes have both families, pods reach IPv4 addresses by those of
their node, and load balancers answer both. docs/ipv6.md tells what differs.
"""

from __future__ import annotations

from dataclasses import replace

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import core
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import Cluster, ManagedNodes, NewNetwork, Role, SelfManagedNodes
from blueprint.teams import ApplicationTeam, FromLoadBalancer, ToInternet, ToRange
from examples.managed import MANAGED
from examples.shared import PLATFORM

IPV6 = replace(
    MANAGED,
    name="ipv6",
    network=NewNetwork(cidr="10.0.0.0/20", zones=("a", "b"), nat="one", ipv6=True),
    cluster=Cluster(version="1.36", admins=(Role("BreakGlass"),), ip_family="ipv6"),
    compute=(
        ManagedNodes("system", instance_types=("m7g.large",)),
        SelfManagedNodes("general", instance_types=("m7g.large",), min=1, max=3),
        SelfManagedNodes("hardened", instance_types=("m7g.large",), os="BOTTLEROCKET", min=1, max=3),
    ),
    addons=(*core(VpcCni(ipv4_egress=True)), AwsLoadBalancerController(), Karpenter()),
    teams=(
        PLATFORM,
        ApplicationTeam(
            "shop",
            developers=(Role("ShopDeveloper"),),
            network=(
                FromLoadBalancer(ports=(8080,)),
                ToInternet(),
                ToRange("2001:db8:1200::/56", ports=(5432,)),
            ),
        ),
    ),
)
