"""A second range of the VPC, of which each zone has a subnet for pods."""

from __future__ import annotations

import json

import pytest

from blueprint.planning.planner import plan
from examples.managed import MANAGED
from examples.pod_ranges import POD_RANGES
from tests.stacks.contents import contents
from tests.templates import Template, of_type, synthesized
from tools.assembly import read, text
from tools.doctor.checks.needs import types_of

PLAN = plan(POD_RANGES)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Judged by all rules."""
    return synthesized([PLAN], tmp_path_factory.mktemp("pods"), validate=True)["pod-ranges", "network"]


def test_subnets_are_those_of_the_plan_and_stand_after_their_range(network: Template) -> None:
    ((id, block),) = of_type(network, "AWS::EC2::VPCCidrBlock").items()
    assert block["Properties"]["CidrBlock"] == "100.64.0.0/16"
    subnets = of_type(network, "AWS::EC2::Subnet").values()
    made = [each for each in subnets if {"Key": "aws-cdk:subnet-name", "Value": "pods"} in each["Properties"]["Tags"]]
    assert [(each["Properties"]["AvailabilityZoneId"], each["Properties"]["CidrBlock"]) for each in made] == [
        ("usw2-az1", "100.64.0.0/19"),
        ("usw2-az2", "100.64.32.0/19"),
    ]
    for each in made:
        assert each["DependsOn"] == [id]
        assert each["Properties"]["MapPublicIpOnLaunch"] is False
        assert "kubernetes.io/role" not in json.dumps(each)


def test_zones_by_id_have_no_name(network: Template) -> None:
    """A subnet that is given both is refused: CfnSubnet's documentation (availabilityZoneId)."""
    found = [each["Properties"] for each in of_type(network, "AWS::EC2::Subnet").values()]
    assert [each["AvailabilityZoneId"] for each in found] == ["usw2-az1", "usw2-az2"] * (len(found) // 2)
    assert not any("AvailabilityZone" in each for each in found)


def test_they_have_the_routes_of_the_nodes_in_their_zone(network: Template) -> None:
    links = [each["Properties"] for each in of_type(network, "AWS::EC2::SubnetRouteTableAssociation").values()]
    tables = {each["SubnetId"]["Ref"]: each["RouteTableId"]["Ref"] for each in links}
    subnets = {id: each["Properties"] for id, each in of_type(network, "AWS::EC2::Subnet").items()}
    by_zone: dict[tuple[str, str], str] = {}
    for id, table in tables.items():
        (kind,) = (tag["Value"] for tag in subnets[id]["Tags"] if tag["Key"] == "aws-cdk:subnet-name")
        by_zone[kind, subnets[id]["AvailabilityZoneId"]] = table
    for zone in ("usw2-az1", "usw2-az2"):
        assert by_zone["pods", zone] == by_zone["private", zone]
    assert by_zone["pods", "usw2-az1"] != by_zone["pods", "usw2-az2"]


def test_the_add_on_refers_to_them(tmp_path_factory: pytest.TempPathFactory) -> None:
    out = tmp_path_factory.mktemp("refers")
    templates = synthesized([PLAN], out)
    exports = {
        each["Export"]["Name"]: each["Value"]["Ref"] for each in templates["pod-ranges", "network"]["Outputs"].values()
    }
    addons = of_type(templates["pod-ranges", "cluster"], "AWS::EKS::Addon").values()
    (cni,) = (each["Properties"] for each in addons if each["Properties"]["AddonName"] == "vpc-cni")
    told = json.loads(text(cni["ConfigurationValues"]))["eniConfig"]["subnets"]
    named = {zone: exports[each["id"].removeprefix("${").removesuffix("}")] for zone, each in told.items()}
    assert named == {"usw2-az1": "PodSubnet1", "usw2-az2": "PodSubnet2"}
    assert {each.kind for each in contents(read(out)["pod-ranges"]).subnets} >= {"pods", "private"}
    assert "AWS::EC2::VPCCidrBlock" in {*types_of(PLAN)}
    assert "AWS::EC2::VPCCidrBlock" not in {*types_of(plan(MANAGED))}
