"""Quotas of EC2 instances, which count vCPUs: for each family of instance types one for on-demand and one for spot.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.compute import Capacity
from blueprint.planning.document import NodeGroup, Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import groups_of
from tools.doctor.checks.quotas import NAME, ServiceQuota, judged, limit
from tools.doctor.finding import Finding, unknown
from tools.doctor.lookups import instance_types, where

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef

# AWS documents the names of these quotas, not their codes; Zuul's list agrees with meadowrun's.
# https://opendev.org/zuul/zuul (zuul/driver/aws/const.py, INSTANCE_QUOTA_CODES),
# https://github.com/meadowdata/meadowrun (src/meadowrun/aws_integration/quotas.py)
_CODES: dict[str, dict[Capacity, str]] = {
    "standard": {"ON_DEMAND": "L-1216C47A", "SPOT": "L-34B43A08"},
    "dl": {"ON_DEMAND": "L-6E869C2A", "SPOT": "L-85EED4F7"},
    "f": {"ON_DEMAND": "L-74FC7D96", "SPOT": "L-88CF9481"},
    "g and vt": {"ON_DEMAND": "L-DB2E81BA", "SPOT": "L-3819A6DF"},
    "high memory": {"ON_DEMAND": "L-43DA4232"},
    "hpc": {"ON_DEMAND": "L-F7808C92"},
    "inf": {"ON_DEMAND": "L-1945791B", "SPOT": "L-B5D1601B"},
    "p": {"ON_DEMAND": "L-417A185B", "SPOT": "L-7212CCBC"},
    "trn": {"ON_DEMAND": "L-2C3B7624", "SPOT": "L-6B0D517C"},
    "x": {"ON_DEMAND": "L-7295265B", "SPOT": "L-E3A00192"},
}
_FAMILIES = {"vt": "g and vt", "g": "g and vt", "u": "high memory", **dict.fromkeys("acdhimrtz", "standard")}


_Vcpus = Counter[tuple[str, Capacity]]
"""By family and capacity."""


def family(instance_type: str) -> str:
    """Whose quota an instance type counts for; empty for Macs, which run on dedicated hosts."""
    longer = re.match(r"inf|trn|dl|hpc|vt|mac", instance_type)
    name = longer[0] if longer else instance_type[:1]
    name = _FAMILIES.get(name, name)
    return name if name in _CODES else ""


def vcpus(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """The vCPUs of the groups of nodes, beside those that already run in the account."""
    groups = groups_of(plan)
    if not groups:
        return
    running = list(_running(plan, aws))
    names = {name for group in groups for name in group.instance_types}
    known = instance_types([*names, *(instance["InstanceType"] for instance in running)], aws)
    sizes = {name: info["VCpuInfo"]["DefaultVCpus"] for name, info in known.items()}
    used = _Vcpus()
    for instance in running:
        capacity: Capacity = "SPOT" if instance.get("InstanceLifecycle") == "spot" else "ON_DEMAND"
        used[family(instance["InstanceType"]), capacity] += sizes.get(instance["InstanceType"], 0)
    least, most = _Vcpus(), _Vcpus()
    for group in groups:
        few, many = _wanted(group, sizes)
        least += few
        most += many
    for name, capacity in sorted(most):
        kind = "spot" if capacity == "SPOT" else "on-demand"
        code = _CODES[name].get(capacity)
        if code:
            quota = ServiceQuota(f"vCPUs of {kind} {name} instances", "ec2", code)
            yield judged(quota, limit(quota, aws), used[name, capacity], least[name, capacity], most[name, capacity])
        else:
            why, fix = "no quota is known for these", "look at Service Quotas"
            yield unknown(NAME, f"vCPUs of {kind} {name} instances", why, fix)


def _wanted(group: NodeGroup, sizes: dict[str, int]) -> tuple[_Vcpus, _Vcpus]:
    """At least: min nodes of the smallest type; at most: max nodes of the largest. Of each family in the group."""
    least, most = _Vcpus(), _Vcpus()
    known = [name for name in group.instance_types if name in sizes and family(name)]
    if not known:
        return least, most
    by_family: dict[str, list[int]] = {}
    for name in known:
        by_family.setdefault(family(name), []).append(sizes[name])
    for name, found in by_family.items():
        # A group of several families can come up without any one of them.
        least[name, group.capacity] = group.min * min(found) if len(by_family) == 1 else 0
        most[name, group.capacity] = group.max * max(found)
    return least, most


def _running(plan: Plan, aws: Aws) -> Iterator[InstanceTypeDef]:
    """Instances that count, without the nodes of this blueprint's own groups.

    Those are tagged by their Auto Scaling group; what Karpenter and Auto Mode launched stays beside them.
    """
    pages = aws.ec2.get_paginator("describe_instances").paginate(
        Filters=where("instance-state-name", "pending", "running")
    )
    for instance in (one for page in pages for each in page["Reservations"] for one in each.get("Instances", [])):
        tags = {tag.get("Key") for tag in instance.get("Tags", [])}
        own = {f"kubernetes.io/cluster/{plan.facts.name}", "aws:autoscaling:groupName"} <= tags
        if not own and instance.get("Placement", {}).get("Tenancy") != "host":
            yield instance
