"""Hybrid nodes in the templates: who joins, from where, by which role."""

from __future__ import annotations

from typing import Any

import pytest

from tests.templates import Templates, of_type


@pytest.fixture(scope="module")
def resources(fleet: Templates) -> dict[str, Any]:
    found: dict[str, Any] = fleet["hybrid", "cluster"]["Resources"]
    return found


def of(resources: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [each["Properties"] for each in of_type({"Resources": resources}, kind).values()]


def test_ranges_are_one_list_of_each(resources: dict[str, Any]) -> None:
    """docs.aws.amazon.com/eks/latest/APIReference/API_RemoteNetworkConfigRequest.html"""
    (cluster,) = of(resources, "AWS::EKS::Cluster")
    assert cluster["RemoteNetworkConfig"] == {
        "RemoteNodeNetworks": [{"Cidrs": ["10.80.0.0/16", "10.81.0.0/16", "10.82.0.0/16"]}],
        "RemotePodNetworks": [{"Cidrs": ["10.85.0.0/16"]}],
    }


def test_they_reach_the_api(resources: dict[str, Any]) -> None:
    """hybrid-nodes-networking.adoc, cluster security group: 443 from nodes, and from pods that keep their address."""
    (cluster,) = of(resources, "AWS::EKS::Cluster")
    (group,) = of(resources, "AWS::EC2::SecurityGroup")
    ports = {
        (each["CidrIp"], each["IpProtocol"], each["FromPort"], each["ToPort"]) for each in group["SecurityGroupIngress"]
    }
    assert ports == {(f"10.{second}.0.0/16", "tcp", 443, 443) for second in (80, 81, 82, 85)}
    ((reference, _),) = (each["Fn::GetAtt"] for each in cluster["ResourcesVpcConfig"]["SecurityGroupIds"])
    assert resources[reference]["Properties"] == group


def test_each_role_lets_its_machines_in(resources: dict[str, Any]) -> None:
    entries = [each for each in of(resources, "AWS::EKS::AccessEntry") if each.get("Type") == "HYBRID_LINUX"]
    roles = [resources[each["PrincipalArn"]["Fn::GetAtt"][0]]["Properties"] for each in entries]
    trusts = [role["AssumeRolePolicyDocument"]["Statement"] for role in roles]
    assert sorted(len(trust) for trust in trusts) == [1, 2]
    assert {each["Principal"]["Service"] for trust in trusts for each in trust} == {
        "ssm.amazonaws.com",
        "rolesanywhere.amazonaws.com",
    }
    assert not any(each.keys() & {"KubernetesGroups", "AccessPolicies"} for each in entries)


def test_others_have_none_of_it(fleet: Templates) -> None:
    (cluster,) = of_type(fleet["dev", "cluster"], "AWS::EKS::Cluster").values()
    assert "RemoteNetworkConfig" not in cluster["Properties"]
    assert of_type(fleet["dev", "cluster"], "AWS::EC2::SecurityGroup") == {}
