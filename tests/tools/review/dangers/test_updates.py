"""What EKS refuses of node groups and control planes, and what it sets back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.review.dangers.support import Resources, differing, only, resource, stack_of, stacks_differing, told
from tools.assembly import Stack

SIZES = {"MinSize": 2, "MaxSize": 4}


def nodes(**properties: Any) -> Resources:
    return {"Nodes": resource("AWS::EKS::Nodegroup", properties)}


@pytest.mark.parametrize(
    ("before", "after", "back"),
    [
        ({"ReleaseVersion": "1.36.2-20260714"}, {"ReleaseVersion": "1.36.1-20260601"}, True),
        ({"ReleaseVersion": "1.36.2-20260714"}, {"ReleaseVersion": "1.36.2-20260707"}, True),
        ({"ReleaseVersion": "1.36.2-20260714"}, {"ReleaseVersion": "1.35.6-20260714"}, True),
        ({"ReleaseVersion": "1.36.2-20260714"}, {"ReleaseVersion": "1.36.10-20260930"}, False),
        ({"ReleaseVersion": "1.66.0-1ad6b4a4"}, {"ReleaseVersion": "1.64.0-aaaaaaaa"}, True),
        ({"ReleaseVersion": "1.9.0-ffffffff"}, {"ReleaseVersion": "1.10.0-00000000"}, False),
        ({"ReleaseVersion": "1.66.0-1ad6b4a4"}, {"ReleaseVersion": "1.66.0-aaaaaaaa"}, False),
        ({"Version": "1.36"}, {"Version": "1.35"}, True),
        ({"Version": "1.35"}, {"ReleaseVersion": "1.36.2-20260714"}, False),
    ],
)
def test_no_group_goes_back(before: dict[str, str], after: dict[str, str], *, back: bool) -> None:
    assert (("skips-minor", "Nodes") in told(differing(nodes(**before), nodes(**after)))) is back


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({**SIZES, "DesiredSize": 2}, {**SIZES, "MaxSize": 9, "DesiredSize": 2}, "the group goes to 2 nodes"),
        ({**SIZES, "DesiredSize": 2}, {**SIZES, "DesiredSize": 3}, "the group goes to 3 nodes"),
        (SIZES, {**SIZES, "DesiredSize": 3}, "the group goes to 3 nodes"),
        ({**SIZES, "DesiredSize": 2}, {**SIZES, "MaxSize": 9}, ""),
        (SIZES, {**SIZES, "MaxSize": 9}, ""),
        ({**SIZES, "DesiredSize": 2}, {**SIZES, "DesiredSize": 2}, ""),
    ],
)
def test_a_stated_number_of_nodes_sets_the_group_back(
    before: dict[str, int], after: dict[str, int], expected: str
) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html; eksctl#3532"""
    difference = differing(
        nodes(ScalingConfig=before, Labels={"a": "b"}), nodes(ScalingConfig=after, Labels={"a": "c"})
    )
    found = [danger for danger in told(difference) if danger[0] == "resets-nodes"]
    assert found == ([("resets-nodes", "Nodes")] if expected else [])
    if expected:
        assert only(difference).what.startswith(expected)


def test_a_new_group_needs_a_number() -> None:
    other = {"Other": resource("AWS::EKS::Addon")}
    difference = differing(other, {**other, **nodes(ScalingConfig=SIZES)})
    danger = only(difference)
    assert (danger.rule, danger.fix) == ("resets-nodes", "leave desired out until the group is there")
    assert told(differing(other, {**other, **nodes(ScalingConfig={**SIZES, "DesiredSize": 2})})) == []


