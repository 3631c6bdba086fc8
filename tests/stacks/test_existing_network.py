"""A VPC that is there already: templates name it, and do nothing else to it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint import Blueprint, ExistingNetwork, ExistingSubnet
from blueprint.addons.by_value import HelmRelease
from blueprint.planning.document import Plan, Subnet
from blueprint.planning.planner import plan
from blueprint.references import VPC_ID, resolved
from blueprint.zones import written
from examples.auto import AUTO
from examples.existing_vpc import EXISTING_VPC
from examples.fargate import FARGATE
from examples.isolated import ISOLATED
from examples.launched import LAUNCHED
from examples.managed import MANAGED
from examples.pod_ranges import POD_RANGES
from examples.self_managed import SELF_MANAGED
from examples.shared_vpc import SHARED_VPC
from tests.templates import Templates, of_type, synthesized
from tools.assembly import text
from tools.placeholders import placeholders

VPC = "vpc-0a1b2c3d4e5f60718"
OF_A_NETWORK = (
    "EIP",
    "FlowLog",
    "InternetGateway",
    "NatGateway",
    "Route",
    "RouteTable",
    "Subnet",
    "VPC",
    "VPCEndpoint",
)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    return synthesized([plan(EXISTING_VPC)], tmp_path_factory.mktemp("existing"))


def test_no_stack_is_about_the_network(templates: Templates) -> None:
    assert [stack for _, stack in templates] == ["cluster", "addons", "teams"]


def test_nothing_of_it_is_in_a_template(templates: Templates) -> None:
    for template in templates.values():
        for kind in OF_A_NETWORK:
            assert not of_type(template, f"AWS::EC2::{kind}"), kind


def test_each_stands_in_its_own_subnets(templates: Templates) -> None:
    network = EXISTING_VPC.network
    assert isinstance(network, ExistingNetwork)
    nodes = [each.id for each in network.nodes]
    template = templates["existing-vpc", "cluster"]
    (cluster,) = of_type(template, "AWS::EKS::Cluster").values()
    (group,) = of_type(template, "AWS::EKS::Nodegroup").values()
    assert cluster["Properties"]["ResourcesVpcConfig"]["SubnetIds"] == [each.id for each in network.control_plane]
    assert group["Properties"]["Subnets"] == nodes
    functions = of_type(template, "AWS::Lambda::Function").values()
    assert {json.dumps(each["Properties"]["VpcConfig"]["SubnetIds"]) for each in functions} == {json.dumps(nodes)}


def test_values_may_refer_to_it_as_to_one_that_is_made(tmp_path: Path) -> None:
    """`${blueprint:vpc-id}`, in whatever somebody writes."""
    chart = HelmRelease(
        "probe",
        chart="probe",
        repository="https://charts.example.com",
        version="1.0.0",
        namespace="probe",
        values={"vpc": f"in {VPC_ID}"},
    )
    made = plan(replace(EXISTING_VPC, addons=(*EXISTING_VPC.addons, chart)))
    releases = of_type(synthesized([made], tmp_path)["existing-vpc", "addons"], "Custom::AWSCDK-EKS-HelmChart")
    (values,) = (text(each["Properties"]["Values"]) for each in releases.values() if "probe" in str(each))
    assert json.loads(values) == {"vpc": f"in {made.network.vpc_id}"}
    assert resolved(VPC_ID, placeholders(made)) == made.network.vpc_id
    assert resolved(VPC_ID, placeholders(plan(MANAGED))) == "<vpc-id>"


def test_the_network_of_pods_is_told_before_the_first_node(tmp_path: Path) -> None:
    """The keys of the chart, as EKS hands them on: amazon-vpc-cni-k8s v1.22.4 charts/aws-vpc-cni/values.yaml."""
    (template,) = (
        each for (_, stack), each in synthesized([plan(EXISTING_VPC)], tmp_path).items() if stack == "cluster"
    )
    addons = of_type(template, "AWS::EKS::Addon")
    ((id, addon),) = ((id, each) for id, each in addons.items() if each["Properties"]["AddonName"] == "vpc-cni")
    told = json.loads(text(addon["Properties"]["ConfigurationValues"]))["eniConfig"]["subnets"]
    network = EXISTING_VPC.network
    assert isinstance(network, ExistingNetwork)
    assert told == {
        f"us-west-2{each.zone}": {"id": each.id, "securityGroups": ["${Cluster.ClusterSecurityGroupId}"]}
        for each in network.pods
    }
    for kind in ("AWS::EKS::Nodegroup", "AWS::AutoScaling::AutoScalingGroup"):
        for nodes in of_type(template, kind).values():
            assert id in nodes["DependsOn"]
    subnets = {json.dumps(each["Properties"]["Subnets"]) for each in of_type(template, "AWS::EKS::Nodegroup").values()}
    assert subnets == {json.dumps([each.id for each in network.nodes])}


def test_the_function_that_installs_knows_of_the_proxy(tmp_path: Path) -> None:
    """The handler runs kubectl, Helm and the AWS CLI, which read these variables; the framework around it calls Lambda
    and CloudFormation alone, by endpoints.
    """
    made = plan(SHARED_VPC)
    template = synthesized([made], tmp_path)["shared-vpc", "cluster"]
    told = {
        id: each["Properties"].get("Environment", {}).get("Variables", {})
        for id, each in of_type(template, "AWS::Lambda::Function").items()
    }
    (handler,) = (variables for variables in told.values() if "HTTPS_PROXY" in variables)
    assert {name: value for name, value in handler.items() if "PROXY" in name} == dict(made.facts.proxy_environment)
    assert len(told) > 1


# --- Moving there ---


def id_of(subnet: Subnet, subnets: tuple[Subnet, ...]) -> str:
    return f"subnet-{subnets.index(subnet):017x}"


def moved(blueprint: Blueprint, made: Plan) -> Blueprint:
    """The same cluster in the same network, which another stack, or nobody's, has in charge from now on."""
    subnets = made.network.subnets

    def existing(kind: str) -> tuple[ExistingSubnet, ...]:
        of_kind = (each for each in subnets if each.kind == kind)
        return tuple(ExistingSubnet(id_of(each, subnets), written(each.zone), each.cidr) for each in of_kind)

    apart = made.control_plane.subnets[0].kind == "control-plane"
    network = ExistingNetwork(
        VPC,
        made.network.cidrs,
        nodes=existing("private"),
        load_balancers=existing("public"),
        control_plane=existing("control-plane") if apart else (),
        pods=existing("pods"),
        endpoints=existing("endpoints"),
        internet=made.facts.internet,
        interface_endpoints=made.network.interface_endpoints,
    )
    return replace(blueprint, network=network)


