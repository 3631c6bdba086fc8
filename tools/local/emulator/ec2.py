"""Network resources that CloudFormation of the emulator lacks; its EC2 API has them."""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from ministack.services import ec2

from tools.local.owner import ID
from tools.quotas import QUOTAS

Properties: TypeAlias = Mapping[str, Any]
Made: TypeAlias = tuple[str, dict[str, Any]]
"""Physical id and attributes."""


def install() -> None:
    """Lets whoever makes a VPC or a subnet say its id, by a tag: an owner has made it long ago, under that id."""
    actions = ec2._ACTION_MAP
    for action, kind, make in (("CreateVpc", "vpc", "_new_vpc_id"), ("CreateSubnet", "subnet", "_new_subnet_id")):
        actions[action] = _with_own_id(actions[action], kind, make)
    actions["CreateVpcEndpoint"] = _with_groups(actions["CreateVpcEndpoint"])


def _with_own_id(create: Callable[[Properties], Any], kind: str, make: str) -> Callable[[Properties], Any]:
    def created(asked: Properties) -> Any:
        tag = "TagSpecification.1.Tag.1"
        if ec2._p(asked, "TagSpecification.1.ResourceType") != kind or ec2._p(asked, f"{tag}.Key") != ID:
            return create(asked)
        before = getattr(ec2, make)
        setattr(ec2, make, lambda: ec2._p(asked, f"{tag}.Value"))
        try:
            answer = create(asked)
        finally:
            setattr(ec2, make, before)
        if ipv6 := ec2._p(asked, "Ipv6CidrBlock"):
            ec2._subnets[ec2._p(asked, f"{tag}.Value")] |= {"_ipv6": ipv6, "_assigns_ipv6": True}
        return answer

    return created


def _with_groups(create: Callable[[Properties], Any]) -> Callable[[Properties], Any]:
    """The emulator's API forgets what an endpoint is reached by; that of CloudFormation does not."""

    def created(asked: Properties) -> Any:
        before = set(ec2._vpc_endpoints)
        answer = create(asked)
        for endpoint in set(ec2._vpc_endpoints) - before:
            groups = ec2._parse_member_list(asked, "SecurityGroupId")
            private = ec2._p(asked, "PrivateDnsEnabled") or "false"
            ec2._vpc_endpoints[endpoint] |= {"SecurityGroupIds": groups, "PrivateDnsEnabled": private}
        return answer

    return created


def create_eip(logical_id: str, properties: Properties, stack: str) -> Made:
    before = set(ec2._addresses)
    if len(before) >= QUOTAS["addresses"].default:
        raise ValueError("AddressLimitExceeded: The maximum number of addresses has been reached.")
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


def with_ipv6_range(change: Callable[..., Made]) -> Callable[..., Made]:
    """A VPC knows which range Amazon would give it."""

    def done(*arguments: Any) -> Made:
        vpc, attributes = change(*arguments)
        return vpc, {**attributes, "Ipv6CidrBlocks": [_ipv6_range(vpc)]}

    return done


def with_ipv6(create: Callable[[str, Properties, str], Made]) -> Callable[[str, Properties, str], Made]:
    """A subnet takes an IPv6 range only after its VPC has one, of which this is a /64."""

    def created(logical_id: str, properties: Properties, stack: str) -> Made:
        asked = properties.get("Ipv6CidrBlock")
        whole = ec2._vpcs.get(properties["VpcId"], {}).get("_ipv6")
        if asked and not (whole and ipaddress.IPv6Network(asked).subnet_of(ipaddress.IPv6Network(whole))):
            raise ValueError(f"InvalidSubnet.Range: The IPv6 CIDR '{asked}' is invalid: the VPC has {whole}")
        if asked in _ipv6_subnets():
            raise ValueError(f"InvalidSubnet.Conflict: The IPv6 CIDR '{asked}' conflicts with another subnet")
        subnet, attributes = create(logical_id, properties, stack)
        assigns = str(properties.get("AssignIpv6AddressOnCreation", "")).lower() == "true"
        ec2._subnets[subnet] |= {"_ipv6": asked, "_assigns_ipv6": assigns}
        return subnet, attributes

    return created


