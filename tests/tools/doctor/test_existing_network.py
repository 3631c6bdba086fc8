"""A VPC that its owner has made in moto, and what of it the doctor holds against the blueprint."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from blueprint import Blueprint, ExistingNetwork, ExistingSubnet, plan
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.planning.document import INTERNAL_TAG, PUBLIC_TAG
from tests.blueprint.examples import SMALL, changed
from tests.tools.doctor.account import Account, worst
from tests.tools.doctor.ready import Writers
from tools.doctor.checks import network as made_networks
from tools.doctor.checks import quotas
from tools.doctor.checks.existing_network import flow_logs, load_balancers, vpc, ways
from tools.doctor.checks.needs import types_of
from tools.doctor.finding import Finding
from tools.doctor.lookups import live_vpc, where

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ENDPOINTS = (*ENDPOINTS_WITHOUT_NAT, "eks-auth")
RANGES = {
    "nodes": {"a": "100.64.0.0/18", "b": "100.64.64.0/18"},
    "load_balancers": {"a": "10.0.0.0/26", "b": "10.0.0.64/26"},
    "internal_load_balancers": {"a": "10.0.0.128/26", "b": "10.0.0.192/26"},
    "control_plane": {"a": "10.0.1.0/28", "b": "10.0.1.16/28"},
}
TAGS = {"load_balancers": PUBLIC_TAG, "internal_load_balancers": INTERNAL_TAG}


class Owned:
    """The blueprint of a cluster in it, and the answers of moto, for a test to change and to give."""

    def __init__(self, network: ExistingNetwork, answers: Mapping[str, Any]) -> None:
        self.network = network
        self.cluster = SMALL.cluster
        self.answers: dict[str, Any] = copy.deepcopy(dict(answers))

    @property
    def blueprint(self) -> Blueprint:
        """The cluster."""
        return replace(SMALL, network=self.network, cluster=self.cluster)

    def say(self, **fields: Any) -> None:
        """Has the blueprint say something else of it."""
        self.network = changed(self.network, **fields)

    def give(self, account: Account, look: Any) -> list[Finding]:
        """What a look finds in it."""
        for operation, answer in self.answers.items():
            account.answers(operation, answer)
        account.answers("DescribeVpcAttribute", lambda asked: self.answers[asked["Attribute"]])
        return account.found(look, plan(self.blueprint))

    def id(self, field: str, place: int = 0) -> str:
        """Of a subnet."""
        id: str = getattr(self.network, field)[place].id
        return id

    def subnet(self, field: str, place: int = 0) -> dict[str, Any]:
        """The live one."""
        wanted = self.id(field, place)
        return next(each for each in self.answers["DescribeSubnets"]["Subnets"] if each["SubnetId"] == wanted)

    def routes(self, field: str, place: int = 0) -> list[dict[str, Any]]:
        """Of a subnet's own table."""
        wanted, tables = self.id(field, place), self.answers["DescribeRouteTables"]["RouteTables"]
        (found,) = (
            table["Routes"] for table in tables if any(a.get("SubnetId") == wanted for a in table["Associations"])
        )
        routes: list[dict[str, Any]] = found
        return routes

    def default_route(self, field: str, place: int = 0) -> dict[str, Any]:
        """The one to everywhere."""
        return next(each for each in self.routes(field, place) if each.get("DestinationCidrBlock") == "0.0.0.0/0")


