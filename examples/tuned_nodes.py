"""Nodes with all that EKS and EC2 let one choose: disks, zones, reservations, warm pools, repairs, their system."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint import CpuOptions, ManagedNodes, NodeRepair, RepairOverride, SelfManagedNodes, WarmPool
from examples.managed import MANAGED
from examples.shared import KEY, PLATFORM

TUNED_NODES = replace(
    MANAGED,
    name="tuned-nodes",
    compute=(
        ManagedNodes(
            "system",
            instance_types=("m7g.large",),
            disk_gib=100,
            disk_iops=6_000,
            disk_throughput_mib=500,
            kms_key_arn=KEY,
            monitoring=True,
            max_unavailable=1,
            update_strategy="MINIMAL",
            kubelet={"imageGCHighThresholdPercent": 70, "imageGCLowThresholdPercent": 50},
            script="#!/bin/bash\nsysctl -w vm.max_map_count=262144\n",
            warm_pool=WarmPool(min=1, max_prepared=4, reuse=True),
            node_repair=NodeRepair(
                parallel_percent=10,
                stop_above_percent=20,
                overrides=(RepairOverride("NetworkingReady", "InterfaceNotUp", "Reboot", wait_minutes=10),),
            ),
        ),
        ManagedNodes(
            "caches",
            instance_types=("i4i.xlarge",),
            instance_store="RAID0",
            zones=("a",),
            placement_group="caches",
            capacity_reservation="cr-0a1b2c3d4e5f60718",
            security_groups=("sg-0a1b2c3d4e5f60718",),
            warm_pool="off",
            node_repair=NodeRepair(parallel=1, stop_above=3),
        ),
        ManagedNodes(
            "training",
            instance_types=("p5.48xlarge",),
            min=0,
            zones=("b",),
            capacity_block=True,
            capacity_reservation="cr-0a1b2c3d4e5f60719",
            desired=0,
            device_plugin="elsewhere",
        ),
        ManagedNodes(
            "locked",
            instance_types=("m7i.large",),
            ami_type="BOTTLEROCKET_x86_64",
            bottlerocket={"kernel": {"lockdown": "integrity"}, "kubernetes": {"image-gc-high-threshold-percent": "70"}},
        ),
        ManagedNodes(
            "licensed",
            instance_types=("m7i.xlarge",),
            tenancy="dedicated",
            enclaves=True,
            cpu=CpuOptions(cores=1, threads_per_core=1),
            placement_group="parts",
            partition=2,
            capacity_reservation="arn:aws:resource-groups:us-west-2:111111111111:group/licensed",
            licenses=(
                "arn:aws:license-manager:us-west-2:111111111111:license-configuration:lic-0123456789abcdef0123456789abcdef",
            ),
        ),
        ManagedNodes(
            "sealed",
            instance_types=("m6a.large", "r6a.large"),
            cpu=CpuOptions(sev_snp=True),
            capacity_reservation="none",
        ),
        ManagedNodes("machines", instance_types=("m8i.xlarge",), cpu=CpuOptions(nested_virtualization=True)),
        SelfManagedNodes(
            "own",
            instance_types=("m7g.large",),
            kubelet={"podPidsLimit": 4_096},
            session_manager=True,
            security_groups=("sg-0a1b2c3d4e5f60718",),
            zones=("b",),
        ),
    ),
    addons=CORE,
    teams=(PLATFORM,),
)
