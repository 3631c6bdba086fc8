"""A cluster in a VPC that is there already comes and goes; the VPC stays as its owner made it."""

from __future__ import annotations

from typing import Any

from tests.lifecycle.lab import Lab, World


def owned(world: World) -> dict[str, Any]:
    """All that its owner has in it, as the API tells."""
    ec2 = world.account.client("ec2")
    answers = (
        *("vpcs", "subnets", "route_tables", "internet_gateways"),
        *("nat_gateways", "vpc_endpoints", "flow_logs", "network_acls"),
    )
    found = {name: getattr(ec2, f"describe_{name}")() for name in answers}
    for answer in found.values():
        answer.pop("ResponseMetadata")
    return found


def test_a_cluster_leaves_the_vpc_of_its_owner_as_it_was(lab: Lab) -> None:
    world = lab.world()
    world.put_all("existing-vpc", until="network")  # the owner's part: there is no such stack
    assert world.status("network") == ""
    before = owned(world)
    assert "vpc-0e5c1a7f2d3b48690" in str(before["vpcs"])
    world.put_all("existing-vpc")
    assert owned(world) == before
    world.delete_all()
    assert owned(world) == before


def test_nodes_without_a_way_out_do_not_join(lab: Lab) -> None:
    """What the doctor says before: tests/tools/doctor/test_existing_network.py"""
    world = lab.world()
    world.put_all("shared-vpc", until="network")
    ec2 = world.account.client("ec2")
    endpoints = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    (lost,) = (each["VpcEndpointId"] for each in endpoints if each["ServiceName"].endswith(".ecr.dkr"))
    ec2.delete_vpc_endpoints(VpcEndpointIds=[lost])
    assert world.put("cluster", "shared-vpc") == "ROLLBACK_COMPLETE"
    assert any("does not reach ecr.dkr" in reason for reason in world.reasons("cluster"))


def test_a_range_for_pods_comes_and_goes(lab: Lab) -> None:
    """Going, the cluster stack comes first: CloudFormation removes no export that another stack imports."""
    world = lab.world()
    world.put_all()
    world.put_all("pod-range")
    assert world.put("network") == "UPDATE_ROLLBACK_COMPLETE"
    assert world.put("cluster") == "UPDATE_COMPLETE"
    assert world.put("network") == "UPDATE_COMPLETE"
    world.delete_all()
