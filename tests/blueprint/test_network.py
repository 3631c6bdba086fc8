"""Ranges, zones, NAT and endpoints, and the subnets that follow from them."""

from __future__ import annotations

import ipaddress
from itertools import pairwise
from typing import Literal

import pytest

from blueprint import AutoMode, NewNetwork, PeeringConnection, Route, TransitGateway, plan
from blueprint.planning.network import subnets
from blueprint.value import problems_in
from tests.blueprint.examples import TABLE, assert_reported, changed, mistake, places, with_network

HUB, PEER = TransitGateway("tgw-0a1b2c3d4e5f60718"), PeeringConnection("pcx-0a1b2c3d4e5f60718")
MISTAKES = [
    mistake("/8", with_network(cidr="10.0.0.0/8"), "network.cidr", "/16 to /24", "10.0.0.0/16"),
    mistake("/15", with_network(cidr="10.0.0.0/15"), "network.cidr", "/16 to /24", "10.0.0.0/16"),
    mistake("/25", with_network(cidr="10.0.0.0/25"), "network.cidr", "runs out of pod addresses", "10.0.0.0/16"),
    mistake("/28", with_network(cidr="10.0.0.0/28"), "network.cidr", "runs out of pod addresses", "10.0.0.0/16"),
    mistake("host bits", with_network(cidr="10.0.0.1/16"), "network.cidr", "no host bits set", "10.0.0.0/16"),
    mistake("no prefix length", with_network(cidr="10.0.0.0"), "network.cidr", "CIDR notation", "10.0.0.0/16"),
    mistake("netmask", with_network(cidr="10.0.0.0/255.255.0.0"), "network.cidr", "CIDR notation", "10.0.0.0/16"),
    mistake("wildcard mask", with_network(cidr="10.0.0.0/0.0.255.255"), "network.cidr", "CIDR notation", "/16"),
    mistake("leading zeros", with_network(cidr="010.0.0.0/16"), "network.cidr", "CIDR notation", "10.0.0.0/16"),
    mistake("padded length", with_network(cidr="10.0.0.0/016"), "network.cidr", "CIDR notation", "10.0.0.0/16"),
    mistake("short form", with_network(cidr="10.0/16"), "network.cidr", "CIDR notation", "10.0.0.0/16"),
    mistake("IPv6", with_network(cidr="fd00::/48"), "network.cidr", "IPv4", "10.0.0.0/16"),
    mistake("public", with_network(cidr="8.8.0.0/16"), "network.cidr", "private (RFC 1918) or shared", "172.16.0.0/12"),
    mistake("loopback", with_network(cidr="127.0.0.0/16"), "network.cidr", "private (RFC 1918)", "172.16.0.0/12"),
    mistake("link-local", with_network(cidr="169.254.0.0/16"), "network.cidr", "private (RFC 1918)", "172.16.0.0/12"),
    mistake("this network", with_network(cidr="0.0.0.0/16"), "network.cidr", "private (RFC 1918)", "172.16.0.0/12"),
    mistake("reserved", with_network(cidr="240.0.0.0/16"), "network.cidr", "private (RFC 1918)", "172.16.0.0/12"),
    mistake("documentation", with_network(cidr="203.0.113.0/24"), "network.cidr", "private", "172.16.0.0/12"),
    mistake("no zone", with_network(zones=()), "network.zones", "EKS needs 2 zones", '("a", "b", "c")'),
    mistake("one zone", with_network(zones=("a",)), "network.zones", "EKS needs 2 zones", '("a", "b", "c")'),
    mistake("seven zones", with_network(zones=tuple("abcdefg")), "network.zones", "at most 6", '("a", "b", "c")'),
    mistake("repeated zone", with_network(zones=("a", "b", "a")), "network.zones", "no duplicate", "repeated"),
    mistake(
        "name of a zone", with_network(zones=("us-west-2a", "b")), "network.zones[0]", "by its letter", 'write "a"'
    ),
    mistake("capital zone", with_network(zones=("a", "B")), "network.zones[1]", "by its letter", 'write "a"'),
    mistake(
        "5 zones in /24", with_network(cidr="10.0.0.0/24", zones=tuple("abcde")), "network.zones", "do not fit", "fewer"
    ),
    mistake(
        "6 zones in /23", with_network(cidr="10.0.0.0/23", zones=tuple("abcdef")), "network.zones", "not fit", "larger"
    ),
    mistake(
        "endpoints beside six zones",
        with_network(cidr="10.0.0.0/22", zones=tuple("abcdef"), interface_endpoints=("sts",)),
        "network.zones",
        "do not fit",
        "larger",
    ),
    mistake(
        "more endpoints than addresses",
        with_network(cidr="10.0.0.0/21", interface_endpoints=tuple(f"service-{n}" for n in range(12))),
        "network.cidr",
        "12 endpoints (service-0, service-1,",
        "/20 or larger",
    ),
    mistake(
        "a zone of the control plane gone",
        with_network(zones=("a", "b"), control_plane_zones=("a", "b", "c")),
        "network.control_plane_zones",
        "keeps a subnet in each of its zones",
        "keep c in zones",
    ),
    mistake(
        "pods in the first range",
        with_network(pod_cidr="10.0.0.0/17"),
        "network.pod_cidr",
        "overlaps 10.0.0.0/16",
        "100.64.0.0/16",
    ),
    mistake(
        "pods in a range that AWS adds to no such VPC",
        with_network(pod_cidr="192.168.0.0/16"),
        "network.pod_cidr",
        "adds no such range to a VPC of 10.0.0.0/16",
        "10.0.0.0/8 or 100.64.0.0/10",
    ),
    mistake("a small range for pods", with_network(pod_cidr="100.64.0.0/25"), "network.pod_cidr", "/16 to", "10.0.0.0"),
    mistake(
        "Services among pods",
        changed(with_network(cidr="172.16.0.0/16", pod_cidr="172.20.0.0/16")),
        "cluster.service_cidr",
        "outside the VPC (172.20.0.0/16)",
        "another private range",
    ),
    mistake(
        "Auto Mode's pods",
        changed(with_network(pod_cidr="100.64.0.0/16"), compute=(AutoMode(),), addons=()),
        "network.pod_cidr",
        "built-in node pools",
        "leave pod_cidr out",
    ),
    *(
        mistake(what, with_network(nat=nat, routes=routes), f"network.routes[{at}]{field}", rule, fix)
        for what, nat, routes, at, field, rule, fix in (
            ("inside of the VPC", "one", (Route("10.0.4.0/24", HUB),), 0, ".to", "VPC itself", "outside of it"),
            ("the VPC", "one", (Route("10.0.0.0/16", HUB),), 0, ".to", "VPC itself", "one that holds it"),
            ("two ways out", "one", (Route("0.0.0.0/0", HUB),), 0, ".to", "already", 'nat="none"'),
            ("out by peering", "none", (Route("0.0.0.0/0", PEER),), 0, ".to", "no farther", "TransitGateway"),
            ("twice", "one", (Route("10.0.0.0/8", HUB), Route("10.0.0.0/8", PEER)), 1, ".to", "duplicate", "remove"),
            ("IPv6 in IPv4", "one", (Route("2001:db8::/32", HUB),), 0, ".to", "no IPv6", "ipv6=True"),
            ("host bits", "one", (Route("10.0.0.1/8", HUB),), 0, ".to", "host bits", "10.9.0.0/16"),
            ("credentials", "one", (Route("169.254.0.0/16", HUB),), 0, ".to", "must hold no address", "no wider"),
            ("id", "one", (Route("10.0.0.0/8", TransitGateway("gw-1")),), 0, ".via.id", "transit gateway", "tgw-0a"),
            ("peer", "one", (Route("10.0.0.0/8", PeeringConnection("1")),), 0, ".via.id", "peering", "pcx-0a"),
        )
    ),
    mistake(
        "repeated endpoint",
        with_network(interface_endpoints=("sts", "ec2", "sts")),
        "network.interface_endpoints",
        "no duplicate",
        "remove",
    ),
    mistake(
        "ARN of an endpoint",
        with_network(interface_endpoints=("com.amazonaws.us-west-2.sts:443",)),
        "network.interface_endpoints[0]",
        "name of an AWS service",
        '"ecr.api"',
    ),
    mistake(
        "retention", with_network(flow_log_retention_days=91), "network.flow_log_retention_days", "CloudWatch", "120"
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_a_wrong_field_hides_no_other_rule() -> None:
    wrong = with_network(cidr="8.8.8.8/28", zones=("a", "a", "?"), nat="none", flow_log_retention_days=8)
    assert places(wrong) == [
        "network.cidr",
        "network.zones",
        "network.zones[2]",
        "network.flow_log_retention_days",
    ]


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "172.31.0.0/20", "192.168.128.0/18", "100.64.0.0/16", "10.0.5.0/24"])
def test_private_and_shared_ranges_are_right(cidr: str) -> None:
    assert problems_in(NewNetwork(cidr=cidr)) == []


