"""Karpenter with all that its pools and classes have: several of each, reservations, budgets, kubelets, own images."""

from __future__ import annotations

from dataclasses import replace

from addons.accelerators import gpu
from addons.core import CORE
from addons.karpenter import Karpenter
from addons.karpenter.connections import ConnectionTracking
from addons.karpenter.kubelet import Kubelet
from addons.karpenter.node_class import NodeClass
from blueprint import ManagedNodes, Taint
from blueprint.disruption import DisruptionBudget
from blueprint.node_pool import NodePool
from blueprint.node_requirement import NodeRequirement
from examples.managed import MANAGED
from examples.shared import KEY, PLATFORM

_LOCAL_DISKS = NodeRequirement("karpenter.k8s.aws/instance-local-nvme", "Gt", ("100",))
_FAMILIES = NodeRequirement("karpenter.k8s.aws/instance-family", values=("c7g", "c8g", "m7g", "m8g"), min_values=3)

KARPENTER = replace(
    MANAGED,
    name="karpenter",
    compute=(ManagedNodes("system", instance_types=("m7g.large",), min=3, max=4),),
    addons=(
        *CORE,
        *gpu(),
        Karpenter(
            node_pools=(
                NodePool(
                    capacity=("ON_DEMAND", "SPOT"),
                    requirements=(_FAMILIES, NodeRequirement("topology.kubernetes.io/zone", "NotIn", ("us-west-2d",))),
                    startup_taints=(Taint("example.com/agent", "not-ready", effect="NO_EXECUTE"),),
                    budgets=(
                        DisruptionBudget(nodes="20%"),
                        DisruptionBudget(nodes="0", schedule="0 8 * * mon-fri", duration="10h", reasons=("Drifted",)),
                    ),
                    max_nodes=40,
                    weight=50,
                ),
                NodePool(
                    "batch",
                    node_class="local-disks",
                    architectures=("amd64",),
                    categories=("i", "m"),
                    requirements=(_LOCAL_DISKS,),
                    taints=(Taint("batch"),),
                    labels={"example.com/purpose": "batch"},
                    consolidation_policy="WhenEmpty",
                    consolidate_after="30s",
                    expire_after_hours=168,
                    drain_hours=1,
                ),
                NodePool(
                    "training",
                    node_class="training",
                    architectures=("amd64",),
                    categories=("p",),
                    capacity=("RESERVED",),
                    limits={"nvidia.com/gpu": 16},
                    labels={"nvidia.com/gpu.present": "true"},
                    taints=(Taint("nvidia.com/gpu"),),
                ),
                NodePool("spare", static_nodes=1, max_nodes=2, taints=(Taint("spare"),)),
            ),
            node_classes=(
                NodeClass(
                    kubelet=Kubelet(
                        max_pods=60,
                        pods_per_core=20,
                        kube_reserved={"cpu": "100m", "memory": "500Mi"},
                        system_reserved={"memory": "200Mi"},
                        eviction_hard={"memory.available": "5%"},
                        eviction_soft={"memory.available": "500Mi"},
                        eviction_soft_grace={"memory.available": "1m30s"},
                        eviction_max_grace_seconds=60,
                        image_gc_high_percent=70,
                        image_gc_low_percent=50,
                        cpu_cfs_quota=True,
                    ),
                    script="#!/bin/bash\nsysctl -w vm.max_map_count=262144\n",
                ),
                NodeClass(
                    "local-disks",
                    os="BOTTLEROCKET",
                    image="ami-0a1b2c3d4e5f60718",
                    instance_store=True,
                    bottlerocket={"kernel": {"lockdown": "integrity"}},
                    security_groups=("sg-0a1b2c3d4e5f60718",),
                    monitoring=True,
                    nested_virtualization=True,
                ),
                NodeClass(
                    "training",
                    image="/images/training",
                    disk_gib=500,
                    disk_iops=6_000,
                    disk_throughput_mib=1_000,
                    kms_key_arn=KEY,
                    capacity_reservations=("cr-0a1b2c3d4e5f60718",),
                    placement_group="training",
                    security_groups=("sg-0a1b2c3d4e5f60719",),
                    efa_cards=4,
                    connections=ConnectionTracking(tcp_established=3_600, udp_stream=120, udp=60),
                ),
            ),
        ),
    ),
    teams=(PLATFORM,),
)