def has_ipv6(subnet: str, *, assigned: bool = False) -> bool:
    """Whether a subnet has an IPv6 range, and gives addresses of it to what starts there."""
    found = ec2._subnets.get(subnet, {})
    return bool(found.get("_ipv6")) and (not assigned or bool(found.get("_assigns_ipv6")))


def _ipv6_range(vpc: str) -> str:
    """One of those that Amazon has in us-west-2, by the VPC's id."""
    return f"2600:1f14:{vpc[-6:-2]}:{vpc[-2:]}00::/56".replace(":0000::", "::")


def _ipv6_subnets() -> set[str]:
    return {subnet["_ipv6"] for subnet in ec2._subnets.values() if subnet.get("_ipv6")}


def create_egress_only_gateway(logical_id: str, properties: Properties, stack: str) -> Made:
    before = set(ec2._egress_igws)
    ec2._create_egress_only_igw({"VpcId": properties["VpcId"]})
    (gateway,) = set(ec2._egress_igws) - before
    return gateway, {"Id": gateway}


def delete_egress_only_gateway(gateway: str, properties: Properties) -> None:
    ec2._egress_igws.pop(gateway, None)


def create_rule(logical_id: str, properties: Properties, stack: str) -> Made:
    """A rule of a security group that stands by itself."""
    group = ec2._security_groups.get(properties["GroupId"])
    if group is None:
        raise ValueError(f"InvalidGroup.NotFound: The security group '{properties['GroupId']}' does not exist")
    name = f"sgr-{hashlib.sha256(f'{stack}/{logical_id}'.encode()).hexdigest()[:17]}"
    group.setdefault("_rules", {})[name] = properties
    return name, {"Id": name}


def delete_rule(name: str, properties: Properties) -> None:
    ec2._security_groups.get(properties["GroupId"], {}).get("_rules", {}).pop(name, None)


_attached: dict[str, tuple[str, str]] = {}
"""Attachments of VPCs to transit gateways, which are there whatever their ids: gateway and VPC, by the id of each."""


def create_attachment(logical_id: str, properties: Properties, stack: str) -> Made:
    gateway, vpc = properties["TransitGatewayId"], properties["VpcId"]
    if (gateway, vpc) in _attached.values():
        raise ValueError(f"DuplicateTransitGatewayAttachment: {gateway} has an attachment of {vpc}")
    if unknown := [subnet for subnet in properties["SubnetIds"] if subnet not in ec2._subnets]:
        raise ValueError(f"InvalidSubnetID.NotFound: The subnet ID '{unknown[0]}' does not exist")
    id = f"tgw-attach-{len(_attached):017x}"
    _attached[id] = gateway, vpc
    return id, {"Id": id}


def update_attachment(id: str, old: Properties, new: Properties, stack: str) -> Made:
    return id, {"Id": id}


def delete_attachment(id: str, properties: Properties) -> None:
    _attached.pop(id, None)


def create_cidr_block(logical_id: str, properties: Properties, stack: str) -> Made:
    """A further range; the emulator makes subnets of IPv4 wherever they are, so nothing else depends on it."""
    vpc = ec2._vpcs[properties["VpcId"]]
    if "CidrBlock" not in properties:
        vpc["_ipv6"] = _ipv6_range(properties["VpcId"])
        return "vpc-cidr-assoc-00000000000000006", {"Id": "vpc-cidr-assoc-00000000000000006"}
    ranges = vpc.setdefault("_more_ranges", [])
    ranges.append(properties["CidrBlock"])
    id = f"vpc-cidr-assoc-{len(ranges):017x}"
    return id, {"Id": id}


def delete_cidr_block(id: str, properties: Properties) -> None:
    vpc = ec2._vpcs.get(properties["VpcId"], {})
    if "CidrBlock" not in properties:
        if any(subnet.get("_ipv6") for subnet in ec2._subnets.values() if subnet["VpcId"] == properties["VpcId"]):
            raise ValueError(f"InvalidCidrBlock.InUse: The CIDR block {vpc['_ipv6']} is in use")
        vpc.pop("_ipv6", None)
        return
    if any(_within(subnet["CidrBlock"], properties["CidrBlock"]) for subnet in ec2._subnets.values()):
        raise ValueError(f"InvalidCidrBlock.InUse: The CIDR block {properties['CidrBlock']} is in use")
    vpc.get("_more_ranges", []).remove(properties["CidrBlock"])