def owned(ec2: EC2Client) -> Owned:
    """Makes the VPC as its owner would, and the blueprint of what moto calls it all."""
    id = ec2.create_vpc(CidrBlock="10.0.0.0/16")["Vpc"]["VpcId"]
    ec2.associate_vpc_cidr_block(VpcId=id, CidrBlock="100.64.0.0/16")
    for attribute in ({"EnableDnsSupport": {"Value": True}}, {"EnableDnsHostnames": {"Value": True}}):
        ec2.modify_vpc_attribute(VpcId=id, **attribute)  # type: ignore[arg-type]  # either is one of its parameters
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=id)
    fields: dict[str, tuple[ExistingSubnet, ...]] = {}
    tables, nat = [], ""
    for field in ("load_balancers", "nodes", "internal_load_balancers", "control_plane"):
        fields[field] = ()
        for zone, cidr in RANGES[field].items():
            answer = ec2.create_subnet(VpcId=id, CidrBlock=cidr, AvailabilityZone=f"us-west-2{zone}")["Subnet"]
            subnet = answer["SubnetId"]
            fields[field] += (ExistingSubnet(subnet, zone, cidr),)
            if tag := TAGS.get(field):
                ec2.create_tags(Resources=[subnet], Tags=[{"Key": tag, "Value": "1"}])
            table = ec2.create_route_table(VpcId=id)["RouteTable"]["RouteTableId"]
            ec2.associate_route_table(RouteTableId=table, SubnetId=subnet)
            if field == "load_balancers":
                ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
                nat = nat or ec2.create_nat_gateway(SubnetId=subnet)["NatGateway"].get("NatGatewayId", "")
            elif field == "nodes":
                ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
                tables.append(table)
    service = "com.amazonaws.us-west-2"
    for name in ENDPOINTS:
        ec2.create_vpc_endpoint(VpcId=id, ServiceName=f"{service}.{name}", VpcEndpointType="Interface")
    ec2.create_vpc_endpoint(VpcId=id, ServiceName=f"{service}.s3", VpcEndpointType="Gateway", RouteTableIds=tables)
    logs: Any = {"ResourceIds": [id], "ResourceType": "VPC", "TrafficType": "ALL", "LogDestinationType": "s3"}
    answers: dict[str, Any] = {
        "DescribeVpcs": ec2.describe_vpcs(VpcIds=[id]),
        "DescribeSubnets": ec2.describe_subnets(Filters=where("vpc-id", id)),
        "DescribeRouteTables": ec2.describe_route_tables(Filters=where("vpc-id", id)),
        "DescribeVpcEndpoints": ec2.describe_vpc_endpoints(Filters=where("vpc-id", id)),
        "enableDnsSupport": ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsSupport"),
        "enableDnsHostnames": ec2.describe_vpc_attribute(VpcId=id, Attribute="enableDnsHostnames"),
        "DescribeFlowLogs": {"FlowLogs": [{"FlowLogId": "fl-1", "ResourceId": id, **_of_log(logs)}]},
    }
    for answer in answers.values():
        answer.pop("ResponseMetadata", None)
    network = ExistingNetwork(id, ("10.0.0.0/16", "100.64.0.0/16"), fields["nodes"])
    return Owned(changed(network, **fields), answers)


def _of_log(made: Mapping[str, Any]) -> dict[str, Any]:
    return {"FlowLogStatus": "ACTIVE", "TrafficType": made["TrafficType"]}


@pytest.fixture(scope="module")
def in_moto(all_writers: Writers) -> Owned:
    """Made once: it takes many calls."""
    from moto import mock_aws

    with mock_aws():
        return owned(all_writers.ec2)


@pytest.fixture
def there(in_moto: Owned) -> Owned:
    """A VPC with everything that the cluster needs."""
    return Owned(in_moto.network, in_moto.answers)


LOOKS = [vpc, ways, load_balancers, flow_logs]


def test_a_vpc_that_is_as_the_blueprint_says(there: Owned, account: Account) -> None:
    found = [each for look in LOOKS for each in there.give(account, look)]
    assert {each.status for each in found} == {"ok"}
    assert [each.what for each in found if not each.what.startswith("free addresses")] == [
        f"VPC {there.network.vpc_id} is there, of this account",
        "the VPC has DNS support and DNS hostnames",
        "8 subnets are as the blueprint says",
        "8 subnets have the routes that they need",
        "4 subnets carry the tag of load balancers",
        "the VPC has flow logs",
    ]


