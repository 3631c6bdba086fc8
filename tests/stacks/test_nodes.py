"""What groups of nodes are given beside sizes and types: each field, as CloudFormation's schemas call it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest

from examples.shared import KEY
from tests.templates import Template, Templates, of_type

GROUPS, TEMPLATES = "AWS::EKS::Nodegroup", "AWS::EC2::LaunchTemplate"
Properties = Mapping[str, Any]


@pytest.fixture(scope="module")
def template(fleet: Templates) -> Template:
    return fleet["tuned-nodes", "cluster"]


def _of(template: Template, kind: str, name: str) -> list[dict[str, Any]]:
    made = of_type(template, kind).items()
    return [each for id, each in made if re.match(f"Compute{name}(Nodes|LaunchTemplate)", id)]


def group(template: Template, name: str) -> Properties:
    (found,) = (
        each for id, each in of_type(template, GROUPS).items() if re.match(f"Compute{name}(Nodes|LaunchTemplate)", id)
    )
    properties: Properties = found["Properties"]
    return properties


def launch(template: Template, name: str) -> Properties:
    (found,) = (
        each
        for id, each in of_type(template, TEMPLATES).items()
        if re.match(f"Compute{name}(Nodes|LaunchTemplate)", id)
    )
    data: Properties = found["Properties"]["LaunchTemplateData"]
    return data


def test_disks(template: Template) -> None:
    (mapping,) = launch(template, "system")["BlockDeviceMappings"]
    disk = mapping["Ebs"]
    assert (disk["VolumeSize"], disk["Iops"], disk["Throughput"]) == (100, 6_000, 500)
    parts = disk["KmsKeyId"]["Fn::Join"][1]
    assert "".join("aws" if part == {"Ref": "AWS::Partition"} else part for part in parts) == KEY
    for name in ("caches", "training", "locked", "own"):
        for each in launch(template, name)["BlockDeviceMappings"]:
            assert not {"Iops", "Throughput", "KmsKeyId"} & set(each["Ebs"])


def test_only_who_asks_for_it_is_watched_closely(template: Template) -> None:
    assert launch(template, "system")["Monitoring"] == {"Enabled": True}
    assert all("Monitoring" not in launch(template, name) for name in ("caches", "training", "locked", "own"))


def test_where_nodes_stand(template: Template) -> None:
    """A group of one zone has one subnet of those that the others have."""
    every = group(template, "system")["Subnets"]
    first, second = group(template, "caches")["Subnets"], group(template, "training")["Subnets"]
    assert len(every) == 2
    assert (first, second) == (every[:1], every[1:])
    (own,) = of_type(template, "AWS::AutoScaling::AutoScalingGroup").values()
    assert own["Properties"]["VPCZoneIdentifier"] == second
    assert launch(template, "caches")["Placement"] == {"GroupName": "caches"}


def test_security_groups_come_beside_that_of_the_cluster(template: Template) -> None:
    """EKS leaves its own out where the template names others: the user guide's launch-templates.html."""
    of_cluster = {"Fn::GetAtt": ["Cluster", "ClusterSecurityGroupId"]}
    for name in ("caches", "own"):
        assert launch(template, name)["SecurityGroupIds"] == [of_cluster, "sg-0a1b2c3d4e5f60718"]
    assert "SecurityGroupIds" not in launch(template, "system")


def test_reservations(template: Template) -> None:
    """The three properties of a capacity block, and no types beside the template's:
    https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
    """
    reserved = launch(template, "caches")["CapacityReservationSpecification"]
    assert reserved == {"CapacityReservationTarget": {"CapacityReservationId": "cr-0a1b2c3d4e5f60718"}}
    assert group(template, "caches")["CapacityType"] == "ON_DEMAND"
    data, block = launch(template, "training"), group(template, "training")
    assert data["CapacityReservationSpecification"]["CapacityReservationTarget"] == {
        "CapacityReservationId": "cr-0a1b2c3d4e5f60719"
    }
    assert (data["InstanceMarketOptions"], data["InstanceType"]) == ({"MarketType": "capacity-block"}, "p5.48xlarge")
    assert block["CapacityType"] == "CAPACITY_BLOCK"
    assert "InstanceTypes" not in block


