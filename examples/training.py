"""Training on many nodes at once: GPUs and Elastic Fabric Adapters in a placement group, and nodes for MPI."""

from __future__ import annotations

from dataclasses import replace

from addons.accelerators import gpu
from addons.core import CORE
from blueprint import ManagedNodes, SelfManagedNodes, Taint
from blueprint.addons import HelmRelease
from examples.managed import MANAGED
from examples.shared import PLATFORM

TRAINING = replace(
    MANAGED,
    name="training",
    compute=(
        ManagedNodes("system", instance_types=("m7i.large",), min=3, max=4),
        ManagedNodes(
            "gpus",
            instance_types=("p5.48xlarge",),
            min=0,
            max=8,
            desired=0,
            zones=("a",),
            efa=True,
            placement_group="training",
            security_groups=("sg-0a1b2c3d4e5f60718",),
            labels={"nvidia.com/gpu.present": "true"},
            taints=(Taint("nvidia.com/gpu"),),
        ),
        SelfManagedNodes("mpi", instance_types=("c6i.32xlarge",), min=0, max=4, zones=("b",), efa=True),
    ),
    addons=(
        *CORE,
        *gpu(),
        HelmRelease(
            "efa",
            chart="aws-efa-k8s-device-plugin",
            repository="https://aws.github.io/eks-charts",
            version="v0.5.30",
            namespace="efa",
            pod_security="privileged",
            values={"tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists"}]},
        ),
    ),
    teams=(PLATFORM,),
)
