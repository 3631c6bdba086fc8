"""Local Zones: where nodes and their load balancers may stand, and nothing else.

Names are those of https://docs.aws.amazon.com/local-zones/latest/ug/available-local-zones.html; that EKS puts nothing
of its own there: https://docs.aws.amazon.com/eks/latest/userguide/local-zones.html.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from blueprint import Blueprint, ExistingSubnet, FargateProfile, plan
from blueprint.errors import BlueprintError
from blueprint.fargate import FargateSelector
from blueprint.planning.document import NodeGroup, Plan
from blueprint.planning.file import dumped, loaded
from blueprint.teams import FromLoadBalancer
from blueprint.zones import in_region, is_local, written
from examples.local_zone import LOCAL_ZONE
from tests.blueprint.examples import SMALL, TABLE, TEAM, assert_reported, changed, mistake, part, with_network
from tests.blueprint.test_existing_network import NODES, PODS, PUBLIC, existing

LAX, DEN = "us-west-2-lax-1a", "us-west-2-den-1a"
THERE = ExistingSubnet("subnet-" + "c" * 17, LAX, "10.0.140.0/24")
THERE_PUBLIC = ExistingSubnet("subnet-" + "d" * 17, LAX, "10.0.141.0/24")


def nodes_in(*zones: str, **fields: Any) -> Blueprint:
    """SMALL, whose group stands there."""
    network = changed(SMALL.network, local_zones=(LAX,))
    return changed(SMALL, network=network, compute=(changed(SMALL.compute[0], zones=zones, **fields),))


def fargate_in(zone: str) -> Blueprint:
    profile = FargateProfile("jobs", selectors=(FargateSelector("jobs"),), zones=(zone,))
    return changed(SMALL, network=changed(SMALL.network, local_zones=(LAX,)), compute=(*SMALL.compute, profile))


MISTAKES = [
    mistake("a letter", with_network(local_zones=("a",)), "network.local_zones[0]", "name of a Local Zone", "lax-1a"),
    mistake("its id", with_network(local_zones=("usw2-lax1-az1",)), "network.local_zones[0]", "name of a", "lax-1a"),
    mistake(
        "Wavelength",
        with_network(local_zones=("us-west-2-wl1-las-wlz-1",)),
        "network.local_zones[0]",
        "must be the name of a Local Zone",
        "us-west-2-lax-1a",
    ),
    mistake(
        "another region's",
        with_network(local_zones=("us-east-1-bos-1a",)),
        "network.local_zones[0]",
        "is no Local Zone of us-west-2",
        "write one of us-west-2",
    ),
    mistake("among the region's", with_network(zones=("a", "b", LAX)), "network.zones[2]", "by its letter", '"a"'),
    mistake(
        "of the control plane",
        with_network(control_plane_zones=("a", LAX)),
        "network.control_plane_zones[1]",
        "by its letter in the region",
        '"usw2-az1"',
    ),
    mistake(
        "five",
        with_network(local_zones=tuple(f"us-west-2-{city}-1a" for city in ("lax", "den", "las", "phx", "sea"))),
        "network.local_zones",
        "at most 4",
        "",
    ),
    mistake(
        "no room",
        with_network(cidr="10.0.0.0/22", local_zones=(LAX,)),
        "network.local_zones",
        "do not fit into 10.0.0.0/22 beside the others",
        "a larger range",
    ),
    mistake(
        "no room beside endpoints",
        with_network(
            cidr="10.0.0.0/20",
            nat="none",
            local_zones=(LAX, DEN, "us-west-2-las-1a", "us-west-2-phx-2a"),
        ),
        "network.local_zones",
        "4 Local Zones do not fit into 10.0.0.0/20",
        "take fewer",
    ),
    mistake(
        "a range of pods",
        with_network(pod_cidr="100.64.0.0/16", local_zones=(LAX,)),
        "network.local_zones",
        "pods of nodes in Local Zones would get no addresses",
        "local_zones and pod_cidr",
    ),
    mistake(
        "IPv6",
        changed(
            with_network(ipv6=True, local_zones=(LAX,)),
            cluster=changed(SMALL.cluster, ip_family="ipv6"),
        ),
        "network.local_zones[0]",
        "few Local Zones have",
        'ip_family="ipv4"',
    ),
    mistake("a zone without subnets", nodes_in(DEN), "compute[0].zones", "no subnet for nodes in " + DEN, LAX),
    mistake("both kinds", nodes_in("a", LAX), "compute[0].zones", "whose instance types differ", f"take {LAX} into"),
    mistake("speed", nodes_in(LAX, disk_iops=4000), "compute[0].disk_iops", "volumes in Local Zones are gp2", "more"),
    mistake(
        "throughput",
        nodes_in(LAX, disk_throughput_mib=200),
        "compute[0].disk_throughput_mib",
        "follows from the size",
        "leave it out",
    ),
    mistake("Fargate", fargate_in(LAX), "compute[1].zones[0]", "by its letter", "usw2-az1"),
    mistake(
        "EKS in one that is there",
        existing(nodes=(*NODES, THERE), control_plane=(*NODES, THERE)),
        "network.control_plane[2].zone",
        "in Local Zones stand nodes and their load balancers alone",
        "one of the region's zones",
    ),
    mistake(
        "one zone of the region beside it",
        existing(nodes=(NODES[0], THERE)),
        "network.nodes",
        "EKS needs subnets of two zones",
        "add a subnet of another zone",
    ),
    mistake(
        "pods of one that is there",
        existing(nodes=(*NODES, THERE), pods=PODS),
        "network.nodes[2].zone",
        "would get no addresses",
        "or pods",
    ),
    mistake(
        "another region's that is there",
        existing(nodes=(*NODES, changed(THERE, zone="eu-central-1-ham-1a"))),
        "network.nodes[2].zone",
        "is no Local Zone of us-west-2",
        "leave it out",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_names_of_local_zones_alone_are_some() -> None:
    for name in (LAX, "us-east-1-bos-1a", "ap-southeast-1-mnl-1a", "us-west-2-phx-2a", "eu-central-1-waw-1a"):
        assert is_local(name)
        assert in_region(name, "us-west-2") == written(name) == name
    for other in ("a", "us-west-2a", "usw2-az1", "usw2-lax1-az1", "us-west-2-wl1-las-wlz-1", "us-west-2-lax-1"):
        assert not is_local(other)


@pytest.mark.parametrize("cidr", ["10.0.0.0/16", "10.0.0.0/18", "10.0.0.0/20", "10.0.0.0/21"])
@pytest.mark.parametrize("nat", ["none", "one"])
def test_subnets_there_move_no_other(cidr: str, nat: str) -> None:
    """And nothing overlaps, which EC2 refuses (InvalidSubnet.Conflict)."""
    base = with_network(cidr=cidr, nat=nat, zones=("a", "b"))
    two = plan(with_network(cidr=cidr, nat=nat, zones=("a", "b"), local_zones=(LAX, DEN)))
    assert {*plan(base).network.subnets} < {*two.network.subnets}
    one = plan(with_network(cidr=cidr, nat=nat, zones=("a", "b", "c"), local_zones=(LAX,))).network
    assert [each for each in two.network.of_kind("local") if each.zone == LAX] == [*one.of_kind("local")]
    for network in (one, two.network):
        ranges = [ipaddress.ip_network(each.cidr) for each in network.subnets]
        assert not [pair for pair in combinations(ranges, 2) if pair[0].overlaps(pair[1])]
        assert all(each.subnet_of(ipaddress.ip_network(cidr)) for each in ranges)  # type: ignore[arg-type]  # all of IPv4


def local_and_regional(made: Plan) -> None:
    """What holds of both kinds of networks."""
    assert not any(map(is_local, made.network.zones))
    assert not any(is_local(each.zone) for each in (*made.control_plane.subnets, *made.network.internal_load_balancers))
    assert not {each.id for each in made.network.of_kind("local")} & {*made.facts.node_subnets}
    assert {each.cidr for each in made.network.of_kind("local-public")} < {*made.facts.load_balancer_ranges}
    assert loaded(dumped(made)) == made


def test_what_is_of_the_region_stays_there() -> None:
    local_and_regional(plan(LOCAL_ZONE))
    there = existing(nodes=(*NODES, THERE), load_balancers=(*PUBLIC, THERE_PUBLIC))
    there = replace(there, compute=(*there.compute, changed(there.compute[0], name="edge", zones=(LAX,))))
    made = plan(there)
    local_and_regional(made)
    assert [(each.kind, each.id) for each in made.network.subnets if each.zone == LAX] == [
        ("local", THERE.id),
        ("local-public", THERE_PUBLIC.id),
    ]
    assert made.facts.local_load_balancers == ((LAX, THERE_PUBLIC.id),)


def test_zones_of_the_region_may_have_ids_beside_it() -> None:
    given = [(*NODES, THERE), (*PUBLIC, THERE_PUBLIC)]
    ids = {"a": "usw2-az1", "b": "usw2-az2", LAX: LAX}
    nodes, public = (tuple(changed(each, zone=ids[each.zone]) for each in found) for found in given)
    made = plan(existing(nodes=nodes, load_balancers=public))
    assert made.network.zones == ("usw2-az1", "usw2-az2")


def test_groups_without_zones_stay_in_the_region_and_others_have_gp2() -> None:
    """awslabs/amazon-eks-ami#1295: "Volume type gp3 is only available in some AWS Local Zones"."""
    groups = {each.name: each for each in plan(LOCAL_ZONE).compute if isinstance(each, NodeGroup)}
    assert {name: group.zones for name, group in groups.items()} == {"system": (), "edge": (LAX,), "video": (LAX,)}
    types = {name: {volume.type for volume in group.launch.volumes} for name, group in groups.items()}
    assert types == {"system": {"gp3"}, "edge": {"gp2"}, "video": {"gp2"}}


