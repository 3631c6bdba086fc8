"""Quotas of EC2 instances, which count vCPUs: for each family of instance types one for on-demand and one for spot.

https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-instance-quotas.html
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from blueprint.compute import Capacity
from blueprint.kubernetes import Manifest
from blueprint.planning.document import NodeGroup, Plan
from blueprint.quantity import amount
from tools.doctor.aws import Aws
from tools.doctor.checks.capacity import groups_of
from tools.doctor.checks.quotas import NAME, judged, limit
from tools.doctor.finding import Finding, unchecked, unknown
from tools.doctor.lookups import instance_types, where
from tools.quotas import QUOTAS

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import InstanceTypeDef

_NAMED = "standard", "dl", "f", "g and vt", "high memory", "hpc", "inf", "p", "trn", "x"
_FAMILIES = {"vt": "g and vt", "g": "g and vt", "u": "high memory", **dict.fromkeys("acdhimrtz", "standard")}


_Vcpus = Counter[str]
"""By quota."""
# Its pools take on-demand instances of the categories c, m and r, and have no limits.
# https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html
_AUTO_MODE = "on-demand standard"
AUTO_MODE_LEAST = 2
"""vCPUs of a small instance, without which no pod runs."""


def family(instance_type: str) -> str:
    """Whose quota an instance type counts for; empty for Macs, which run on dedicated hosts."""
    longer = re.match(r"inf|trn|dl|hpc|vt|mac", instance_type)
    name = longer[0] if longer else instance_type[:1]
    name = _FAMILIES.get(name, name)
    return name if name in _NAMED else ""


def counted(instance_type: str, capacity: Capacity) -> str:
    """The quota that an instance counts for: `spot standard`. On spot, P5 instances have one of their own."""
    own = capacity == "SPOT" and instance_type.startswith("p5")
    return f"{'spot' if capacity == 'SPOT' else 'on-demand'} {'p5' if own else family(instance_type)}"


def vcpus(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """The vCPUs of the groups of nodes and of node pools, beside those that already run in the account."""
    groups, pools = groups_of(plan), pools_of(plan)
    auto = plan.control_plane.auto_mode
    if not groups and not pools and not auto:
        return
    running = list(_running(plan, {pool.name for pool in pools}, aws))
    names = {name for group in groups for name in group.instance_types}
    known = instance_types([*names, *(instance["InstanceType"] for instance in running)], aws)
    sizes = {name: info["VCpuInfo"]["DefaultVCpus"] for name, info in known.items()}
    used, least, most = _Vcpus(), _Vcpus(), _Vcpus()
    for instance in running:
        capacity: Capacity = "SPOT" if instance.get("InstanceLifecycle") == "spot" else "ON_DEMAND"
        used[counted(instance["InstanceType"], capacity)] += sizes.get(instance["InstanceType"], 0)
    for group in groups:
        few, many = _wanted(group, sizes)
        least += few
        most += many
    for pool in pools:
        most += pool.most
    if auto and auto.node_pools:
        least[_AUTO_MODE] += AUTO_MODE_LEAST
        most[_AUTO_MODE] += AUTO_MODE_LEAST
    for name in sorted(most):
        if quota := QUOTAS.get(name):
            allowed = limit(quota, aws)
            said = f"vCPUs of {name} instances"
            found = judged(quota, said, allowed, used[name], least[name], most[name])
            if auto and auto.node_pools and name == _AUTO_MODE:
                found = replace(found, what=f"{found.what}; pools of Auto Mode have no limit but the quota")
            yield found
        else:
            what, why = f"vCPUs of {name} instances", "no quota is known for these"
            yield unknown(NAME, what, why, "look at Service Quotas")
    if unnamed := [pool.name for pool in pools if not pool.most]:
        yield unchecked(NAME, f"vCPUs of node pools that state no limit or no category: {', '.join(unnamed)}")


# As Karpenter calls it, and Auto Mode.
_CATEGORIES = ("karpenter.k8s.aws/instance-category", "eks.amazonaws.com/instance-category")


class Pool(NamedTuple):
    """A node pool, and what it may launch at most."""

    name: str
    most: _Vcpus


def pools_of(plan: Plan) -> list[Pool]:
    """The NodePools of the plan, by their limits: any one family and capacity that they name may take it all.

    https://karpenter.sh/docs/concepts/nodepools/#speclimits
    """
    return [_pool(one) for one in plan.objects if one.get("kind") == "NodePool"]


def _pool(manifest: Manifest) -> Pool:
    spec = manifest["spec"]
    wanted = {one["key"]: one.get("values", []) for one in spec["template"]["spec"].get("requirements", [])}
    most = _Vcpus()
    cpus = int(amount(str(spec.get("limits", {}).get("cpu", 0))) or 0)
    for capacity in wanted.get("karpenter.sh/capacity-type", ["on-demand"]):
        for category in (value for key in _CATEGORIES for value in wanted.get(key, [])):
            kind: Capacity = "SPOT" if capacity == "spot" else "ON_DEMAND"
            if family(f"{category}1.large"):
                most[counted(f"{category}1.large", kind)] = cpus
    return Pool(manifest["metadata"]["name"], +most)


def _wanted(group: NodeGroup, sizes: dict[str, int]) -> tuple[_Vcpus, _Vcpus]:
    """At least: min nodes of the smallest type; at most: max nodes of the largest. Of each quota in the group."""
    least, most = _Vcpus(), _Vcpus()
    by_quota: dict[str, list[int]] = {}
    for name in group.instance_types:
        if name in sizes and family(name):
            by_quota.setdefault(counted(name, group.capacity), []).append(sizes[name])
    for quota, found in by_quota.items():
        # A group of several families can come up without any one of them.
        least[quota] = group.min * min(found) if len(by_quota) == 1 else 0
        most[quota] = group.max * max(found)
    return least, most


def _running(plan: Plan, pools: Container[str], aws: Aws) -> Iterator[InstanceTypeDef]:
    """Instances that count, without the nodes of this blueprint's own groups and pools.

    Those are tagged by their Auto Scaling group or by Karpenter.
    """
    pages = aws.ec2.get_paginator("describe_instances").paginate(
        Filters=where("instance-state-name", "pending", "running")
    )
    for instance in (one for page in pages for each in page["Reservations"] for one in each.get("Instances", [])):
        tags = {tag.get("Key", ""): tag.get("Value", "") for tag in instance.get("Tags", [])}
        launched = "aws:autoscaling:groupName" in tags or tags.get("karpenter.sh/nodepool") in pools
        own = f"kubernetes.io/cluster/{plan.facts.name}" in tags and launched
        if not own and instance.get("Placement", {}).get("Tenancy") != "host":
            yield instance
