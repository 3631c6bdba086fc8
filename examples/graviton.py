"""Graviton alone: managed groups of both systems, nodes that join by themselves, and Karpenter's."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import ManagedNodes, SelfManagedNodes
from blueprint.node_pool import NodePool
from examples.managed import MANAGED
from examples.shared import PLATFORM

GRAVITON = replace(
    MANAGED,
    name="graviton",
    compute=(
        ManagedNodes("system", instance_types=("m8g.large", "m7g.large"), min=3, max=4),
        ManagedNodes("locked", instance_types=("c7g.xlarge",), ami_type="BOTTLEROCKET_ARM_64", capacity="SPOT"),
        SelfManagedNodes("own", instance_types=("m7g.large",), os="BOTTLEROCKET"),
    ),
    addons=(*CORE, Karpenter(node_pools=(NodePool(architectures=("arm64",)),))),
    teams=(PLATFORM,),
)
