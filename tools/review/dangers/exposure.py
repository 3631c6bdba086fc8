"""What becomes reachable from more places than before."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.assembly import text
from tools.review.dangers.danger import Danger, DangerRule, at, danger, on, step, surviving, was_and_is
from tools.revision.differences import ClusterDifference

_RULE = "opens-endpoint"
_WORLD = ("0.0.0.0/0", "::/0")
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def cluster_endpoint(difference: ClusterDifference) -> Iterator[Danger]:
    """The Kubernetes API on the internet; without a list it answers everyone.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html
    """
    for change in surviving(difference):
        if change.type != "AWS::EKS::Cluster" or not change.before or not change.after:
            continue
        before, after = (
            _open_to(at(resource, "ResourcesVpcConfig") or {}) for resource in (change.before, change.after)
        )
        wider = [cidr for cidr in after if not _within(cidr, before)]
        if wider:
            what = f"the Kubernetes API answers {', '.join(wider)} as well"
            why = step("PublicAccessCidrs", before or "private", list(after))
            yield danger(_RULE, change, what, why, "keep it private, or as narrow as your own ranges")


def security_groups(difference: ClusterDifference) -> Iterator[Danger]:
    """A rule from the whole internet, or from a wider range than before."""
    for change in surviving(difference):
        for rule in _ingress(change.after):
            source = rule.get("CidrIp") or rule.get("CidrIpv6")
            old = [each for each in _ingress(change.before) if _ports(each) == _ports(rule)]
            ranges = [text(each.get("CidrIp") or each.get("CidrIpv6") or "") for each in old]
            if rule in old or not isinstance(source, str) or (source not in _WORLD and not _widens(source, ranges)):
                continue
            what = f"{_ports(rule)} open to {source}"
            yield danger(_RULE, change, what, step("ingress", ranges or None, source), "name the ranges that need it")


def public_subnets(difference: ClusterDifference) -> Iterator[Danger]:
    """Subnets that get a way in from the internet, or public addresses."""
    for change in surviving(difference):
        if change.type == "AWS::EC2::Route" and change.impact in ("create", "update", "replace", "may-replace"):
            resources = change.stack.resources
            gateway, table = _reference(at(change.after, "GatewayId")), _reference(at(change.after, "RouteTableId"))
            public = resources.get(gateway, {}).get("Type") == "AWS::EC2::InternetGateway"
            was = _reference(at(change.before, "GatewayId"))
            before = [stack.before.resources for stack in difference.stacks if stack.before]
            known = any(table in each for each in before)
            # A further route of the other family, for example.
            already = any(_leads_there(route, table) for each in before for route in each.values())
            if public and was != gateway and known and not already:
                what = "the subnets of this route table become public"
                why = step("GatewayId", at(change.before, "GatewayId"), at(change.after, "GatewayId"))
                yield danger(_RULE, change, what, why, "route private subnets through a NAT gateway, or nowhere")
        if change.type == "AWS::EC2::Subnet" and change.before and change.after:
            before, after = was_and_is(change, "MapPublicIpOnLaunch")
            if on(after) and not on(before):
                what = "whatever is launched in it gets a public address"
                yield danger(_RULE, change, what, step("MapPublicIpOnLaunch", before, after), "leave it off")


def load_balancers(difference: ClusterDifference) -> Iterator[Danger]:
    """A load balancer that was internal."""
    for change in surviving(difference):
        if change.type == "AWS::ElasticLoadBalancingV2::LoadBalancer" and change.before and change.after:
            before, after = was_and_is(change, "Scheme")
            if before == "internal" and after != "internal":
                what = "the load balancer answers the internet"
                yield danger(
                    _RULE, change, what, step("Scheme", before, after or "internet-facing"), "keep it internal"
                )


def _leads_there(route: Mapping[str, Any], table: str) -> bool:
    """Whether it is a route of the table to a gateway."""
    return route["Type"] == "AWS::EC2::Route" and (
        _reference(at(route, "RouteTableId")) == table and bool(_reference(at(route, "GatewayId")))
    )


def _open_to(config: Mapping[str, Any]) -> list[str]:
    if "EndpointPublicAccess" in config and not on(config["EndpointPublicAccess"]):
        return []
    return [text(cidr) for cidr in config.get("PublicAccessCidrs") or _WORLD[:1]]


def _ingress(resource: Mapping[str, Any] | None) -> Sequence[Mapping[str, Any]]:
    if not resource:
        return ()
    if resource["Type"] == "AWS::EC2::SecurityGroupIngress":
        return (resource["Properties"],)
    return at(resource, "SecurityGroupIngress") or ()


def _ports(rule: Mapping[str, Any]) -> str:
    protocol, first, last = (rule.get(name) for name in ("IpProtocol", "FromPort", "ToPort"))
    if str(protocol) == "-1":
        return "all ports are"
    return f"{protocol} {first} is" if first == last else f"{protocol} {first} to {last} are"


def _within(cidr: str, ranges: Sequence[str]) -> bool:
    network = _network(cidr)
    others = [_network(each) for each in ranges]
    return cidr in ranges or any(network and other and _contains(other, network) for other in others)


def _widens(cidr: str, ranges: Sequence[str]) -> bool:
    """Whether one of the old ranges is only a part of the new one."""
    network = _network(cidr)
    others = [_network(each) for each in ranges]
    return any(network and other and other != network and _contains(network, other) for other in others)


def _contains(network: _Network, other: _Network) -> bool:
    return network.version == other.version and network.supernet_of(other)  # type: ignore[arg-type]  # same version


def _network(cidr: str) -> _Network | None:
    try:
        return ipaddress.ip_network(cidr)
    except ValueError:
        return None


def _reference(value: Any) -> str:
    return str(value.get("Ref", "")) if isinstance(value, Mapping) else ""


RULES: tuple[DangerRule, ...] = (cluster_endpoint, security_groups, public_subnets, load_balancers)
