"""A network without internet: what is called in AWS passes endpoints, in subnets of their own."""

from __future__ import annotations

import pytest

from blueprint.planning.planner import plan
from examples.isolated import ISOLATED
from tests.stacks.contents import contents
from tests.templates import Template, of_type, synthesized
from tools.assembly import read, text

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


def test_no_other_host_is_named() -> None:
    """Of charts and images: ECR alone."""
    for part in PLAN.parts:
        for release in part.contribution.releases:
            assert ".dkr.ecr.us-west-2.amazonaws.com/" in release.chart.repository
        assert all(".dkr.ecr.us-west-2.amazonaws.com/" in image for image in part.contribution.images)
        installed = [*(release.values for release in part.contribution.releases), *part.contribution.every_object]
        assert "public.ecr.aws" not in str(installed)
