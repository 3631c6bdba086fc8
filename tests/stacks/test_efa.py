"""Elastic Fabric Adapters in the templates.

https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html and AWSEC2/latest/UserGuide/efa-start.html
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.templates import Template, Templates, of_type


@pytest.fixture(scope="module")
def template(fleet: Templates) -> Template:
    return fleet["training", "cluster"]


def launched(template: Template, name: str) -> dict[str, Any]:
    (found,) = (each for id, each in of_type(template, "AWS::EC2::LaunchTemplate").items() if name in id)
    data: dict[str, Any] = found["Properties"]["LaunchTemplateData"]
    return data


def test_each_network_card_has_one(template: Template) -> None:
    """A p5.48xlarge has 32; device 0 is on card 0 alone (eksctl v0.230.0 pkg/cfn/builder/network_interfaces.go:62)."""
    interfaces = launched(template, "gpus")["NetworkInterfaces"]
    assert [each["NetworkCardIndex"] for each in interfaces] == [*range(32)]
    assert [each["DeviceIndex"] for each in interfaces] == [0] + [1] * 31
    assert [each["InterfaceType"] for each in interfaces] == ["efa"] + ["efa-only"] * 31
    (one,) = launched(template, "mpi")["NetworkInterfaces"]
    assert (one["InterfaceType"], one["NetworkCardIndex"], one["DeviceIndex"]) == ("efa", 0, 0)


@pytest.mark.parametrize(("name", "own"), [("gpus", ["sg-0a1b2c3d4e5f60718"]), ("mpi", [])])
def test_groups_stand_at_the_interfaces(template: Template, name: str, own: list[str]) -> None:
    """RunInstances takes them there or at the instance; that of the cluster lets nodes join (sec-group-reqs.html)."""
    data = launched(template, name)
    assert "SecurityGroupIds" not in data
    (adapters,) = of_type(template, "AWS::EC2::SecurityGroup")
    cluster = {"Fn::GetAtt": ["Cluster", "ClusterSecurityGroupId"]}
    expected = [cluster, {"Fn::GetAtt": [adapters, "GroupId"]}, *own]
    assert all(each["Groups"] == expected for each in data["NetworkInterfaces"])


def test_adapters_talk_to_each_other(template: Template) -> None:
    """All traffic in from the group and out to it, by its id."""
    (adapters,) = of_type(template, "AWS::EC2::SecurityGroup")
    group = {"Fn::GetAtt": [adapters, "GroupId"]}
    for kind, other in (("Ingress", "SourceSecurityGroupId"), ("Egress", "DestinationSecurityGroupId")):
        (rule,) = of_type(template, f"AWS::EC2::SecurityGroup{kind}").values()
        said = rule["Properties"]
        assert (said["GroupId"], said[other], said["IpProtocol"]) == (group, group, "-1")


def test_others_have_none(fleet: Templates) -> None:
    assert "NetworkInterfaces" not in launched(fleet["training", "cluster"], "system")
    assert of_type(fleet["gpu-inference", "cluster"], "AWS::EC2::SecurityGroup") == {}