def test_updates_and_repairs(template: Template) -> None:
    """Of counts and percentages one: https://docs.aws.amazon.com/eks/latest/APIReference/API_NodeRepairConfig.html"""
    system, caches, locked = (group(template, name) for name in ("system", "caches", "locked"))
    assert system["UpdateConfig"] == {"MaxUnavailable": 1, "UpdateStrategy": "MINIMAL"}
    assert locked["UpdateConfig"] == {"MaxUnavailablePercentage": 33}
    assert system["NodeRepairConfig"] == {
        "Enabled": True,
        "MaxParallelNodesRepairedPercentage": 10,
        "MaxUnhealthyNodeThresholdPercentage": 20,
        "NodeRepairConfigOverrides": [
            {
                "NodeMonitoringCondition": "NetworkingReady",
                "NodeUnhealthyReason": "InterfaceNotUp",
                "RepairAction": "Reboot",
                "MinRepairWaitTimeMins": 10,
            }
        ],
    }
    assert caches["NodeRepairConfig"] == {
        "Enabled": True,
        "MaxParallelNodesRepairedCount": 1,
        "MaxUnhealthyNodeThresholdCount": 3,
    }
    assert locked["NodeRepairConfig"] == {"Enabled": True}


def test_warm_pools(template: Template) -> None:
    assert group(template, "system")["WarmPoolConfig"] == {
        "Enabled": True,
        "MinSize": 1,
        "MaxGroupPreparedCapacity": 4,
        "PoolState": "STOPPED",
        "ReuseOnScaleIn": True,
    }
    assert group(template, "caches")["WarmPoolConfig"] == {"Enabled": False}
    assert "WarmPoolConfig" not in group(template, "locked")


def test_a_shell_by_systems_manager_for_the_kind_that_asks(template: Template) -> None:
    """The least of https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html"""
    roles = {id: role["Properties"] for id, role in of_type(template, "AWS::IAM::Role").items() if "NodeRole" in id}
    assert len(roles) == 2
    assert all("SSM" not in str(role["ManagedPolicyArns"]) for role in roles.values())
    ((id, policies),) = ((id, role["Policies"]) for id, role in roles.items() if "Policies" in role)
    assert "SelfManaged" in id
    update, channels = policies[0]["PolicyDocument"]["Statement"]
    assert {update["Action"], *channels["Action"]} == {
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }


class TestOwnImages:
    """amazon-eks-user-guide, latest/ug/nodes/launch-templates.adoc:442-447: the three cannot be set beside an image."""

    @pytest.fixture
    def template(self, fleet: Templates) -> Template:
        return fleet["gpu-inference", "cluster"]

    def test_eks_is_told_the_image_by_the_launch_template_alone(self, template: Template) -> None:
        assert not {"AmiType", "Version", "ReleaseVersion"} & {*group(template, "golden")}
        assert launch(template, "golden")["ImageId"] == "ami-0a1b2c3d4e5f60718"
        assert "UserData" in launch(template, "golden")
        assert group(template, "inference")["AmiType"] == "AL2023_x86_64_NVIDIA"
        assert "ImageId" not in launch(template, "inference")

    def test_a_parameter_is_read_by_cloudformation(self, template: Template) -> None:
        """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-ssm.html"""
        assert launch(template, "own")["ImageId"] == "{{resolve:ssm:/images/al2023}}"


def test_windows_nodes_join_as_what_eks_takes_them_for(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html"""
    entries = of_type(fleet["windows", "cluster"], "AWS::EKS::AccessEntry").values()
    kinds = [entry["Properties"].get("Type", "STANDARD") for entry in entries]
    assert kinds.count("EC2_WINDOWS") == 1
    assert {*kinds} <= {"STANDARD", "EC2_LINUX", "EC2_WINDOWS"}


def test_each_subnet_has_a_name_that_people_and_the_cdk_know_it_by(fleet: Templates) -> None:
    """Those that the CDK makes, and those beside them: consoles show Name."""
    seen = 0
    for (cluster, stack), template in fleet.items():
        names: list[str] = []
        for id, subnet in of_type(template, "AWS::EC2::Subnet").items():
            tags = {tag["Key"]: tag["Value"] for tag in subnet["Properties"]["Tags"]}
            assert {"Name", "aws-cdk:subnet-name"} <= tags.keys(), (cluster, id)
            assert tags["Name"].startswith(f"{cluster}/{stack}/"), (cluster, id)
            names.append(tags["Name"])
        assert len({*names}) == len(names)
        seen += len(names)
    assert seen > 100
