"""Pods in a range of their own: nodes take few addresses of the company's network, pods many of one that is not routed.

For networks in which routable addresses are scarce. Each zone has a subnet of 100.64.0.0/10 for pods, what leaves the
VPC has the address of its node, and nodes take prefixes of 16 addresses, so that they have as many pods as elsewhere.
"""

from __future__ import annotations

from dataclasses import replace

from addons.core import core
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import ExistingNetwork, ExistingSubnet, ManagedNodes, SelfManagedNodes
from examples.managed import MANAGED

POD_RANGES = replace(
    MANAGED,
    name="pod-ranges",
    network=ExistingNetwork(
        vpc_id="vpc-0d3a7b1c5e9f48260",
        cidrs=("10.0.0.0/22", "100.64.0.0/16"),
        nodes=(
            ExistingSubnet("subnet-0c1b3a5978d6e4f20", "a", "10.0.0.0/24"),
            ExistingSubnet("subnet-0d2c4b6a89e7f5031", "b", "10.0.1.0/24"),
        ),
        pods=(
            ExistingSubnet("subnet-0e3d5c7b9af806142", "a", "100.64.0.0/17"),
            ExistingSubnet("subnet-0f4e6d8cab0917253", "b", "100.64.128.0/17"),
        ),
    ),
    compute=(
        ManagedNodes("system", instance_types=("m7g.large",)),
        SelfManagedNodes("general", instance_types=("m7g.large",), min=1, max=3),
        SelfManagedNodes("hardened", instance_types=("m7g.medium",), os="BOTTLEROCKET", min=1, max=3),
    ),
    addons=(*core(VpcCni(prefix_delegation=True)), Karpenter()),
    teams=(),
)