def _within(cidr: str, block: str) -> bool:
    return ipaddress.IPv4Network(cidr).subnet_of(ipaddress.IPv4Network(block))


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


def unreachable(subnet: str, services: Iterable[str]) -> list[str]:
    """Of some AWS services those that programs in a subnet do not reach: without NAT, endpoints are the only way.

    https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html
    """
    if has_nat(subnet):
        return []
    reached = {
        endpoint["ServiceName"].split(".", 3)[3]  # com.amazonaws.<region>.ecr.api
        for endpoint in ec2._vpc_endpoints.values()
        if _serves(endpoint, subnet)
    }
    return sorted(set(services) - reached)


def has_nat(subnet: str) -> bool:
    """Whether programs in a subnet reach the internet, none of them having an address of its own: by NAT, here or
    behind a transit gateway.
    """
    routes = [route for route in _table(subnet).get("Routes", []) if route.get("DestinationCidrBlock") == "0.0.0.0/0"]
    hubs = {hub for hub, attached in _attached.values() if attached == ec2._subnets[subnet]["VpcId"]}
    ways = {nat["NatGatewayId"] for nat in _gateways()} | hubs
    return bool({route.get(key) for route in routes for key in ("NatGatewayId", "TransitGatewayId")} & ways)


def is_public(subnet: str) -> bool:
    """Whether a subnet has a route to an internet gateway."""
    return any(str(route.get("GatewayId", "")).startswith("igw-") for route in _table(subnet).get("Routes", []))


def size(subnet: str) -> int:
    """How many addresses a subnet has."""
    return ipaddress.ip_network(ec2._subnets[subnet]["CidrBlock"]).num_addresses


def _serves(endpoint: Mapping[str, Any], subnet: str) -> bool:
    """A gateway by the subnet's routes; an interface by its private name and its security groups, in the whole VPC.

    https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html
    """
    if endpoint["VpcId"] != ec2._subnets[subnet]["VpcId"]:
        return False
    if endpoint["VpcEndpointType"] == "Gateway":
        return _table(subnet).get("RouteTableId") in endpoint["RouteTableIds"]
    groups = [ec2._security_groups.get(group, {}) for group in endpoint.get("SecurityGroupIds", [])]
    lets_in = any(_lets_in(rule, subnet) for group in groups for rule in group.get("IpPermissions", []))
    return lets_in and str(endpoint.get("PrivateDnsEnabled")).lower() == "true"


def _lets_in(rule: Mapping[str, Any], subnet: str) -> bool:
    """Whether a rule of a security group lets HTTPS of a subnet in."""
    source = ipaddress.IPv4Network(ec2._subnets[subnet]["CidrBlock"])
    ports = rule.get("IpProtocol") == "-1" or rule.get("FromPort", 0) <= _HTTPS <= rule.get("ToPort", 65535)
    return ports and any(source.subnet_of(ipaddress.IPv4Network(each["CidrIp"])) for each in rule.get("IpRanges", []))


_HTTPS = 443


def _table(subnet: str) -> Mapping[str, Any]:
    """The route table of a subnet, the main one of its VPC if none was chosen."""
    vpc = ec2._subnets[subnet]["VpcId"]
    tables = [table for table in ec2._route_tables.values() if table["VpcId"] == vpc]
    main: Mapping[str, Any] = {}
    for table in tables:
        for association in table["Associations"]:
            if association.get("SubnetId") == subnet:
                found: Mapping[str, Any] = table
                return found
            if association.get("Main"):
                main = table
    return main


def _gateways() -> list[dict[str, Any]]:
    return [nat for nat in ec2._nat_gateways.values() if nat["State"] == "available"]


def _tag(resource: str, properties: Properties) -> None:
    ec2._tags[resource] = [dict(tag) for tag in properties.get("Tags", [])]
