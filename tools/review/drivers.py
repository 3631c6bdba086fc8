"""What a cluster is billed for by the hour, as far as its plan says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from blueprint.planning.document import NodeGroup
from blueprint.versions import EXTENDED_SUPPORT
from tools.review.fleet import Side


class Driver(NamedTuple):
    """So many of one thing, the fewest and the most."""

    what: str
    priced_as: str
    """Its name in a price table; empty when no price can be known."""
    fewest: int = 1
    most: int = 1


def drivers(side: Side) -> Iterator[Driver]:
    """Several of the same name add up."""
    plan = side.plan
    support = "extended" if plan.control_plane.version in EXTENDED_SUPPORT else "standard"
    yield _same(f"control plane, {support} support")
    network = plan.network
    # Those of a VPC that is there already are its owner's, whatever becomes of the cluster.
    endpoints = () if network.vpc_id else network.interface_endpoints
    yield _same("interface endpoint in a zone", len(endpoints) * len(network.zones))
    yield _same("NAT gateway", network.nat_gateways)
    yield _same("public IPv4 address", network.nat_gateways)  # of each of them
    for _ in network.transit_gateways:
        yield Driver("transit gateway attachment, paid for what it carries", "")
    if plan.control_plane.auto_mode:
        yield Driver("Auto Mode, paid for what it runs", "")
    for group in plan.compute:
        yield _nodes(group) if isinstance(group, NodeGroup) else Driver("Fargate profile, paid for what it runs", "")
    for (kind, _, _), manifest in side.objects.items():
        of_service = kind == "Service" and (manifest.get("spec") or {}).get("type") == "LoadBalancer"
        if of_service or kind == "Ingress.networking.k8s.io":
            yield Driver("load balancer of our manifests", "load balancer")


def _same(what: str, count: int = 1) -> Driver:
    """What has its own name in a price table."""
    return Driver(what, what, count, count)


def _nodes(group: NodeGroup) -> Driver:
    """Spot prices move, and of several types nobody knows which it will be: both have no price."""
    types, spot = " or ".join(group.instance_types), group.capacity == "SPOT"
    known = group.instance_types[0] if len(group.instance_types) == 1 and not spot else ""
    return Driver(f"node {types}{', spot' if spot else ''}", known, group.min, group.max)
