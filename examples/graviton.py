"""Graviton alone: managed groups of both systems, one with GPUs, nodes that join by themselves, and Karpenter's."""

from __future__ import annotations

from dataclasses import replace

from addons.accelerators import gpu
from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import ManagedNodes, SelfManagedNodes, Taint
from blueprint.node_pool import NodePool
from examples.managed import MANAGED
from examples.shared import PLATFORM

GRAVITON = replace(
    MANAGED,
    name="graviton",
    compute=(
        ManagedNodes("system", instance_types=("m8g.large", "m7g.large"), min=3, max=4),
        ManagedNodes("locked", instance_types=("c7g.xlarge",), ami_type="BOTTLEROCKET_ARM_64", capacity="SPOT"),
        ManagedNodes(
            "streaming",
            instance_types=("g5g.xlarge",),
            min=0,
            desired=0,
            labels={"nvidia.com/gpu.present": "true"},
            taints=(Taint("nvidia.com/gpu"),),
        ),
        SelfManagedNodes("own", instance_types=("m7g.large",), os="BOTTLEROCKET"),
    ),
    addons=(*CORE, *gpu(), Karpenter(node_pools=(NodePool(architectures=("arm64",)),))),
    teams=(PLATFORM,),
)
