"""A network without internet: what is called in AWS passes endpoints, in subnets of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import pytest

from blueprint import SelfManagedNodes
from blueprint.planning.planner import plan
from examples.isolated import ISOLATED
from tests.stacks.contents import contents
from tests.templates import Template, of_type, synthesized
from tools.assembly import read, text
from tools.mirrored import contract_of

PLAN = plan(ISOLATED)


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """Judged by all rules."""
    out = tmp_path_factory.mktemp("isolated")
    template = synthesized([PLAN], out, validate=True)["isolated", "network"]
    assert contents(read(out)["isolated"]).endpoints == PLAN.network.interface_endpoints
    return template


def test_endpoints_stand_in_subnets_that_route_nowhere_else(network: Template) -> None:
    subnets = of_type(network, "AWS::EC2::Subnet")
    own = {
        id
        for id, each in subnets.items()
        if {"Key": "aws-cdk:subnet-name", "Value": "endpoints"} in each["Properties"]["Tags"]
    }
    assert {subnets[id]["Properties"]["CidrBlock"] for id in own} == {*PLAN.facts.endpoint_ranges}
    linked = [each["Properties"] for each in of_type(network, "AWS::EC2::SubnetRouteTableAssociation").values()]
    assert own.isdisjoint(each["SubnetId"]["Ref"] for each in linked)
    interfaces = [
        each["Properties"]
        for each in of_type(network, "AWS::EC2::VPCEndpoint").values()
        if each["Properties"]["VpcEndpointType"] == "Interface"
    ]
    assert len(interfaces) == len(PLAN.network.interface_endpoints)
    for each in interfaces:
        assert {one["Ref"] for one in each["SubnetIds"]} == own
        assert each["PrivateDnsEnabled"] is True


def test_policies_are_those_of_the_plan(network: Template) -> None:
    """Of none that takes no policy: CreateVpcEndpoint would fail."""
    found = {
        text(each["Properties"]["ServiceName"]).replace("${AWS::Region}", "us-west-2").partition("us-west-2.")[2]: each[
            "Properties"
        ].get("PolicyDocument")
        for each in of_type(network, "AWS::EC2::VPCEndpoint").values()
    }
    assert {service for service, policy in found.items() if policy} == {*PLAN.network.endpoint_policies}
    assert {service for service, policy in found.items() if not policy} == {"eks", "eks-auth", "kinesis-streams"}
    resources = [text(each["Resource"]) for each in found["s3"]["Statement"]]
    assert resources == [
        "*",
        "arn:${AWS::Partition}:s3:::prod-us-west-2-starport-layer-bucket/*",
        "arn:${AWS::Partition}:s3:::cloudformation-custom-resource-response-uswest2/*",
    ]


def test_no_template_names_a_host_of_somebody_else(tmp_path: Path) -> None:
    """Neither as an address, nor as the registry of an image, nor in what nodes of any kind are told."""
    own = (*ISOLATED.compute, *(SelfManagedNodes(os.lower(), instance_types=("m7g.large",), os=os) for os in OSES))
    made = plan(replace(ISOLATED, compute=own))
    charts = (contract_of(part, release) for part in made.parts for release in part.contribution.releases)
    registries = {image.partition("/")[0] for each in charts if each for image in each["images"]}
    assert registries == {"public.ecr.aws"}
    templates = synthesized([made], tmp_path)
    for place, template in templates.items():
        for said in words(template):
            hosts = set(re.findall(r"[a-z]+://([\w.-]+\.[a-z]{2,})", said))
            assert [host for host in hosts if not host.endswith(OF_AWS)] == [], (place, said)
            assert not [each for each in (*registries, *PUBLIC) if f"{each}/" in said], (place, said)
    launched = of_type(templates["isolated", "cluster"], "AWS::EC2::LaunchTemplate").values()
    told = [data for each in launched if (data := each["Properties"]["LaunchTemplateData"].get("UserData"))]
    assert [[*each] for each in told] == [["Fn::Base64"]] * 2, "what nodes are told stands there as text"


OSES: tuple[Literal["AL2023"], Literal["BOTTLEROCKET"]] = ("AL2023", "BOTTLEROCKET")
OF_AWS = (".amazonaws.com", ".amazon.com")
PUBLIC = ("docker.io", "gcr.io", "ghcr.io", "mcr.microsoft.com", "nvcr.io", "quay.io", "registry.k8s.io")
"""From where add-ons have images (tests/addons/test_contracts.py), and the other large ones."""


def words(found: Any) -> Iterator[str]:
    """All texts in a template."""
    if isinstance(found, str):
        yield found
    elif isinstance(found, Mapping):
        yield from (word for key, each in found.items() for word in (key, *words(each)))
    elif isinstance(found, list):
        yield from (word for each in found for word in words(each))


def test_no_other_host_is_named() -> None:
    """Of charts and images: ECR alone."""
    for part in PLAN.parts:
        for release in part.contribution.releases:
            assert ".dkr.ecr.us-west-2.amazonaws.com/" in release.chart.repository
        assert all(".dkr.ecr.us-west-2.amazonaws.com/" in image for image in part.contribution.images)
        installed = [*(release.values for release in part.contribution.releases), *part.contribution.every_object]
        assert "public.ecr.aws" not in str(installed)