@pytest.mark.parametrize("look", LOOKS)
def test_a_network_of_stacks_is_not_looked_at(look: Any, account: Account) -> None:
    assert account.found(look, plan(SMALL)) == []
    assert account.calls == []


def test_it_asks_for_no_quota_and_permission_of_a_network(there: Owned, account: Account) -> None:
    made = plan(there.blueprint)
    for look in (quotas.networks, quotas.endpoints, quotas.egress, made_networks.endpoints, made_networks.existing):
        assert account.found(look, made) == []
    assert account.calls == []
    of_ec2 = {kind for kind in types_of(made) if kind.startswith("AWS::EC2::")}
    assert of_ec2 == {"AWS::EC2::LaunchTemplate"}


def test_a_vpc_that_is_not_there(there: Owned, account: Account) -> None:
    account.refuses("DescribeVpcs", "InvalidVpcID.NotFound")
    found = worst(account.found(vpc, plan(there.blueprint)))
    assert (found.status, found.what) == ("problem", f"this account sees no VPC {there.network.vpc_id} in us-west-2")


def test_a_shared_vpc_is_found_though_another_account_owns_it(there: Owned, account: Account) -> None:
    there.answers["DescribeVpcs"]["Vpcs"][0]["OwnerId"] = "999999999999"
    found = worst(there.give(account, vpc))
    assert (found.what, found.fix) == (
        f"VPC {there.network.vpc_id} is shared by 999999999999",
        "write shared=True",
    )
    live = live_vpc(plan(there.blueprint), account.aws)
    assert live
    assert live["VpcId"] == there.network.vpc_id


def test_a_vpc_that_is_not_shared(there: Owned, account: Account) -> None:
    there.say(shared=True)
    assert worst(there.give(account, vpc)).fix == "write shared=False"


def test_of_a_shared_vpc_nobody_asks_what_its_owner_alone_sees(there: Owned, account: Account) -> None:
    """Flow logs, endpoints and tags: vpc/latest/userguide/vpc-share-limitations.html, owner resources."""
    there.say(shared=True, internet=False, interface_endpoints=ENDPOINTS)
    there.answers["DescribeVpcs"]["Vpcs"][0]["OwnerId"] = "999999999999"
    there.answers |= {"DescribeFlowLogs": {"FlowLogs": []}, "DescribeVpcEndpoints": {"VpcEndpoints": []}}
    for subnet in there.answers["DescribeSubnets"]["Subnets"]:
        subnet["Tags"] = []
    found = [each for look in LOOKS for each in there.give(account, look)]
    assert {each.status for each in found} == {"ok", "unchecked"}
    unseen = [each.what.partition(":")[0] for each in found if each.status == "unchecked"]
    assert unseen == [f"endpoints for {', '.join(ENDPOINTS)}", "flow logs of a shared VPC"]


def test_a_range_that_it_does_not_have(there: Owned, account: Account) -> None:
    there.say(cidrs=("10.0.0.0/16", "100.64.0.0/16", "10.9.0.0/16"))
    found = worst(there.give(account, vpc))
    assert (found.status, found.what) == ("problem", "the VPC does not have 10.9.0.0/16")
    assert found.fix == "write cidrs=('10.0.0.0/16', '100.64.0.0/16')"


def test_a_range_that_the_blueprint_does_not_name(there: Owned, account: Account) -> None:
    more = {"CidrBlock": "10.9.0.0/16", "AssociationId": "a", "CidrBlockState": {"State": "associated"}}
    gone = {"CidrBlock": "10.8.0.0/16", "AssociationId": "b", "CidrBlockState": {"State": "disassociated"}}
    there.answers["DescribeVpcs"]["Vpcs"][0]["CidrBlockAssociationSet"] += [more, gone]
    found = worst(there.give(account, vpc))
    assert (found.status, found.what, found.fix) == ("warning", "the VPC has 10.9.0.0/16 as well", "add it to cidrs")


