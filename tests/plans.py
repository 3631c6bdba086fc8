"""Plans by hand: as small as a test wants them, and with whatever it wants in them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from blueprint.contribution import Chart, Contribution, Grant, ManagedAddon, Release
from blueprint.kubernetes import Manifest, Namespace
from blueprint.planning.document import (
    AutoModeNodes,
    FargateNodes,
    InstalledBy,
    Launch,
    NodeGroup,
    Part,
    Plan,
    ServiceRole,
    Subnet,
)
from blueprint.planning.planner import plan
from blueprint.workload import PodSelector
from tests.blueprint.examples import SMALL

_ROLE = ServiceRole("eks.amazonaws.com")
_EMPTY = replace(plan(SMALL), compute=(), addons=(), teams=(), workloads=())
_FACTS = ("name", "account", "region", "internet")
_NETWORK = ("cidrs", "subnets", "nat_gateways", "interface_endpoints", "zones", "vpc_id", "routes")
_CONTROL_PLANE = ("version", "public_ranges", "deletion_protection")


def planned(like: Plan = _EMPTY, **changes: Any) -> Plan:
    """The same with other fields, wherever they stand; a cluster without anything when nothing else is named."""

    def own(names: tuple[str, ...]) -> dict[str, Any]:
        return {name: changes.pop(name) for name in names if name in changes}

    facts, network, cluster = own(_FACTS), own(_NETWORK), own(_CONTROL_PLANE)
    if "node_pools" in changes:
        pools = changes.pop("node_pools")
        cluster["auto_mode"] = AutoModeNodes("auto-mode", pools, _ROLE) if pools else None
    return replace(
        like,
        facts=replace(like.facts, **facts),
        network=replace(like.network, **network),
        control_plane=replace(like.control_plane, **cluster),
        **changes,
    )


def subnets(*kinds: str, zones: str = "ab") -> tuple[Subnet, ...]:
    """In the network 10.0.0.0/16, one of each kind in each zone of us-west-2."""
    pairs = [(kind, zone) for kind in kinds for zone in zones]
    return tuple(
        Subnet(kind, f"us-west-2{zone}", f"10.0.{number}.0/24")  # type: ignore[arg-type]  # tests name kinds as they like
        for number, (kind, zone) in enumerate(pairs)
    )


def nodes(name: str, *types: str, image: str = "AL2023_ARM_64_STANDARD", **more: Any) -> NodeGroup:
    """A managed node group."""
    fields: dict[str, Any] = {
        "capacity": "ON_DEMAND",
        "version": "1.35",
        "release": "1.35.6-20260714",
        "min": 2,
        "max": 4,
        "labels": {},
        "taints": (),
        "launch": Launch((), {}),
    }
    return NodeGroup(name, "managed", types, image=image, **{**fields, **more})


def fargate(name: str, *namespaces: str) -> FargateNodes:
    """A Fargate profile."""
    return FargateNodes(name, tuple(PodSelector(each) for each in namespaces), _ROLE)


def release(name: str, version: str = "1.0.0", **values: Any) -> Release:
    """Of a chart of the same name, in a namespace of the same name."""
    return Release(name, Chart(name, "https://charts.example.com", version), name, values)


def part(
    name: str,
    version: str = "",
    *,
    namespaces: tuple[str, ...] = (),
    after: tuple[str, ...] = (),
    by: InstalledBy = "kubectl",
    accounts: tuple[str, ...] = (),
    objects: tuple[Manifest, ...] = (),
) -> Part:
    """An add-on or a team."""
    grants = tuple(Grant("kube-system", account) for account in accounts)
    contribution = Contribution(
        managed_addons=(ManagedAddon(name, version, grant=grants[0] if grants else None),) if by == "EKS" else (),
        grants=() if by == "EKS" else grants,
        namespaces=tuple(map(Namespace, namespaces)),
        releases=(release(name, version),) if by == "Helm" else (),
        objects=objects,
    )
    return Part(name, "Plain", contribution, after)
