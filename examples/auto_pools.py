"""Auto Mode without the pools of EKS: node classes and pools of one's own, and a team's pool on one of them."""

from __future__ import annotations

from dataclasses import replace

from addons.cert_manager import CertManager
from addons.core import CORE
from blueprint import AutoMode, AutoNodeClass, Role, Taint
from blueprint.node_pool import NodePool
from blueprint.node_requirement import NodeRequirement
from blueprint.teams import ApplicationTeam
from examples.managed import MANAGED
from examples.shared import KEY, PLATFORM

_FAMILIES = NodeRequirement("eks.amazonaws.com/instance-family", values=("c7g", "m7g", "r7g"))

AUTO_POOLS = replace(
    MANAGED,
    name="auto-pools",
    compute=(
        AutoMode(
            node_pools=(),
            logs=("compute", "ipam", "load-balancing", "block-storage"),
            own_node_pools=(
                NodePool("general", node_class="private", capacity=("ON_DEMAND", "SPOT"), architectures=("amd64",)),
                NodePool(
                    "reserved",
                    node_class="reserved",
                    architectures=("arm64",),
                    capacity=("RESERVED",),
                    requirements=(_FAMILIES,),
                    taints=(Taint("reserved"),),
                    weight=10,
                    expire_after_hours=240,
                ),
            ),
            node_classes=(
                AutoNodeClass(
                    "private",
                    disk_gib=120,
                    disk_iops=4_000,
                    disk_throughput_mib=250,
                    kms_key_arn=KEY,
                    security_groups=("sg-0a1b2c3d4e5f60718",),
                    pod_subnets=("subnet-0a1b2c3d4e5f60718", "subnet-0a1b2c3d4e5f60719"),
                    pod_security_groups=("sg-0a1b2c3d4e5f60719",),
                    network_policy="DefaultDeny",
                    network_policy_logs=True,
                    https_proxy="http://192.0.2.4:3128",
                    no_proxy=("localhost", "169.254.169.254", ".internal", ".eks.amazonaws.com"),
                    certificate_bundles={"proxy": "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="},
                ),
                AutoNodeClass(
                    "reserved",
                    capacity_reservations=("cr-0a1b2c3d4e5f60718",),
                    snat="Disabled",
                    single_addresses=True,
                    fips=True,
                    kernel_lockdown="integrity",
                ),
            ),
            kms_key_arn=KEY,
        ),
    ),
    addons=(*CORE, CertManager()),
    teams=(
        PLATFORM,
        ApplicationTeam("search", developers=(Role("Search"),), node_pool=NodePool(node_class="private", max_cpu=32)),
    ),
)
