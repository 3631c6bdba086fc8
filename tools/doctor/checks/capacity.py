"""Zones and instance types: whether the region offers to this account what the blueprint names."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from blueprint.planning.document import NodeGroup, Plan
from blueprint.zones import WITHOUT_CONTROL_PLANES, is_id, is_local, written
from tools.doctor import lookups
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import named, where

if TYPE_CHECKING:
    from types_boto3_ec2.type_defs import AvailabilityZoneTypeDef

NAME = "capacity"


def zones_of(plan: Plan, aws: Aws) -> list[str]:
    """The availability zones of the plan, by their names in the account."""
    return [named(zone, aws) for zone in plan.network.zones]


def zones_of_nodes(group: NodeGroup, plan: Plan, aws: Aws) -> list[str]:
    """Those in which the group starts nodes."""
    zones = group.zones or [subnet.zone for subnet in plan.network.of_kind("private")]
    return list(dict.fromkeys(named(zone, aws) for zone in zones))


def groups_of(plan: Plan) -> list[NodeGroup]:
    """The groups of EC2 nodes that the blueprint states."""
    return [group for group in plan.compute if isinstance(group, NodeGroup)]


def zones(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Letters are shuffled for each account, so whether EKS takes us-east-1a shows in the zone's id only.

    https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html
    """
    key: Literal["ZoneId", "ZoneName"] = "ZoneId" if any(map(is_id, plan.network.zones)) else "ZoneName"
    found = {zone.get(key, ""): zone for zone in lookups.zones(aws)}
    usable = sorted(written(name) for name, zone in found.items() if not _defect(zone))
    fix = f"write zones={tuple(usable)} or some of them"
    of_eks = {subnet.zone for subnet in plan.control_plane.subnets}
    if plan.network.vpc_id:
        fix = f"name subnets of the zones {', '.join(usable)}"
    fine = []
    for name in plan.network.zones:
        if name not in found:
            yield problem(NAME, f"this account has no zone {name}", "its subnets cannot be made", fix)
        elif defect := _defect(found[name], of_eks=name in of_eks):
            yield problem(NAME, f"zone {name}: {defect}", "its subnets cannot be made or used", fix)
        elif (state := found[name].get("State", "")) != "available":
            why = "what a deploy makes there may fail or be slow"
            yield warning(NAME, f"zone {name} is {state}", why, "wait, see https://health.aws.amazon.com")
        else:
            fine.append(f"{found[name].get('ZoneName')} ({found[name].get('ZoneId')})")
    if fine:
        yield ok(NAME, f"zones {', '.join(fine)}")


def local_zones(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """An account opts in to the group of a Local Zone before it makes anything there.

    https://docs.aws.amazon.com/local-zones/latest/ug/getting-started.html
    """
    wanted = list(dict.fromkeys(subnet.zone for subnet in plan.network.subnets if is_local(subnet.zone)))
    if not wanted:
        return
    found = {zone.get("ZoneName", ""): zone for zone in lookups.local_zones(aws)}
    for name in wanted:
        why = "no subnet or node can be made there"
        if name not in found:
            known = ", ".join(sorted(found)) or "none"
            yield problem(NAME, f"the region has no Local Zone {name}", why, f"take another; it has {known}")
        elif found[name].get("OptInStatus") == "not-opted-in":
            group = found[name].get("GroupName", name[:-1])
            fix = f"aws ec2 modify-availability-zone-group --group-name {group} --opt-in-status opted-in"
            yield problem(NAME, f"this account has not opted in to the Local Zone {name}", why, fix)
        else:
            yield ok(NAME, f"Local Zone {name}")


def _defect(zone: AvailabilityZoneTypeDef, *, of_eks: bool = True) -> str:
    if of_eks and zone.get("ZoneId") in WITHOUT_CONTROL_PLANES:
        return f"EKS runs no control plane in {zone.get('ZoneId')}"
    return "this account has not opted in to it" if zone.get("OptInStatus") == "not-opted-in" else ""


def instance_types(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html"""
    groups = groups_of(plan)
    wanted = sorted({name for group in groups for name in group.instance_types})
    if not wanted:
        return
    offered: dict[str, set[str]] = {name: set() for name in wanted}
    pages = aws.ec2.get_paginator("describe_instance_type_offerings").paginate(
        LocationType="availability-zone", Filters=where("instance-type", *wanted)
    )
    for offering in (offering for page in pages for offering in page["InstanceTypeOfferings"]):
        offered[offering["InstanceType"]].add(offering["Location"])
    for group in groups:
        needed = zones_of_nodes(group, plan, aws)
        nowhere = [name for name in group.instance_types if not offered[name] & set(needed)]
        lacking = [zone for zone in needed if not any(zone in offered[name] for name in group.instance_types)]
        if nowhere:
            what = f"{group.name}: {', '.join(nowhere)} is offered in none of the zones {', '.join(needed)}"
            elsewhere = sorted({zone for name in nowhere for zone in offered[name]}) or ["no zone of the region"]
            fix = f"take other instance types or zones; offered in {', '.join(elsewhere)}"
            yield problem(NAME, what, "EKS refuses a group with a type that its subnets do not offer", fix)
        if lacking and len(nowhere) < len(group.instance_types):
            what = f"{group.name}: no instance type of it is offered in {', '.join(lacking)}"
            why = "nodes come up in the other zones only, and pods with a volume in this one wait"
            yield warning(NAME, what, why, "add an instance type that is offered there, or leave the zone out")
        if not nowhere and not lacking:
            yield ok(NAME, f"{group.name}: {', '.join(group.instance_types)} offered in every zone")