def deployed(template: Any, exports: Mapping[str, str]) -> Any:
    """With what CloudFormation puts in the place of an import, and texts that it joins."""
    if isinstance(template, Mapping):
        if template.get("Fn::ImportValue") in exports:
            return exports[template["Fn::ImportValue"]]
        if "Fn::Join" in template:
            between, parts = template["Fn::Join"]
            return joined(between, [deployed(part, exports) for part in parts])
        return {key: deployed(item, exports) for key, item in template.items()}
    return [deployed(item, exports) for item in template] if isinstance(template, list) else template


def joined(between: str, parts: list[Any]) -> Any:
    merged: list[Any] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += between + part
        else:
            merged.append(part)
    return merged[0] if len(merged) == 1 and isinstance(merged[0], str) else {"Fn::Join": [between, merged]}


def exports_of(network: Mapping[str, Any], made: Plan) -> dict[str, str]:
    """What the network stack exports, if its VPC and subnets had these ids."""
    resources, subnets = network["Resources"], made.network.subnets
    by_range = {each.cidr: id_of(each, subnets) for each in subnets}
    found = {}
    for output in network["Outputs"].values():
        properties = resources[output["Value"]["Ref"]]["Properties"]
        subnet = {"AvailabilityZone", "AvailabilityZoneId"} & {*properties}
        id = by_range.get(properties["CidrBlock"], VPC) if subnet else VPC
        found[output["Export"]["Name"]] = id
    return found


KINDS = (MANAGED, LAUNCHED, SELF_MANAGED, FARGATE, AUTO, ISOLATED, POD_RANGES)


@pytest.mark.parametrize("blueprint", KINDS, ids=lambda each: each.name)
@pytest.mark.thorough
def test_moving_there_changes_nothing_but_references(blueprint: Blueprint, tmp_path: Path) -> None:
    """From a VPC that was made for a cluster to one that is there already, of the same ids and ranges."""
    made = plan(blueprint)
    before = synthesized([made], tmp_path / "before")
    after = synthesized([plan(moved(blueprint, made))], tmp_path / "after")
    exports = exports_of(before[blueprint.name, "network"], made)
    assert {VPC, *(id_of(each, made.network.subnets) for each in made.control_plane.subnets)} <= {*exports.values()}
    for stack in ("cluster", "addons", "teams"):
        one, other = before[blueprint.name, stack], after[blueprint.name, stack]
        assert "Fn::ImportValue" in json.dumps(one) or stack == "teams"
        assert deployed(one, exports) == deployed(other, {}), stack
