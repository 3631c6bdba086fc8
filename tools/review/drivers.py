"""What a cluster is billed for by the hour, as far as its templates say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from blueprint.versions import EXTENDED_SUPPORT
from tools.contents import Capacity
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
    cluster = side.contents
    plane = f"control plane, {'extended' if cluster.version in EXTENDED_SUPPORT else 'standard'} support"
    yield Driver(plane, plane)
    for stack in side.stacks:
        for resource in stack.of_type("AWS::EKS::Cluster").values():
            tier = resource["Properties"].get("ControlPlaneScalingConfig", {}).get("Tier", "standard")
            if tier != "standard":
                yield Driver(f"control plane {tier}", f"control plane {tier}")
        for resource in stack.of_type("AWS::EC2::VPCEndpoint").values():
            if resource["Properties"].get("VpcEndpointType") == "Interface":
                zones = len(resource["Properties"].get("SubnetIds", ()))
                yield Driver("interface endpoint in a zone", "interface endpoint in a zone", zones, zones)
    yield Driver("NAT gateway", "NAT gateway", cluster.nat_gateways, cluster.nat_gateways)
    for group in cluster.capacity:
        yield _nodes(group)
    for (kind, _, _), manifest in cluster.objects.items():
        of_service = kind == "Service" and (manifest.get("spec") or {}).get("type") == "LoadBalancer"
        if of_service or kind == "Ingress.networking.k8s.io":
            yield Driver("load balancer of our manifests", "load balancer")


def _nodes(group: Capacity) -> Driver:
    """Spot prices move, and of several types nobody knows which it will be: both have no price."""
    if group.kind in ("managed", "self-managed"):
        types = " or ".join(group.instance_types)
        known = group.instance_types[0] if len(group.instance_types) == 1 and not group.spot else ""
        return Driver(f"node {types}{', spot' if group.spot else ''}", known, group.min, group.max)
    what = "Auto Mode" if group.kind == "auto" else "Fargate profile"
    return Driver(f"{what}, paid for what it runs", "")
