"""Who tells Kubernetes of GPUs and Neuron chips.

https://docs.aws.amazon.com/eks/latest/userguide/ml-eks-k8s-device-plugin.html (considerations): Amazon Linux with GPUs
of NVIDIA needs the plugin, Bottlerocket has it, as has Auto Mode; Neuron needs its own with both.
"""

from __future__ import annotations

from typing import Any

import pytest

from addons.accelerators import gpu
from addons.core import CORE
from addons.karpenter import Karpenter
from addons.karpenter.node_class import NodeClass
from addons.nvidia_dra_driver import NvidiaDraDriver
from blueprint import Blueprint, ManagedNodes, SelfManagedNodes, plan
from blueprint.addons import Addon, HelmRelease
from blueprint.node_pool import NodePool
from tests.blueprint.examples import SMALL, TEAM, assert_reported, changed

PRESENT = {"nvidia.com/gpu.present": "true"}


def by_value(chart: str) -> HelmRelease:
    return HelmRelease("x", chart=chart, repository="https://charts.example.com", version="1.0.0", namespace="x")


def having(*addons: Addon, kind: type[ManagedNodes | SelfManagedNodes] = ManagedNodes, **fields: Any) -> Blueprint:
    nodes = kind("gpu", **{"instance_types": ("g6.xlarge",), **fields})
    return changed(SMALL, compute=(*SMALL.compute, nodes), addons=(*CORE, *addons))


def launching(*addons: Addon, os: str = "AL2023", **fields: Any) -> Blueprint:
    pool = NodePool(**{"categories": ("g", "p"), "architectures": ("amd64",), **fields})
    karpenter = Karpenter(node_pools=(pool,), node_classes=(NodeClass(os=os),))  # type: ignore[arg-type]  # one of two
    return changed(SMALL, addons=(*CORE, *addons, karpenter))


@pytest.mark.parametrize(
    "blueprint",
    [
        having(*gpu(), labels=PRESENT),
        having(by_value("gpu-operator")),
        having(by_value("nvidia-dra-driver-gpu")),
        having(by_value("dra-driver-nvidia-gpu")),
        having(NvidiaDraDriver(), labels=PRESENT),
        having(NvidiaDraDriver(), ami_type="BOTTLEROCKET_x86_64_NVIDIA"),
        having(device_plugin="elsewhere"),
        having(ami_type="BOTTLEROCKET_x86_64_NVIDIA"),
        having(kind=SelfManagedNodes, os="BOTTLEROCKET"),
        having(by_value("aws-efa-k8s-device-plugin"), instance_types=("c6i.32xlarge",), efa=True, zones=("a",)),
        having(by_value("aws-dranet"), instance_types=("c6i.32xlarge",), efa=True, zones=("a",)),
        having(instance_types=("c6i.32xlarge",), efa=True, zones=("a",), device_plugin="elsewhere"),
        having(by_value("neuron-helm-chart"), instance_types=("inf2.xlarge",)),
        having(instance_types=("m7i.large",)),
        launching(*gpu(), labels=PRESENT),
        launching(os="BOTTLEROCKET"),
        launching(device_plugin="elsewhere"),
    ],
)
def test_what_works(blueprint: Blueprint) -> None:
    assert plan(blueprint).facts.name == SMALL.name


@pytest.mark.parametrize(
    ("blueprint", "place", "rule", "fix"),
    [
        (having(), "compute[1].instance_types", "nobody tells Kubernetes of the GPUs", "add *gpu()"),
        (having(kind=SelfManagedNodes), "compute[1].instance_types", "of the GPUs", 'device_plugin="elsewhere"'),
        (having(image="/images/gpu"), "compute[1].instance_types", "of the GPUs", "add *gpu()"),
        (having(NvidiaDraDriver()), "compute[1].labels", "nvidia-dra-driver runs on nodes with", '"true"'),
        (
            having(NvidiaDraDriver(), ami_type="BOTTLEROCKET_x86_64_NVIDIA", labels=PRESENT),
            "compute[1].labels['nvidia.com/gpu.present']",
            "nvidia-dra-driver would run there too",
            "leave the label out",
        ),
        (having(*gpu()), "compute[1].labels", "nvidia.com/gpu.present only", '{"nvidia.com/gpu.present": "true"}'),
        (
            having(*gpu(), ami_type="BOTTLEROCKET_x86_64_NVIDIA", labels=PRESENT),
            "compute[1].labels['nvidia.com/gpu.present']",
            "Bottlerocket has a plugin of its own",
            "leave the label out",
        ),
        (having(*gpu(), instance_types=("inf2.xlarge",)), "compute[1].instance_types", "Neuron", "neuron-helm-chart"),
        (
            having(instance_types=("trn1.2xlarge",), ami_type="BOTTLEROCKET_x86_64"),
            "compute[1].instance_types",
            "Neuron",
            "neuron-helm-chart",
        ),
        (
            having(instance_types=("m7i.large",), device_plugin="elsewhere"),
            "compute[1].device_plugin",
            "neither",
            "out",
        ),
        (launching(*gpu()), "addons[8].node_pools[0].labels", "only", "nvidia.com/gpu.present"),
        (
            changed(
                launching(categories=("m",)),
                teams=(changed(TEAM, node_pool=NodePool(categories=("inf",), architectures=("amd64",))),),
            ),
            "teams[0].node_pool.categories",
            "Neuron",
            "neuron-helm-chart",
        ),
    ],
)
def test_what_does_not(blueprint: Blueprint, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)
