"""Network resources that CloudFormation of the emulator lacks; its EC2 API has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from ministack.services import ec2

Properties: TypeAlias = Mapping[str, Any]
Made: TypeAlias = tuple[str, dict[str, Any]]
"""Physical id and attributes."""


def create_eip(logical_id: str, properties: Properties, stack: str) -> Made:
    before = set(ec2._addresses)
    ec2._allocate_address({"Domain": "vpc"})
    (allocation,) = set(ec2._addresses) - before
    _tag(allocation, properties)
    address = ec2._addresses[allocation]["PublicIp"]
    return address, {"AllocationId": allocation, "PublicIp": address}


def delete_eip(address: str, properties: Properties) -> None:
    for allocation, held in list(ec2._addresses.items()):
        if held["PublicIp"] == address:
            users = [nat for nat in _gateways() if nat["AllocationId"] == allocation]
            if users:
                raise ValueError(f"InvalidIPAddress.InUse: Address {address} is in use by {users[0]['NatGatewayId']}.")
            ec2._release_address({"AllocationId": allocation})


def create_nat_gateway(logical_id: str, properties: Properties, stack: str) -> Made:
    if properties["SubnetId"] not in ec2._subnets:
        raise ValueError(f"InvalidSubnetID.NotFound: The subnet ID '{properties['SubnetId']}' does not exist")
    before = set(ec2._nat_gateways)
    ec2._create_nat_gateway({key: properties.get(key, "") for key in ("SubnetId", "AllocationId", "ConnectivityType")})
    (gateway,) = set(ec2._nat_gateways) - before
    _tag(gateway, properties)
    return gateway, {"NatGatewayId": gateway}


def delete_nat_gateway(gateway: str, properties: Properties) -> None:
    ec2._delete_nat_gateway({"NatGatewayId": gateway})
    # AWS shows a deleted gateway for about an hour. Nobody would want to wait for it here.
    ec2._nat_gateways.pop(gateway, None)
    ec2._tags.pop(gateway, None)


def create_flow_log(logical_id: str, properties: Properties, stack: str) -> Made:
    before = set(ec2._flow_logs)
    ec2._create_flow_logs({"ResourceId.1": properties["ResourceId"], **properties})
    (log,) = set(ec2._flow_logs) - before
    return log, {"Id": log}


def delete_flow_log(log: str, properties: Properties) -> None:
    ec2._delete_flow_logs({"FlowLogId.1": log})


def restrict_default_security_group(logical_id: str, properties: Properties, stack: str) -> Made:
    """What the function behind Custom::VpcRestrictDefaultSG does: a default group that lets nothing through."""
    group = ec2._security_groups.get(properties["DefaultSecurityGroupId"])
    if group is None:
        raise ValueError(
            f"InvalidGroup.NotFound: The security group '{properties['DefaultSecurityGroupId']}' does not exist"
        )
    group["IpPermissions"], group["IpPermissionsEgress"] = [], []
    return logical_id, {}


def reaches_aws(subnet: str) -> bool:
    """Whether programs in a subnet reach AWS: by a NAT gateway, or by endpoints of EKS and STS in the VPC."""
    tables = (
        table
        for table in ec2._route_tables.values()
        if any(association.get("SubnetId") == subnet for association in table["Associations"])
    )
    defaults = [
        route for table in tables for route in table["Routes"] if route.get("DestinationCidrBlock") == "0.0.0.0/0"
    ]
    if {route.get("NatGatewayId") for route in defaults} & {nat["NatGatewayId"] for nat in _gateways()}:
        return True
    endpoints = [each for each in ec2._vpc_endpoints.values() if subnet in each["SubnetIds"]]
    return {"eks", "sts"} <= {each["ServiceName"].rpartition(".")[2] for each in endpoints}


def _gateways() -> list[dict[str, Any]]:
    return [nat for nat in ec2._nat_gateways.values() if nat["State"] == "available"]


def _tag(resource: str, properties: Properties) -> None:
    ec2._tags[resource] = [dict(tag) for tag in properties.get("Tags", [])]
