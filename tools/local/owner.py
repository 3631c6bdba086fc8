"""What others have done before a cluster comes: the owner of its VPC, with routes, NAT, endpoints and tags, and whoever
makes images of nodes.
"""

from __future__ import annotations

from typing import Any

from blueprint.network import NODE_KINDS, PUBLIC_KINDS
from blueprint.planning.document import INTERNAL_TAG, PUBLIC_TAG, NodeGroup, Plan, Subnet
from tools.local.aws import Account

ID = "local:id"
"""The tag by which the emulator gives a VPC or a subnet an id of the caller's; AWS gives none."""
_IMAGE = "ami-0a1b2c3d4e5f60718"
_EVERYWHERE = "0.0.0.0/0"


def provide(account: Account, plan: Plan) -> bool:
    """Makes what the plan names of a VPC that is there already; whether something was not there."""
    network = plan.network
    if not network.vpc_id:
        return False
    ec2 = account.client("ec2")
    live = {subnet["SubnetId"] for subnet in ec2.describe_subnets()["Subnets"]}
    lacking = [subnet for subnet in network.subnets if subnet.id not in live]
    if network.vpc_id not in {vpc["VpcId"] for vpc in ec2.describe_vpcs()["Vpcs"]}:
        ec2.create_vpc(CidrBlock=network.cidrs[0], TagSpecifications=_tags("vpc", ID, network.vpc_id))
        gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=network.vpc_id)
        _endpoints(ec2, plan)
    for subnet in lacking:
        _subnet(ec2, plan, subnet)
    return bool(lacking)


def name_images(account: Account, plan: Plan) -> None:
    """Writes an image into each parameter of the account from which nodes take theirs."""
    groups = (each for each in plan.compute if isinstance(each, NodeGroup))
    for name in sorted({group.launch.image_parameter for group in groups}):
        if name and not name.startswith("/aws/"):
            account.client("ssm").put_parameter(Name=name, Value=_IMAGE, Type="String", Overwrite=True)


def _tags(kind: str, *pairs: str) -> list[dict[str, Any]]:
    tags = [{"Key": key, "Value": value} for key, value in zip(pairs[::2], pairs[1::2], strict=True)]
    return [{"ResourceType": kind, "Tags": tags}]


def _endpoints(ec2: Any, plan: Plan) -> None:
    network, service = plan.network, f"com.amazonaws.{plan.facts.region}"
    group = ec2.create_security_group(GroupName="endpoints", Description="HTTPS", VpcId=network.vpc_id)["GroupId"]
    https = {"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443}
    ranges = [{"CidrIp": cidr} for cidr in network.cidrs]
    ec2.authorize_security_group_ingress(GroupId=group, IpPermissions=[{**https, "IpRanges": ranges}])
    for name in network.interface_endpoints:
        ec2.create_vpc_endpoint(
            VpcId=network.vpc_id,
            ServiceName=f"{service}.{name}",
            VpcEndpointType="Interface",
            SecurityGroupIds=[group],
            PrivateDnsEnabled=True,
        )


def _subnet(ec2: Any, plan: Plan, subnet: Subnet) -> None:
    """With a table of its own, whose routes are those that its kind needs."""
    network = plan.network
    role = {"public": PUBLIC_TAG}.get(subnet.kind, INTERNAL_TAG if subnet in network.internal_load_balancers else "")
    ec2.create_subnet(
        VpcId=network.vpc_id,
        CidrBlock=subnet.cidr,
        AvailabilityZone=subnet.zone,
        **({"Ipv6CidrBlock": subnet.ipv6_cidr} if subnet.ipv6_cidr else {}),
        TagSpecifications=_tags("subnet", ID, subnet.id, *((role, "1") if role else ())),
    )
    table = ec2.create_route_table(VpcId=network.vpc_id)["RouteTable"]["RouteTableId"]
    ec2.associate_route_table(RouteTableId=table, SubnetId=subnet.id)
    if subnet.kind in PUBLIC_KINDS:
        attached = [{"Name": "attachment.vpc-id", "Values": [network.vpc_id]}]
        (gateway,) = ec2.describe_internet_gateways(Filters=attached)["InternetGateways"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=_EVERYWHERE, GatewayId=gateway["InternetGatewayId"])
    elif subnet.kind in NODE_KINDS and plan.facts.internet:
        # Its way out leads through another VPC, as that of most owners does.
        gateway = ec2.create_nat_gateway(SubnetId=subnet.id, ConnectivityType="private")["NatGateway"]["NatGatewayId"]
        ec2.create_route(RouteTableId=table, DestinationCidrBlock=_EVERYWHERE, NatGatewayId=gateway)
    for name in network.gateway_endpoints if subnet.kind in NODE_KINDS else ():
        ec2.create_vpc_endpoint(
            VpcId=network.vpc_id,
            ServiceName=f"com.amazonaws.{plan.facts.region}.{name}",
            VpcEndpointType="Gateway",
            RouteTableIds=[table],
        )
