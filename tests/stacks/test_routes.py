"""Routes to other networks, and the attachment to the transit gateway by which they lead there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint import NewNetwork, PeeringConnection, Route, TransitGateway
from blueprint.planning.planner import plan
from examples.ipv6 import IPV6
from examples.managed import MANAGED
from examples.pod_ranges import POD_RANGES
from tests.templates import Template, of_type, synthesized
from tools.doctor.checks.needs import types_of

HUB, OTHER = TransitGateway("tgw-0a1b2c3d4e5f60718"), PeeringConnection("pcx-0a1b2c3d4e5f60718")


def network_of(blueprint: Any, out: Path) -> Template:
    """Judged by all rules."""
    return synthesized([plan(blueprint)], out, validate=True)[blueprint.name, "network"]


def tables(network: Template) -> dict[str, set[str]]:
    """Of each kind of subnet, the route tables."""
    found: dict[str, set[str]] = {}
    kinds = {
        id: next(tag["Value"] for tag in each["Properties"]["Tags"] if tag["Key"] == "aws-cdk:subnet-name")
        for id, each in of_type(network, "AWS::EC2::Subnet").items()
    }
    for each in of_type(network, "AWS::EC2::SubnetRouteTableAssociation").values():
        table = each["Properties"]["RouteTableId"]["Ref"]
        found.setdefault(kinds[each["Properties"]["SubnetId"]["Ref"]], set()).add(table)
    return found


def routes(network: Template, **target: str) -> list[dict[str, Any]]:
    """Those with this property."""
    ((name, value),) = target.items()
    found = of_type(network, "AWS::EC2::Route").values()
    return [each for each in found if each["Properties"].get(name) == value]


def test_nodes_and_pods_get_out_by_the_hub(tmp_path: Path) -> None:
    """https://docs.aws.amazon.com/prescriptive-guidance/latest/transitioning-to-multiple-aws-accounts/centralized-egress.html"""
    network = network_of(POD_RANGES, tmp_path)
    assert not of_type(network, "AWS::EC2::NatGateway")
    ((id, attachment),) = of_type(network, "AWS::EC2::TransitGatewayAttachment").items()
    of_kind = tables(network)
    by_hub = routes(network, TransitGatewayId=HUB.id)
    assert {each["Properties"]["DestinationCidrBlock"] for each in by_hub} == {"0.0.0.0/0"}
    assert {each["Properties"]["RouteTableId"]["Ref"] for each in by_hub} == {
        *of_kind["private"],
        *of_kind["control-plane"],
    }
    assert len(by_hub) == 4, "each once"
    assert of_kind["pods"] <= of_kind["private"]
    assert all(id in each["DependsOn"] for each in by_hub), "AWS takes no route before the attachment is there"
    small = {id for id in of_type(network, "AWS::EC2::Subnet") if "controlplane" in id}
    assert {each["Ref"] for each in attachment["Properties"]["SubnetIds"]} == small
    assert len(small) == 2
    assert "Options" not in attachment["Properties"]
    plans = plan(POD_RANGES), plan(MANAGED)
    assert [{*types_of(each)} >= {"AWS::EC2::TransitGatewayAttachment"} for each in plans] == [True, False]
    assert plans[0].facts.internet
    assert plans[0].network.interface_endpoints == ()


def test_routes_beside_nat_and_of_both_families(tmp_path: Path) -> None:
    """Options.Ipv6Support: AWS::EC2::TransitGatewayAttachment of CloudFormation's reference."""
    base = IPV6.network
    assert isinstance(base, NewNetwork)
    mixed = (Route("10.128.0.0/9", via=HUB), Route("2001:db8::/32", via=HUB), Route("192.168.0.0/16", via=OTHER))
    network = network_of(replace(IPV6, network=replace(base, routes=mixed)), tmp_path)
    (attachment,) = of_type(network, "AWS::EC2::TransitGatewayAttachment").values()
    assert attachment["Properties"]["Options"] == {"Ipv6Support": "enable"}
    hub, peer = routes(network, TransitGatewayId=HUB.id), routes(network, VpcPeeringConnectionId=OTHER.id)
    assert {each["Properties"].get("DestinationIpv6CidrBlock") for each in hub} == {None, "2001:db8::/32"}
    assert {each["Properties"].get("DestinationCidrBlock") for each in hub} == {"10.128.0.0/9", None}
    assert {each["Properties"]["DestinationCidrBlock"] for each in peer} == {"192.168.0.0/16"}
    assert len(of_type(network, "AWS::EC2::NatGateway")) == 1
    assert tables(network)["public"].isdisjoint(each["Properties"]["RouteTableId"]["Ref"] for each in (*hub, *peer))


@pytest.mark.parametrize("zones", [("usw2-az1", "usw2-az2", "usw2-az3")])
def test_a_zone_that_comes_later_moves_no_route(zones: tuple[str, ...], tmp_path: Path) -> None:
    base = POD_RANGES.network
    assert isinstance(base, NewNetwork)
    more = replace(base, cidr="10.0.0.0/20", zones=zones, control_plane_zones=base.zones)
    before = network_of(replace(POD_RANGES, network=replace(base, cidr="10.0.0.0/20")), tmp_path / "before")
    after = network_of(replace(POD_RANGES, network=more), tmp_path / "after")
    for id, route in of_type(before, "AWS::EC2::Route").items():
        assert after["Resources"][id] == route
