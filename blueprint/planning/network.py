"""The planned network of a blueprint."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Literal

from blueprint.blueprint import Blueprint, Network
from blueprint.endpoints import policies
from blueprint.existing_network import ExistingNetwork, ExistingSubnet
from blueprint.iam import Statement
from blueprint.network import ENDPOINTS_WITHOUT_NAT, NewNetwork, SubnetKind
from blueprint.planning.document import (
    INTERNAL_TAG,
    PUBLIC_TAG,
    FlowLogs,
    PlannedNetwork,
    PlannedRoute,
    ServiceRole,
    Subnet,
)
from blueprint.references import FLOW_LOGS_ARN, VPC_IPV6_RANGE, subnet_id, subnet_ipv6_range
from blueprint.routes import Route, TransitGateway
from blueprint.zones import in_region, is_local

_ZONES = 8
"""Of each kind, IPv6 ranges are kept for so many zones: of a VPC's /56 there are 256, so that none ever moves."""


def planned_network(blueprint: Blueprint, called: Iterable[str] = ()) -> PlannedNetwork:
    """The VPC with its subnets, ways out and logs; `called` are the AWS services that pods call."""
    network = blueprint.network
    if isinstance(network, ExistingNetwork):
        return _existing(network, blueprint.region, ipv6_nodes=_has_ipv6_nodes(blueprint))
    endpoints = interface_endpoints(network, called)
    return PlannedNetwork(
        cidrs=network.cidrs,
        zones=tuple(in_region(zone, blueprint.region) for zone in network.zones),
        subnets=subnets(network, blueprint.region),
        internal_load_balancers=internal_load_balancer_subnets(network, blueprint.region),
        zones_in_reserve=network.room - len(network.zones),
        nat_gateways={"none": 0, "one": 1, "per-zone": len(network.zones)}[network.nat],
        gateway_endpoints=("s3",),
        interface_endpoints=endpoints,
        endpoint_policies={} if network.internet else policies(endpoints, blueprint.account, blueprint.region),
        subnet_tags={"private": {INTERNAL_TAG: "1"}, "public": {PUBLIC_TAG: "1"}},
        flow_logs=FlowLogs(network.flow_log_retention_days, _flow_log_role(blueprint.account)),
        ipv6=network.ipv6,
        ipv6_nodes=_has_ipv6_nodes(blueprint),
        routes=tuple(sorted(map(_route, network.routes), key=lambda each: each.to)),
    )


def _route(route: Route) -> PlannedRoute:
    kind: Literal["transit-gateway", "peering-connection"]
    kind = "transit-gateway" if isinstance(route.via, TransitGateway) else "peering-connection"
    return PlannedRoute(route.to, route.via.id, kind)


def interface_endpoints(network: NewNetwork, called: Iterable[str]) -> tuple[str, ...]:
    """Those that are named, and without internet those of all that is called."""
    if network.internet:
        return network.interface_endpoints
    return tuple(sorted({*ENDPOINTS_WITHOUT_NAT, *called, *network.interface_endpoints}))


def ipv6_ranges(network: Network) -> tuple[str, ...]:
    """Those of the VPC, or a reference."""
    if isinstance(network, ExistingNetwork):
        return network.ipv6_cidrs
    return (VPC_IPV6_RANGE,) if network.ipv6 else ()


def subnets(network: Network, region: str) -> tuple[Subnet, ...]:
    """Every subnet with its range, kind after kind."""
    if isinstance(network, ExistingNetwork):
        return tuple(_as_it_is(network, region).values())
    return _calculated(network, region)


def control_plane_subnets(network: Network, region: str, kind: SubnetKind) -> tuple[Subnet, ...]:
    """Where EKS puts its network interfaces; `kind` is that of the subnets in a VPC made for the cluster."""
    if isinstance(network, ExistingNetwork):
        found = _as_it_is(network, region)
        given = network.control_plane or network.nodes
        return tuple(found[subnet.id] for subnet in given if not is_local(subnet.zone))
    zones = [in_region(zone, region) for zone in network.control_plane_zones or network.zones]
    return tuple(each for each in subnets(network, region) if each.kind == kind and each.zone in zones)


def internal_load_balancer_subnets(network: Network, region: str) -> tuple[Subnet, ...]:
    """Where internal load balancers stand."""
    if isinstance(network, ExistingNetwork) and network.internal_load_balancers:
        found = _as_it_is(network, region)
        return tuple(found[subnet.id] for subnet in network.internal_load_balancers)
    return tuple(each for each in subnets(network, region) if each.kind == "private")