@pytest.mark.parametrize(
    ("cidr", "private", "public"), [("10.0.0.0/16", 19, 24), ("10.0.0.0/20", 23, 28), ("10.0.0.0/24", 27, 28)]
)
def test_sizes_of_subnets(cidr: str, private: int, public: int) -> None:
    assert NewNetwork(cidr=cidr).prefixes == {"private": private, "public": public, "control-plane": 28}


def test_subnets_of_the_default_network() -> None:
    found = subnets(NewNetwork(cidr="10.0.0.0/16"), "us-west-2")
    assert [(subnet.kind, subnet.zone, subnet.cidr) for subnet in found] == [
        ("private", "us-west-2a", "10.0.0.0/19"),
        ("private", "us-west-2b", "10.0.32.0/19"),
        ("private", "us-west-2c", "10.0.64.0/19"),
        ("public", "us-west-2a", "10.0.192.0/24"),
        ("public", "us-west-2b", "10.0.193.0/24"),
        ("public", "us-west-2c", "10.0.194.0/24"),
        ("control-plane", "us-west-2a", "10.0.198.0/28"),
        ("control-plane", "us-west-2b", "10.0.198.16/28"),
        ("control-plane", "us-west-2c", "10.0.198.32/28"),
    ]


def test_endpoints_stand_at_the_end_in_subnets_that_move_no_other() -> None:
    """Of which AWS keeps five addresses: https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html"""
    without = subnets(NewNetwork(cidr="10.0.0.0/16"), "us-west-2")
    found = subnets(NewNetwork(cidr="10.0.0.0/16", interface_endpoints=("sts",)), "us-west-2")
    assert found[: len(without)] == without
    behind = [(each.kind, each.zone, each.cidr) for each in found[len(without) :]]
    assert behind == [
        ("endpoints", "us-west-2a", "10.0.255.224/27"),
        ("endpoints", "us-west-2b", "10.0.255.192/27"),
        ("endpoints", "us-west-2c", "10.0.255.160/27"),
    ]
    assert NewNetwork(cidr="10.0.0.0/16").most_endpoints == 32 - 5
    assert NewNetwork(cidr="10.0.0.0/21").most_endpoints == 16 - 5


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.0.0/19", "10.0.0.0/21", "10.0.0.0/22", "10.0.0.0/24"])
def test_subnets_of_endpoints_overlap_no_others(cidr: str) -> None:
    ranges = [
        ipaddress.IPv4Network(each.cidr)
        for each in subnets(NewNetwork(cidr=cidr, nat="none"), "us-west-2")  # of three zones
    ]
    assert not any(one.overlaps(other) for one, other in pairwise(sorted(ranges)))
    assert all(each.subnet_of(ipaddress.IPv4Network(cidr)) for each in ranges)


