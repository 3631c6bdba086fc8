"""GPUs: Amazon Linux with the plugin as an add-on, Bottlerocket with its own, and images of one's own."""

from __future__ import annotations

from dataclasses import replace

from addons.accelerators import gpu
from addons.core import CORE
from blueprint import ManagedNodes, SelfManagedNodes, Taint
from examples.managed import MANAGED
from examples.shared import PLATFORM

_WITH_PLUGIN = {"nvidia.com/gpu.present": "true"}
_GPUS = (Taint("nvidia.com/gpu"),)

GPU_INFERENCE = replace(
    MANAGED,
    name="gpu-inference",
    compute=(
        ManagedNodes("system", instance_types=("m7i.large",), min=3, max=4),
        ManagedNodes(
            "inference",
            instance_types=("g6.xlarge", "g5.xlarge"),
            labels=_WITH_PLUGIN,
            taints=_GPUS,
            disk_gib=200,
        ),
        ManagedNodes(
            "batch",
            instance_types=("g6.xlarge",),
            ami_type="BOTTLEROCKET_x86_64_NVIDIA",
            taints=_GPUS,
            min=0,
            desired=0,
        ),
        ManagedNodes(
            "golden", instance_types=("g6.xlarge",), image="ami-0a1b2c3d4e5f60718", labels=_WITH_PLUGIN, taints=_GPUS
        ),
        ManagedNodes(
            "golden-bottlerocket",
            instance_types=("g6.xlarge",),
            image="ami-0a1b2c3d4e5f60719",
            os="BOTTLEROCKET",
            taints=_GPUS,
        ),
        SelfManagedNodes(
            "own", instance_types=("g6.xlarge",), image="/images/al2023", labels=_WITH_PLUGIN, taints=_GPUS
        ),
    ),
    addons=(*CORE, *gpu(pods_per_gpu=2)),
    teams=(PLATFORM,),
)