@pytest.mark.parametrize("option", ["support", "hostnames"])
def test_dns_that_is_off(option: str, there: Owned, account: Account) -> None:
    name = f"Dns{option.title()}"
    there.answers[f"enable{name}"][f"Enable{name}"]["Value"] = False
    found = worst(there.give(account, vpc))
    assert (found.status, found.what) == ("problem", f"the VPC has no DNS {option}")
    assert found.fix.endswith(f"aws ec2 modify-vpc-attribute --vpc-id {there.network.vpc_id} --enable-dns-{option}")


@pytest.mark.parametrize("field", [*RANGES])
@pytest.mark.parametrize(
    ("name", "value", "what", "fix"),
    [
        ("VpcId", "vpc-1", "is in vpc-1, not", "name a subnet of this VPC"),
        ("AvailabilityZone", "us-west-2c", "is in us-west-2c, not us-west-2a", 'write zone="c"'),
        ("CidrBlock", "10.0.7.0/24", "has the range 10.0.7.0/24, not", 'write cidr="10.0.7.0/24"'),
    ],
)
def test_a_subnet_that_is_another(
    name: str, value: str, what: str, fix: str, field: str, there: Owned, account: Account
) -> None:
    there.subnet(field)[name] = value
    found = worst(there.give(account, vpc))
    assert found.status == "problem"
    assert found.what.startswith(f"{field}: {there.id(field)} {what}")
    assert found.fix == fix


def test_a_subnet_of_another_zone_by_its_id(there: Owned, account: Account) -> None:
    live = {each["SubnetId"]: each["AvailabilityZoneId"] for each in there.answers["DescribeSubnets"]["Subnets"]}
    for field in RANGES:
        subnets = getattr(there.network, field)
        there.say(**{field: tuple(changed(each, zone=live[each.id]) for each in subnets)})
    assert {each.status for each in there.give(account, vpc)} == {"ok"}
    was = there.subnet("nodes")["AvailabilityZoneId"]
    there.subnet("nodes")["AvailabilityZoneId"] = "usw2-az4"
    found = worst(there.give(account, vpc))
    assert found.what == f"nodes: {there.id('nodes')} is in usw2-az4, not {was}"
    assert found.fix == 'write zone="usw2-az4"'


def test_a_subnet_that_is_not_there_or_not_shared(there: Owned, account: Account) -> None:
    there.answers["DescribeSubnets"]["Subnets"].remove(there.subnet("nodes"))
    found = worst(there.give(account, vpc))
    assert found.what == f"nodes: this account sees no subnet {there.id('nodes')}"


def test_private_subnets_that_give_out_public_addresses(there: Owned, account: Account) -> None:
    there.subnet("nodes")["MapPublicIpOnLaunch"] = there.subnet("load_balancers")["MapPublicIpOnLaunch"] = True
    found = worst(there.give(account, vpc))
    assert (found.status, found.what) == ("warning", f"nodes: {there.id('nodes')} gives out public addresses")


@pytest.mark.parametrize(
    ("field", "count", "status", "what"),
    [
        ("nodes", 19, "warning", "private subnet {id} has 19 free addresses"),  # m7g.large: 10 on an interface
        ("load_balancers", 7, "warning", "public subnet {id} has 7 free addresses"),
        ("internal_load_balancers", 7, "warning", "internal subnet {id} has 7 free addresses"),
    ],
)
def test_too_few_addresses(field: str, count: int, status: str, what: str, there: Owned, account: Account) -> None:
    there.subnet(field)["AvailableIpAddressCount"] = count
    found = worst(there.give(account, vpc))
    assert (found.status, found.what) == (status, what.format(id=there.id(field)))