@pytest.mark.parametrize(
    ("group", "refused"),
    [
        ({"Version": "1.36"}, False),
        ({"Version": "1.35"}, True),
        ({"ReleaseVersion": "1.36.2-20260714"}, False),
        ({"ReleaseVersion": "1.35.6-20260714"}, True),
        ({"ReleaseVersion": "1.66.0-1ad6b4a4", "Version": "1.36"}, False),
        ({"ReleaseVersion": "1.66.0-1ad6b4a4"}, False),
        ({}, False),
    ],
)
def test_a_new_group_is_of_the_clusters_version(group: dict[str, str], *, refused: bool) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html (version)"""
    cluster = {"Cluster": resource("AWS::EKS::Cluster", {"Version": "1.36"})}
    assert told(differing(cluster, {**cluster, **nodes(**group)})) == [("skips-minor", "Nodes")] * refused
    assert told(differing({**cluster, **nodes(**group)}, {**cluster, **nodes(**group, Labels={"a": "b"})})) == []


def routed(mode: str | None) -> Resources:
    config = {"ControlPlaneEgressMode": mode} if mode else {}
    return {"Cluster": resource("AWS::EKS::Cluster", {"ResourcesVpcConfig": config})}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (None, "CUSTOMER_ROUTED", [("one-way", "Cluster")]),
        ("AWS_MANAGED", "CUSTOMER_ROUTED", [("one-way", "Cluster")]),
        ("CUSTOMER_ROUTED", "AWS_MANAGED", [("create-only", "Cluster")]),
        ("CUSTOMER_ROUTED", None, [("create-only", "Cluster")]),
        ("CUSTOMER_ROUTED", "CUSTOMER_ROUTED", []),
        (None, "AWS_MANAGED", []),
    ],
)
def test_the_control_plane_never_gets_its_own_routes_back(
    before: str | None, after: str | None, expected: list[tuple[str, str]]
) -> None:
    """EKS: "cannot be changed back to AWS_MANAGED", which CloudFormation calls an update.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html
    """
    assert told(differing(routed(before), routed(after))) == expected


def test_a_control_plane_keeps_zones_by_their_ids() -> None:
    def side(*zones: str) -> tuple[Stack, Stack]:
        ids = ("usw2-az1", "usw2-az2", "usw2-az3")
        made = {id[-3:]: resource("AWS::EC2::Subnet", {"AvailabilityZoneId": id}) for id in ids}
        outputs = {"Outputs": exported(*made)}
        imports = [{"Fn::ImportValue": f"dev-network:{zone}"} for zone in zones]
        cluster = {"Cluster": resource("AWS::EKS::Cluster", {"ResourcesVpcConfig": {"SubnetIds": imports}})}
        return stack_of(made, name="network", stack_name="dev-network", template=outputs), stack_of(cluster)

    difference = stacks_differing(*zip(side("az1", "az2"), side("az1", "az3"), strict=True))
    assert only(difference).fix == 'write control_plane_zones=("usw2-az1", "usw2-az2")'


def network(*zones: str) -> Resources:
    return {zone: resource("AWS::EC2::Subnet", {"AvailabilityZone": f"us-west-2{zone}"}) for zone in zones}


def exported(*zones: str) -> dict[str, Any]:
    return {f"Out{zone}": {"Value": {"Ref": zone}, "Export": {"Name": f"dev-network:{zone}"}} for zone in zones}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("ab", "abc", 'write control_plane_zones=("a", "b")'),
        ("abc", "ab", 'write control_plane_zones=("a", "b", "c")'),
        ("ab", "ac", 'write control_plane_zones=("a", "b")'),
        ("ab", "ba", ""),
    ],
)
def test_the_control_plane_keeps_its_zones(before: str, after: str, expected: str) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html: the AZs originally provided, all of them"""
    stacks = []
    for zones in (before, after):
        imports = [{"Fn::ImportValue": f"dev-network:{zone}"} for zone in zones]
        cluster = {"Cluster": resource("AWS::EKS::Cluster", {"ResourcesVpcConfig": {"SubnetIds": imports}})}
        of_network = {"name": "network", "stack_name": "dev-network", "template": {"Outputs": exported(*"abc")}}
        stacks.append((stack_of(network(*"abc"), **of_network), stack_of(cluster)))
    difference = stacks_differing(*zip(*stacks, strict=True))
    assert [danger for danger in told(difference) if danger[0] == "create-only"] == (
        [("create-only", "Cluster")] if expected else []
    )
    if expected:
        assert only(difference).fix == expected
