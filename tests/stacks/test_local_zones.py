"""Subnets in a Local Zone, and nodes in them."""

from __future__ import annotations

import json

import pytest

from blueprint.planning.planner import plan
from examples.local_zone import LOCAL_ZONE
from tests.templates import Template, of_type, synthesized

ZONE = "us-west-2-lax-1a"
Templates = dict[tuple[str, str], Template]


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Judged by all rules."""
    return dict(synthesized([plan(LOCAL_ZONE)], tmp_path_factory.mktemp("local"), validate=True))


def subnets(network: Template) -> dict[str, dict[str, str]]:
    """By logical id."""
    found = {}
    for id, each in of_type(network, "AWS::EC2::Subnet").items():
        given = each["Properties"]
        (kind,) = (tag["Value"] for tag in given["Tags"] if tag["Key"] == "aws-cdk:subnet-name")
        found[id] = {"kind": kind, "zone": given["AvailabilityZone"], "tags": json.dumps(given["Tags"])}
    return found


def test_they_have_the_routes_of_the_first_zone(templates: Templates) -> None:
    """As OpenShift's installer makes them: okd.io, installing-aws-localzone, PrivateRouteTableId of a zone nearby."""
    network = templates["local-zone", "network"]
    links = [each["Properties"] for each in of_type(network, "AWS::EC2::SubnetRouteTableAssociation").values()]
    tables = {each["SubnetId"]["Ref"]: each["RouteTableId"]["Ref"] for each in links}
    by_place = {(each["kind"], each["zone"]): tables[id] for id, each in subnets(network).items()}
    assert by_place["local", ZONE] == by_place["private", "us-west-2a"] != by_place["private", "us-west-2b"]
    assert by_place["local-public", ZONE] == by_place["public", "us-west-2a"]


def test_load_balancer_controllers_find_none_there(templates: Templates) -> None:
    """They mix none with zones of the region: aws-load-balancer-controller v3.5.0 pkg/networking/subnet_resolver.go."""
    found = subnets(templates["local-zone", "network"]).values()
    tagged = {each["zone"] for each in found if "kubernetes.io/role" in each["tags"]}
    assert tagged == {"us-west-2a", "us-west-2b"}


def test_only_their_nodes_stand_there(templates: Templates) -> None:
    """EKS refuses subnets of Local Zones for a cluster, and puts no function or endpoint there."""
    network, cluster = (templates["local-zone", name] for name in ("network", "cluster"))
    local = {id for id, each in subnets(network).items() if each["zone"] == ZONE and each["kind"] == "local"}
    exports = {each["Export"]["Name"]: each["Value"].get("Ref") for each in network["Outputs"].values()}
    names = {name for name, id in exports.items() if id in local}
    assert names

    def here(value: object) -> bool:
        return any(f'"{name}"' in json.dumps(value) for name in names)

    groups = of_type(cluster, "AWS::EKS::Nodegroup").values()
    assert sorted(("Labels" in each["Properties"], here(each["Properties"]["Subnets"])) for each in groups) == [
        (False, False),
        (True, True),
    ]
    (group,) = of_type(cluster, "AWS::AutoScaling::AutoScalingGroup").values()
    assert here(group["Properties"]["VPCZoneIdentifier"])
    assert len(group["Properties"]["VPCZoneIdentifier"]) == 1
    (eks,) = of_type(cluster, "AWS::EKS::Cluster").values()
    assert not here(eks)
    assert not here(of_type(cluster, "AWS::Lambda::Function"))
    templates_of_nodes = of_type(cluster, "AWS::EC2::LaunchTemplate").values()
    kinds = sorted(
        sorted({each["Ebs"]["VolumeType"] for each in one["Properties"]["LaunchTemplateData"]["BlockDeviceMappings"]})
        for one in templates_of_nodes
    )
    assert kinds == [["gp2"], ["gp2"], ["gp3"]]


def test_its_class_names_the_subnet_that_is_made(templates: Templates) -> None:
    addons = json.dumps(templates["local-zone", "addons"])
    network = templates["local-zone", "network"]
    public = {id for id, each in subnets(network).items() if each["kind"] == "local-public"}
    (name,) = (each["Export"]["Name"] for each in network["Outputs"].values() if each["Value"].get("Ref") in public)
    assert name in addons
    assert f"alb-{ZONE}" in addons
