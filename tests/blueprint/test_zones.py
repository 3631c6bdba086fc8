"""Availability zones by letter and by id. Ids of zones are those that moto keeps of each region."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from moto.ec2.models.availability_zones_and_regions import RegionsAndZonesBackend

from blueprint import Blueprint, NewNetwork, plan
from blueprint.errors import BlueprintError
from blueprint.planning.document import NodeGroup
from blueprint.references import subnet_id
from blueprint.regions import REGIONS
from blueprint.zones import id_prefix
from tests.blueprint.examples import SMALL, TABLE, assert_reported, changed, mistake, part, places, with_network
from tests.blueprint.test_existing_network import NODES, OF_EKS, PODS, PUBLIC, existing

ZONES = {region: [zone.zone_id for zone in zones] for region, zones in RegionsAndZonesBackend.zones.items()}
IDS = ("usw2-az1", "usw2-az2")


@pytest.mark.parametrize("region", [region for region in REGIONS if region in ZONES])
def test_every_zone_of_a_region_is_taken_and_no_other_s(region: str) -> None:
    """But those that EKS does not use."""
    two = [zone for zone in ZONES[region] if zone not in ("use1-az3", "usw1-az2", "cac1-az3")]
    network = changed(SMALL.network, zones=tuple(two))
    made = plan(replace(SMALL, region=region, network=network))
    assert {subnet.zone for subnet in made.network.subnets} == {*two} == {*made.network.zones}
    other = "us-west-2" if region != "us-west-2" else "us-east-1"
    with pytest.raises(BlueprintError) as raised:
        plan(replace(SMALL, region=other, network=network))
    assert [problem.path[-1] for problem in raised.value.problems] == list(range(len(two)))
    assert f'write for example "{ZONES[other][0].partition("-")[0]}-az1"' in raised.value.problems[0].fix


@pytest.mark.parametrize("region", ["", "eusc-de-east-1", "us-iso-east-1", "us-isob-west-1"])
def test_of_other_partitions_nobody_knows_how_ids_begin(region: str) -> None:
    assert id_prefix(region) == ""


def there(**zones: str) -> Blueprint:
    """Subnets whose zones are these, by field and place."""
    given = {"nodes": NODES, "load_balancers": PUBLIC, "control_plane": OF_EKS}
    placed: dict[str, Any] = {
        field: tuple(
            changed(each, zone=zones.get(f"{field}_{place}", f"usw2-az{place + 1}")) for place, each in enumerate(found)
        )
        for field, found in given.items()
    }
    return existing(**placed)


def in_region(region: str, *zones: str, **fields: Any) -> Blueprint:
    return replace(with_network(zones=zones, **fields), region=region)


MISTAKES = [
    mistake("letters and ids", with_network(zones=("a", "usw2-az2")), "network.zones", "may be the same", "all as ids"),
    mistake(
        "letters of the control plane",
        with_network(zones=IDS, control_plane_zones=("a", "b")),
        "network.control_plane_zones",
        "may be the same zone",
        "write all as letters, or all as ids",
    ),
    mistake("capitals", with_network(zones=("USW2-AZ1", "usw2-az2")), "network.zones[0]", "or by its id", '"usw2-az1"'),
    mistake("number", with_network(zones=("usw2-1", "usw2-az2")), "network.zones[0]", "or by its id", "usw2-az1"),
    mistake("local zone", with_network(zones=(*IDS, "usw2-lax1-az1")), "network.zones[2]", "or by its id", "usw2-az1"),
    mistake(
        "no control plane",
        in_region("us-east-1", "use1-az1", "use1-az3"),
        "network.zones[1]",
        "EKS puts no control plane",
        "or name others in control_plane_zones",
    ),
    mistake(
        "no control plane where it is said",
        in_region("us-west-1", "usw1-az1", "usw1-az2", control_plane_zones=("usw1-az1", "usw1-az2")),
        "network.control_plane_zones[1]",
        "EKS puts no control plane",
        "take another zone",
    ),
    mistake("an id among letters", there(nodes_1="b"), "network.nodes[1].zone", "may be the same zone", "all as ids"),
    mistake(
        "a zone of another region",
        there(load_balancers_0="use1-az1"),
        "network.load_balancers[0].zone",
        "is no zone of us-west-2, whose ids begin with usw2-",
        '"usw2-az1"',
    ),
    mistake(
        "no control plane in a subnet that is there",
        replace(
            there(
                nodes_0="cac1-az1",
                nodes_1="cac1-az2",
                control_plane_0="cac1-az1",
                control_plane_1="cac1-az3",
                load_balancers_0="cac1-az1",
                load_balancers_1="cac1-az2",
            ),
            region="ca-central-1",
        ),
        "network.control_plane[1].zone",
        "EKS puts no control plane",
        "take another zone",
    ),
]


@pytest.mark.parametrize(TABLE, MISTAKES)
def test_mistakes(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


def test_nodes_may_stand_where_no_control_plane_is() -> None:
    """The page speaks of the subnets that a cluster is created with: network-reqs.adoc (cluster-subnets)."""
    zones = ("use1-az1", "use1-az2", "use1-az3")
    made = plan(in_region("us-east-1", *zones, control_plane_zones=zones[:2]))
    assert {subnet.zone for subnet in made.control_plane.subnets} == {*zones[:2]}
    assert {subnet.zone for subnet in made.network.of_kind("private")} == {*zones}


def test_nodes_name_zones_as_the_network_does() -> None:
    cluster = with_network(zones=IDS)
    for base, zones in ((cluster, IDS[:1]), (SMALL, ("a",))):
        made = plan(changed(base, compute=(changed(SMALL.compute[0], zones=zones),)))
        (group,) = made.compute
        assert isinstance(group, NodeGroup)
        assert {*group.zones} < {subnet.zone for subnet in made.network.of_kind("private")}
    wrong = changed(cluster, compute=(changed(SMALL.compute[0], zones=("a",)),))
    assert_reported(wrong, "compute[0].zones", "no subnet for nodes in a", "write some of usw2-az1, usw2-az2")


def test_a_subnet_in_two_places_is_one_mistake() -> None:
    one = changed(NODES[0], zone="usw2-az1")
    nodes = (one, changed(NODES[1], zone="usw2-az2"))
    assert places(existing(load_balancers=(), nodes=nodes, control_plane=NODES)) == ["network.control_plane[0].zone"]


def test_references_and_pods_follow_ids() -> None:
    """The label is on nodes since Kubernetes 1.30: amazon-eks-user-guide, kubernetes-versions-standard.adoc;
    karpenter-provider-aws v1.9.2 pkg/apis/v1/labels.go:174 (LabelTopologyZoneID).
    """
    made = plan(replace(SMALL, network=NewNetwork("10.0.0.0/16", zones=IDS, pod_cidr="100.64.0.0/16")))
    (addon,) = part(made, "vpc-cni").managed_addons
    assert addon.configuration["env"]["ENI_CONFIG_LABEL_DEF"] == "topology.k8s.aws/zone-id"
    told = addon.configuration["eniConfig"]["subnets"]
    assert {zone: each["id"] for zone, each in told.items()} == {zone: subnet_id("pods", zone) for zone in IDS}
    pods = tuple(changed(each, zone=zone) for each, zone in zip(PODS, IDS, strict=True))
    nodes = tuple(changed(each, zone=zone) for each, zone in zip(NODES, IDS, strict=True))
    (addon,) = part(plan(existing(nodes=nodes, pods=pods, load_balancers=())), "vpc-cni").managed_addons
    assert [*addon.configuration["eniConfig"]["subnets"]] == [*IDS]
