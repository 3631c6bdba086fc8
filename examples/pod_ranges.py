"""Pods in a range of their own: nodes take few addresses of the company's network, pods many of one that is not routed.

For networks in which routable addresses are scarce. Each zone has a subnet of 100.64.0.0/10 for pods, what leaves the
VPC has the address of its node, and nodes take prefixes of 16 addresses, so that they have as many pods as elsewhere.
Zones have ids: whoever hands out the company's ranges gives each zone some, and letters differ by account. The way to
the internet, as to the company's networks, is its transit gateway. docs/ways-out.md tells more.
"""

from __future__ import annotations

from dataclasses import replace

from addons.core import core
from addons.karpenter import Karpenter
from addons.vpc_cni import VpcCni
from blueprint import ManagedNodes, NewNetwork, Route, SelfManagedNodes, TransitGateway
from examples.managed import MANAGED

POD_RANGES = replace(
    MANAGED,
    name="pod-ranges",
    network=NewNetwork(
        cidr="10.0.0.0/22",
        pod_cidr="100.64.0.0/16",
        zones=("usw2-az1", "usw2-az2"),
        nat="none",
        routes=(Route("0.0.0.0/0", via=TransitGateway("tgw-0a1b2c3d4e5f60718")),),
    ),
    compute=(
        ManagedNodes("system", instance_types=("m7g.large",)),
        SelfManagedNodes("general", instance_types=("m7g.large",), min=1, max=3),
        SelfManagedNodes("hardened", instance_types=("m7g.large",), os="BOTTLEROCKET", min=1, max=3),
    ),
    addons=(*core(VpcCni(prefix_delegation=True)), Karpenter()),
    teams=(),
)