def named_subnets(network: Network, region: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    """By scheme, those that load balancers have to name, since no tag tells them."""
    if isinstance(network, ExistingNetwork) and network.shared:
        public = tuple(subnet.id for subnet in network.load_balancers if not is_local(subnet.zone))
        internal = tuple(subnet.id for subnet in internal_load_balancer_subnets(network, region))
        yield from ((scheme, ids) for scheme, ids in (("internet-facing", public), ("internal", internal)) if ids)


@lru_cache(maxsize=64)
def _calculated(network: NewNetwork, region: str) -> tuple[Subnet, ...]:
    """A plan asks for them in many places."""
    return tuple(_from_the_start(network, region))


def _from_the_start(network: NewNetwork, region: str) -> Iterator[Subnet]:
    """From the start of the VPC, largest first."""
    zones = [in_region(zone, region) for zone in network.zones]
    start = int(ipaddress.ip_network(network.cidr).network_address)
    for at, (kind, prefix) in enumerate(network.prefixes.items()):
        size = 2 ** (32 - prefix)
        for place, zone in enumerate(zones):
            first = ipaddress.ip_address(start + place * size)
            made = Subnet(kind, zone, f"{first}/{prefix}", subnet_id(kind, zone))
            if network.ipv6:
                made = replace(made, ipv6_cidr=subnet_ipv6_range(kind, zone), ipv6_place=at * _ZONES + place)
            yield made
        start += network.room * size
    if network.pod_cidr:
        # An eighth for each zone, as of the first range for nodes: six of them fit, whatever zones come later.
        of_pods = ipaddress.IPv4Network(network.pod_cidr).subnets(prefixlen_diff=3)
        for zone, eighth in zip(zones, of_pods, strict=False):
            yield Subnet("pods", zone, str(eighth), subnet_id("pods", zone))
    for zone, nodes, public in network.local_ranges:
        yield Subnet("local", zone, nodes, subnet_id("local", zone))
        yield Subnet("local-public", zone, public, subnet_id("local-public", zone))
    if network.has_endpoints:
        last = int(ipaddress.ip_network(network.cidr).broadcast_address) + 1
        for place, zone in enumerate(zones, 1):
            first = ipaddress.ip_address(last - place * 2 ** (32 - network.endpoint_prefix))
            yield Subnet("endpoints", zone, f"{first}/{network.endpoint_prefix}", subnet_id("endpoints", zone))


def _has_ipv6_nodes(blueprint: Blueprint) -> bool:
    return blueprint.network.ipv6 and blueprint.cluster.ip_family == "ipv6"


def _existing(network: ExistingNetwork, region: str, *, ipv6_nodes: bool) -> PlannedNetwork:
    """Nothing of it is made, so nothing of it is counted."""
    found = subnets(network, region)
    return PlannedNetwork(
        cidrs=network.cidrs,
        zones=tuple(sorted({subnet.zone for subnet in found if not is_local(subnet.zone)})),
        subnets=found,
        internal_load_balancers=internal_load_balancer_subnets(network, region),
        zones_in_reserve=0,
        nat_gateways=0,
        gateway_endpoints=() if network.internet else ("s3",),
        interface_endpoints=network.interface_endpoints,
        subnet_tags={},
        flow_logs=None,
        ipv6=network.ipv6,
        ipv6_nodes=ipv6_nodes,
        vpc_id=network.vpc_id,
        shared=network.shared,
    )


def _as_it_is(network: ExistingNetwork, region: str) -> Mapping[str, Subnet]:
    """By their ids; one that stands in several places is of the kind of the first."""
    places: Mapping[SubnetKind, tuple[ExistingSubnet, ...]] = {
        "private": network.nodes,
        "public": network.load_balancers,
        "internal": network.internal_load_balancers,
        "control-plane": network.control_plane,
        "pods": network.pods,
        "endpoints": network.endpoints,
    }
    local: Mapping[SubnetKind, SubnetKind] = {"private": "local", "public": "local-public"}
    found: dict[str, Subnet] = {}
    for kind, given in places.items():
        for each in given:
            own = local.get(kind, kind) if is_local(each.zone) else kind
            zone = in_region(each.zone, region)
            found.setdefault(each.id, Subnet(own, zone, each.cidr, each.id, each.ipv6_cidr or ""))
    return found


def _flow_log_role(account: str) -> ServiceRole:
    """https://docs.aws.amazon.com/vpc/latest/userguide/flow-logs-iam-role.html"""
    actions = ("logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents")
    return ServiceRole(
        "vpc-flow-logs.amazonaws.com",
        statements=(Statement(actions, (FLOW_LOGS_ARN,)),),
        conditions={"StringEquals": {"aws:SourceAccount": account}},
    )