def test_each_local_zone_has_a_class_of_ingresses() -> None:
    """aws-load-balancer-controller v3.5.0 apis/elbv2/v1beta1/ingressclassparams_types.go (SubnetSelector.IDs): load
    balancers of an Ingress stand in subnets of one locale, and one is enough in a Local Zone
    (pkg/networking/subnet_resolver.go, computeSubnetsMinimalCount).
    """
    there = existing(load_balancers=(*PUBLIC, THERE_PUBLIC))
    made = plan(replace(there, addons=(*CORE, AwsLoadBalancerController())))
    objects = part(made, "aws-load-balancer-controller").objects
    params, own = (each for each in objects if each["metadata"]["name"] == f"alb-{LAX}")
    assert params["spec"]["subnets"] == {"ids": (THERE_PUBLIC.id,)}
    assert own["spec"]["parameters"] == {
        "apiGroup": "elbv2.k8s.aws",
        "kind": params["kind"],
        "name": params["metadata"]["name"],
    }


def test_a_team_lets_load_balancers_there_in() -> None:
    team = changed(TEAM, network=(FromLoadBalancer(ports=(8080,)),))
    made = plan(changed(with_network(local_zones=(LAX,)), teams=(team,)))
    (public,) = made.network.of_kind("local-public")
    policies = [each for each in part(made, TEAM.name).objects if each["kind"] == "NetworkPolicy"]
    assert any(public.cidr in str(each) for each in policies)


def test_one_mistake_in_a_subnet_is_one_problem() -> None:
    with pytest.raises(BlueprintError) as raised:
        plan(existing(nodes=(*NODES, changed(THERE, zone="us-west-2-la-1a"))))
    (problem,) = raised.value.problems
    assert problem.path[1:] == ("network", "nodes", 2, "zone")