def test_too_few_addresses_for_the_control_plane_wherever_it_stands(there: Owned, account: Account) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html: up to five"""
    for place in range(2):
        there.subnet("control_plane", place)["AvailableIpAddressCount"] = 2
    assert worst(there.give(account, vpc)).what == "the control-plane subnets have 4 free addresses in all"
    there.say(control_plane=())
    account.aws._answers.clear()
    assert {each.status for each in there.give(account, vpc)} == {"ok"}


def test_too_few_addresses_for_pods(there: Owned, account: Account) -> None:
    """Nodes themselves need one each then."""
    there.say(pods=there.network.control_plane, control_plane=())
    for place in range(2):
        there.subnet("nodes", place)["AvailableIpAddressCount"] = 5
        there.subnet("pods", place)["AvailableIpAddressCount"] = 20 - place
    found = worst(there.give(account, vpc))
    assert (found.status, found.what) == ("warning", f"pods subnet {there.id('pods', 1)} has 19 free addresses")


# --- Ways out ---


@pytest.mark.parametrize("target", [{"TransitGatewayId": "tgw-1"}, {"GatewayId": "vpce-1"}, {"NatGatewayId": "nat-1"}])
def test_any_way_out_of_the_owner_s_will_do(target: dict[str, str], there: Owned, account: Account) -> None:
    for place in range(2):
        route = there.default_route("nodes", place)
        del route["NatGatewayId"]
        route.update(target)
    assert {each.status for each in there.give(account, ways)} == {"ok"}


def test_nodes_without_a_way_out(there: Owned, account: Account) -> None:
    there.routes("nodes").remove(there.default_route("nodes"))
    found = worst(there.give(account, ways))
    assert (found.status, found.what) == ("problem", f"nodes: the default route of {there.id('nodes')} is missing")
    assert "or write internet=False" in found.fix


def test_a_way_out_that_leads_nowhere(there: Owned, account: Account) -> None:
    there.default_route("nodes")["State"] = "blackhole"
    found = worst(there.give(account, ways))
    assert found.what == f"nodes: the default route of {there.id('nodes')} leads nowhere (blackhole)"


@pytest.mark.parametrize("field", ["nodes", "internal_load_balancers", "control_plane"])
def test_a_public_subnet_in_the_place_of_a_private_one(field: str, there: Owned, account: Account) -> None:
    to_all = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active"}
    there.routes(field)[:] = [to_all]
    found = worst(there.give(account, ways))
    assert (found.status, found.what) == ("problem", f"{field}: {there.id(field)} is routed to an internet gateway")


def test_a_private_subnet_in_the_place_of_a_public_one(there: Owned, account: Account) -> None:
    there.default_route("load_balancers")["GatewayId"] = "vpce-1"
    found = worst(there.give(account, ways))
    assert found.what == f"load_balancers: {there.id('load_balancers')} has no route to an internet gateway"


def test_without_internet_endpoints_are_the_way(there: Owned, account: Account) -> None:
    there.say(internet=False, interface_endpoints=ENDPOINTS)
    for place in range(2):
        there.routes("nodes", place).remove(there.default_route("nodes", place))
    found = there.give(account, ways)
    assert {each.status for each in found} == {"ok"}
    assert "the endpoints that the blueprint names are there" in {each.what for each in found}


def endpoint(there: Owned, service: str) -> dict[str, Any]:
    found: list[dict[str, Any]] = there.answers["DescribeVpcEndpoints"]["VpcEndpoints"]
    return next(each for each in found if each["ServiceName"].endswith(f".{service}"))


def test_an_endpoint_that_is_not_there(there: Owned, account: Account) -> None:
    there.say(interface_endpoints=("sts", "eks", "ec2"))
    endpoint(there, "ec2")["State"] = "failed"
    found = worst(there.give(account, ways))
    assert (found.status, found.what) == ("problem", "the VPC has no endpoint for sts, ec2")


def test_endpoints_that_stand_elsewhere_than_teams_are_let_to(there: Owned, account: Account) -> None:
    named, other = "subnet-0000000000000000a", there.id("control_plane")
    there.say(interface_endpoints=ENDPOINTS, endpoints=(ExistingSubnet(named, "a", "10.0.2.0/27"),))
    endpoint(there, "ec2")["SubnetIds"] = [named]
    endpoint(there, "eks")["SubnetIds"] = [named, other]
    found = [each for each in there.give(account, ways) if each.what.startswith("endpoints: that")]
    assert [each.what for each in found] == ["endpoints: that of eks stands in other subnets"]
    assert other in found[0].fix
    assert named not in found[0].fix


def test_nodes_that_do_not_reach_the_layers_of_images(there: Owned, account: Account) -> None:
    there.say(internet=False, interface_endpoints=ENDPOINTS)
    endpoint(there, "s3")["RouteTableIds"].pop()
    found = worst(there.give(account, ways))
    assert found.what == f"nodes: {there.id('nodes', 1)} has no route to s3"


# --- IPv6 ---


def ipv6(there: Owned) -> Owned:
    """With a range in each subnet, and an IPv6 cluster in it."""
    network, everywhere = there.network, {"DestinationIpv6CidrBlock": "::/0", "EgressOnlyInternetGatewayId": "eigw-1"}
    fields = ("nodes", "load_balancers", "internal_load_balancers", "control_plane")
    for number, field in enumerate(fields, 1):
        found = []
        for place, subnet in enumerate(getattr(network, field)):
            cidr = f"2600:1f14:0:{number}{place}::/64"
            found.append(changed(subnet, ipv6_cidr=cidr))
            state = {"Ipv6CidrBlock": cidr, "Ipv6CidrBlockState": {"State": "associated"}}
            there.subnet(field, place)["Ipv6CidrBlockAssociationSet"] = [state]
            there.subnet(field, place)["AssignIpv6AddressOnCreation"] = field == "nodes"
            if field == "nodes":
                there.routes(field, place).append(dict(everywhere))
        there.say(**{field: tuple(found)})
    there.say(ipv6_cidrs=("2600:1f14::/56",))
    there.cluster = changed(there.cluster, ip_family="ipv6")
    return there


def test_ranges_of_both_families(there: Owned, account: Account) -> None:
    assert {each.status for look in (vpc, ways) for each in ipv6(there).give(account, look)} == {"ok"}


def wrong(there: Owned, account: Account) -> list[str]:
    looked = (each for look in (vpc, ways) for each in there.give(account, look))
    return [each.what for each in looked if each.status == "problem"]


def test_nodes_that_get_no_address(there: Owned, account: Account) -> None:
    ipv6(there).subnet("nodes")["AssignIpv6AddressOnCreation"] = False
    assert wrong(there, account) == [f"nodes: {there.id('nodes')} gives nodes no IPv6 addresses"]


@pytest.mark.parametrize(
    ("live", "what"), [([], "no IPv6 range"), (["2600:1f14:0:ff::/64"], "the IPv6 range 2600:1f14:0:ff::/64")]
)
def test_another_ipv6_range(live: list[str], what: str, there: Owned, account: Account) -> None:
    state = {"Ipv6CidrBlockState": {"State": "associated"}}
    ipv6(there).subnet("control_plane")["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": c, **state} for c in live]
    planned = there.network.control_plane[0].ipv6_cidr
    assert wrong(there, account) == [f"control_plane: {there.id('control_plane')} has {what}, not {planned}"]


@pytest.mark.parametrize(
    ("route", "what"),
    [
        (None, "has no route for ::/0"),
        ({"DestinationIpv6CidrBlock": "::/0", "GatewayId": "igw-1"}, "routes ::/0 to an internet gateway"),
    ],
)
def test_ways_of_ipv6(route: dict[str, Any] | None, what: str, there: Owned, account: Account) -> None:
    routes = ipv6(there).routes("nodes")
    routes.pop()
    routes += [route] if route else []
    assert wrong(there, account) == [f"nodes: {there.id('nodes')} {what}"]


# --- Tags and logs ---


@pytest.mark.parametrize("field", [*TAGS])
def test_a_tag_that_is_missing(field: str, there: Owned, account: Account) -> None:
    there.subnet(field)["Tags"] = [{"Key": TAGS[field], "Value": "0"}]
    found = worst(there.give(account, load_balancers))
    assert (found.status, found.what) == ("problem", f"{field}: {there.id(field)} lacks the tag {TAGS[field]}=1")
    assert f"--resources {there.id(field)} --tags Key={TAGS[field]},Value=1" in found.fix


def test_an_empty_tag_is_one(there: Owned, account: Account) -> None:
    """aws-load-balancer-controller v3.5.0 docs/deploy/subnet_discovery.md: `1` or empty."""
    there.subnet("load_balancers")["Tags"] = [{"Key": PUBLIC_TAG, "Value": ""}]
    assert {each.status for each in there.give(account, load_balancers)} == {"ok"}


def test_internal_ones_among_the_nodes_need_the_tag_there(there: Owned, account: Account) -> None:
    there.say(internal_load_balancers=())
    found = [each for each in there.give(account, load_balancers) if each.status != "ok"]
    assert [each.what for each in found] == [
        f"nodes: {there.id('nodes', place)} lacks the tag {INTERNAL_TAG}=1" for place in range(2)
    ]


def test_a_subnet_that_is_another_cluster_s(there: Owned, account: Account) -> None:
    """The same document: with such a tag, and none of this cluster, it is filtered out."""
    tags = there.subnet("load_balancers")["Tags"]
    tags.append({"Key": "kubernetes.io/cluster/other", "Value": "shared"})
    found = worst(there.give(account, load_balancers))
    assert found.what == f"load_balancers: {there.id('load_balancers')} has the tag kubernetes.io/cluster/other only"
    assert found.fix == "have its owner add the tag kubernetes.io/cluster/dev=shared"
    tags.append({"Key": "kubernetes.io/cluster/dev", "Value": "shared"})
    account.aws._answers.clear()
    assert {each.status for each in there.give(account, load_balancers)} == {"ok"}


@pytest.mark.parametrize("logs", [[], [{"FlowLogId": "fl-1", "FlowLogStatus": "FAILED"}]])
def test_no_flow_logs(logs: list[dict[str, str]], there: Owned, account: Account) -> None:
    there.answers["DescribeFlowLogs"] = {"FlowLogs": logs}
    found = worst(there.give(account, flow_logs))
    assert (found.status, found.what) == ("warning", "the VPC has no flow logs")


LAX = "us-west-2-lax-1a"


def local(there: Owned, field: str) -> dict[str, Any]:
    """The last subnet of a field, in a Local Zone."""
    subnets = getattr(there.network, field)
    regional = () if field == "load_balancers" else subnets[:-1]  # a single zone of the region is too few for them
    there.say(**{field: (*regional, changed(subnets[-1], zone=LAX))})
    live = there.subnet(field, -1)
    live["AvailabilityZone"], live["Tags"] = LAX, []
    return live


def test_subnets_in_local_zones(there: Owned, account: Account) -> None:
    """Those of EKS stay in the region; no controller finds them by tags, which would mix them with the others."""
    live = local(there, "load_balancers")
    (public,) = there.network.load_balancers
    found = [each for look in LOOKS for each in there.give(account, look)]
    assert {each.status for each in found} == {"ok"}
    live["Tags"] = [{"Key": PUBLIC_TAG, "Value": "1"}]
    wrong = worst(there.give(account, load_balancers))
    assert (wrong.status, wrong.what) == ("problem", f"load_balancers: {public.id} has the tag {PUBLIC_TAG}")
    assert f"delete-tags --resources {public.id} --tags Key={PUBLIC_TAG}" in wrong.fix


def test_nodes_in_local_zones_need_a_way_out(there: Owned, account: Account) -> None:
    local(there, "nodes")
    there.routes("nodes", 1).remove(there.default_route("nodes", 1))
    found = worst(there.give(account, ways))
    assert (found.status, found.what) == ("problem", f"nodes: the default route of {there.id('nodes', 1)} is missing")