@pytest.mark.parametrize("cidr", ["100.64.0.0/16", "10.1.0.0/24"])
def test_pods_have_an_eighth_of_their_range_in_each_zone(cidr: str) -> None:
    found = [each for each in subnets(NewNetwork("10.0.0.0/16", pod_cidr=cidr), "us-west-2") if each.kind == "pods"]
    eighths = list(ipaddress.IPv4Network(cidr).subnets(prefixlen_diff=3))
    assert [(each.zone[-1], each.cidr) for each in found] == [
        (zone, str(eighth)) for zone, eighth in zip("abc", eighths, strict=False)
    ]
    assert NewNetwork("10.0.0.0/16", pod_cidr=cidr).cidrs == ("10.0.0.0/16", cidr)


def test_the_smallest_network_with_four_zones_is_full() -> None:
    found = subnets(NewNetwork(cidr="10.0.0.0/24", zones=tuple("abcd")), "us-west-2")
    assert sum(ipaddress.ip_network(subnet.cidr).num_addresses for subnet in found) == 256
    assert found[-1].cidr == "10.0.0.240/28"


@pytest.mark.parametrize(
    ("cidr", "nat"),
    [("10.0.0.0/16", "one"), ("10.0.0.0/16", "none"), ("10.0.0.0/19", "none"), ("10.0.0.0/22", "one")],
)
def test_a_zone_added_later_moves_no_other_subnet(cidr: str, nat: Literal["none", "one"]) -> None:
    """Moved subnets would be replaced, and EKS and load balancers stand in them."""
    before = subnets(NewNetwork(cidr=cidr, zones=("a", "b"), nat=nat), "us-west-2")
    after = subnets(NewNetwork(cidr=cidr, zones=tuple("abcdef"), nat=nat), "us-west-2")
    assert set(before) < set(after)
    ranges = sorted(ipaddress.IPv4Network(subnet.cidr) for subnet in after)
    assert not any(one.overlaps(other) for one, other in pairwise(ranges))
    assert all(each.subnet_of(ipaddress.IPv4Network(cidr)) for each in ranges)


def test_a_hub_is_a_way_to_the_internet_and_a_company_is_not() -> None:
    """So endpoints are derived for the second alone."""
    hub, company = (plan(with_network(nat="none", routes=(Route(to, HUB),))) for to in ("0.0.0.0/0", "10.0.0.0/8"))
    assert (hub.facts.internet, hub.network.interface_endpoints) == (True, ())
    assert (company.facts.internet, "ecr.api" in company.network.interface_endpoints) == (False, True)
    assert [(each.to, each.via, each.kind) for each in hub.network.routes] == [("0.0.0.0/0", HUB.id, "transit-gateway")]
    assert hub.network.transit_gateways == (HUB.id,)
    peered = plan(with_network(nat="one", routes=(Route("10.1.0.0/16", PEER),))).network
    assert (peered.transit_gateways, peered.routes[0].kind) == ((), "peering-connection")
