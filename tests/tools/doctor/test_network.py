"""Endpoint services, and a live VPC in moto."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

from blueprint import Plan, Route, TransitGateway, plan
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from tests.blueprint.examples import SMALL, with_network
from tests.plans import planned
from tests.tools.doctor.account import Account, statuses, worst
from tests.tools.doctor.ready import Writers
from tools.doctor.checks.network import ROLE_TAGS, endpoints, existing, transit_gateways
from tools.doctor.finding import Finding
from tools.doctor.lookups import where

if TYPE_CHECKING:
    from types_boto3_ec2 import EC2Client

ENDPOINTS = (*ENDPOINTS_WITHOUT_NAT, "eks-auth")
ISOLATED = plan(with_network(nat="none"))
HUB = "tgw-0a1b2c3d4e5f60718"
BY_HUB = plan(with_network(nat="none", routes=(Route("0.0.0.0/0", via=TransitGateway(HUB)),)))
ALL = ["us-west-2a", "us-west-2b", "us-west-2c"]


def service(name: str, zones: list[str], kind: str = "Interface") -> dict[str, Any]:
    full = f"com.amazonaws.us-west-2.{name}"
    return {"ServiceName": full, "ServiceType": [{"ServiceType": kind}], "AvailabilityZones": zones}


def test_no_endpoint_is_asked_for_when_none_is_wanted(account: Account, small: Plan) -> None:
    assert account.found(endpoints, small) == []
    assert account.calls == []


def test_endpoint_services_in_every_zone(account: Account) -> None:
    account.answers("DescribeVpcEndpointServices", {"ServiceDetails": [service(name, ALL) for name in ENDPOINTS]})
    assert statuses(account.found(endpoints, ISOLATED)) == ["ok"]


@pytest.mark.parametrize(
    ("eks", "what"),
    [
        ([], "us-west-2 offers no interface endpoint for eks"),
        ([service("eks", ALL, "Gateway")], "us-west-2 offers no interface endpoint for eks"),
        ([service("eks", ALL[:2])], "the endpoint service eks is not offered in us-west-2c"),
    ],
)
def test_an_endpoint_service_that_is_not(eks: list[dict[str, Any]], what: str, account: Account) -> None:
    others = [service(name, ALL) for name in ENDPOINTS if name != "eks"]
    account.answers("DescribeVpcEndpointServices", {"ServiceDetails": [*others, *eks]})
    found = worst(account.found(endpoints, ISOLATED))
    assert (found.status, found.what) == ("problem", what)


def test_names_of_both_forms_are_asked_for(account: Account) -> None:
    """China's begin with cn."""
    asked: list[Mapping[str, Any]] = []

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(given)
        details = [service(name, ALL) for name in ENDPOINTS]
        return {"ServiceDetails": [{**each, "ServiceName": f"cn.{each['ServiceName']}"} for each in details]}

    account.answers("DescribeVpcEndpointServices", answer)
    assert statuses(account.found(endpoints, ISOLATED)) == ["ok"]
    (values,) = (given["Filters"][0]["Values"] for given in asked)
    assert {"com.amazonaws.us-west-2.eks", "cn.com.amazonaws.us-west-2.eks"} <= set(values)


# --- A live VPC ---


class Live:
    """The answers of moto about a network, for a test to change and to give."""

    def __init__(self, made: Plan, answers: Mapping[str, Any]) -> None:
        self.made = made
        self.answers: dict[str, Any] = copy.deepcopy(dict(answers))

    def give(self, account: Account) -> list[Finding]:
        """What the doctor finds in it."""
        for operation, answer in self.answers.items():
            account.answers(operation, answer)
        return account.found(existing, self.made)

    def subnets(self, kind: str) -> list[dict[str, Any]]:
        """The subnets of a kind, in the order of the plan."""
        live = {subnet["CidrBlock"]: subnet for subnet in self.answers["DescribeSubnets"]["Subnets"]}
        return [live[subnet.cidr] for subnet in self.made.network.subnets if subnet.kind == kind]

    def table(self, subnet: str) -> dict[str, Any]:
        """The route table of a subnet."""
        tables = self.answers["DescribeRouteTables"]["RouteTables"]
        return next(table for table in tables for link in table["Associations"] if link.get("SubnetId") == subnet)

    def default_route(self, subnet: str) -> dict[str, Any]:
        """Its route to everywhere."""
        routes = self.table(subnet)["Routes"]
        return next(route for route in routes if route.get("DestinationCidrBlock") == "0.0.0.0/0")


def deployed(ec2: EC2Client, made: Plan) -> dict[str, Any]:
    """Makes the network of the plan as the network stack does, and asks moto what it is then."""
    vpc = ec2.create_vpc(CidrBlock=made.network.cidrs[0])["Vpc"]["VpcId"]
    gateway = ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
    ec2.attach_internet_gateway(InternetGatewayId=gateway, VpcId=vpc)
    nat = ""
    for subnet in sorted(made.network.subnets, key=lambda subnet: subnet.kind, reverse=True):  # public ones first
        answer = ec2.create_subnet(VpcId=vpc, CidrBlock=subnet.cidr, AvailabilityZone=subnet.zone)
        id = answer["Subnet"]["SubnetId"]
        if tag := ROLE_TAGS.get(subnet.kind):
            ec2.create_tags(Resources=[id], Tags=[{"Key": tag, "Value": "1"}])
        table = ec2.create_route_table(VpcId=vpc)["RouteTable"]["RouteTableId"]
        ec2.associate_route_table(RouteTableId=table, SubnetId=id)
        if subnet.kind == "public":
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", GatewayId=gateway)
            nat = nat or ec2.create_nat_gateway(SubnetId=id)["NatGateway"].get("NatGatewayId", "")
        elif subnet.kind == "private":
            ec2.create_route(RouteTableId=table, DestinationCidrBlock="0.0.0.0/0", NatGatewayId=nat)
    for name in ENDPOINTS:
        ec2.create_vpc_endpoint(VpcId=vpc, ServiceName=f"com.amazonaws.us-west-2.{name}", VpcEndpointType="Interface")
    answers: dict[str, Any] = {
        "DescribeVpcs": ec2.describe_vpcs(VpcIds=[vpc]),
        "DescribeSubnets": ec2.describe_subnets(Filters=where("vpc-id", vpc)),
        "DescribeRouteTables": ec2.describe_route_tables(Filters=where("vpc-id", vpc)),
        "DescribeVpcEndpoints": ec2.describe_vpc_endpoints(Filters=where("vpc-id", vpc)),
    }
    network = {"vpcId": vpc}
    answers["DescribeCluster"] = {"cluster": {"name": "dev", "resourcesVpcConfig": network}}
    for answer in answers.values():
        answer.pop("ResponseMetadata", None)
    return answers


@pytest.fixture(scope="module")
def in_moto(all_writers: Writers, small: Plan) -> dict[str, Any]:
    """Made once: it takes a hundred calls."""
    from moto import mock_aws

    with mock_aws():
        return deployed(all_writers.ec2, small)


@pytest.fixture
def network(in_moto: dict[str, Any], small: Plan) -> Live:
    """The network of the small cluster, deployed."""
    return Live(small, in_moto)


def test_before_the_first_deploy_there_is_nothing_to_compare(account: Account, small: Plan) -> None:
    account.answers("DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}]})
    assert account.found(existing, small) == []


def test_a_network_as_it_was_deployed(network: Live, account: Account) -> None:
    found = network.give(account)
    assert statuses(found) == ["ok"] * 3
    assert [one.what for one in found[:2]] == [
        "6 subnets carry the tag of load balancers",
        "6 subnets have their default route",
    ]
    assert found[2].what.startswith("free addresses: control-plane 33, private 24561")


def test_a_network_without_its_cluster_is_found_by_its_stack(network: Live, account: Account) -> None:
    del network.answers["DescribeCluster"]
    (vpc,) = network.answers["DescribeVpcs"]["Vpcs"]
    vpc["Tags"] = [{"Key": "aws:cloudformation:stack-name", "Value": "dev-network"}]
    assert len(network.give(account)) == 3


def test_another_range_would_replace_the_vpc(network: Live, account: Account) -> None:
    network.made = plan(with_network(cidr="10.9.0.0/16"))
    found = worst(network.give(account))
    assert (found.status, found.fix) == ("problem", 'write cidr="10.0.0.0/16"')


def test_a_subnet_that_the_blueprint_does_not_know(network: Live, account: Account) -> None:
    subnets = network.answers["DescribeSubnets"]["Subnets"]
    subnets.append({**subnets[0], "SubnetId": "subnet-1", "CidrBlock": "10.0.250.0/24"})
    found = worst(network.give(account))
    assert (found.status, found.what) == ("warning", "subnet subnet-1 (10.0.250.0/24) is not in the blueprint")


def test_subnets_of_other_vpcs_do_not_matter(network: Live, account: Account) -> None:
    subnets = network.answers["DescribeSubnets"]["Subnets"]
    subnets.append({**subnets[0], "VpcId": "vpc-1", "CidrBlock": "10.0.250.0/24"})
    assert statuses(network.give(account)) == ["ok"] * 3


def test_a_subnet_that_is_missing(network: Live, account: Account) -> None:
    gone = network.subnets("control-plane")[0]
    network.answers["DescribeSubnets"]["Subnets"].remove(gone)
    found = worst(network.give(account))
    assert (found.status, found.what) == ("warning", f"the live VPC lacks the subnets {gone['CidrBlock']}")


def test_subnets_in_other_zones(network: Live, account: Account) -> None:
    network.made = plan(with_network(zones=("b", "a", "c")))
    found = [one for one in network.give(account) if one.status != "ok"]
    assert [one.status for one in found] == ["problem"] * 6
    assert all("is in us-west-2" in one.what for one in found)


@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_lost_tag(kind: str, network: Live, account: Account) -> None:
    subnet = network.subnets(kind)[0]
    subnet["Tags"] = [{"Key": ROLE_TAGS[kind], "Value": "0"}]
    found = worst(network.give(account))
    id = subnet["SubnetId"]
    assert (found.status, found.what) == ("problem", f"{kind} subnet {id} lacks the tag {ROLE_TAGS[kind]}=1")
    assert found.fix == f"aws ec2 create-tags --resources {id} --tags Key={ROLE_TAGS[kind]},Value=1"


@pytest.mark.parametrize("kind", ["public", "private"])
def test_a_lost_route(kind: str, network: Live, account: Account) -> None:
    id = network.subnets(kind)[1]["SubnetId"]
    network.table(id)["Routes"].remove(network.default_route(id))
    found = worst(network.give(account))
    assert (found.status, found.what) == ("problem", f"the default route of {kind} subnet {id} is missing")


def test_a_private_subnet_that_leads_to_the_internet_gateway(network: Live, account: Account) -> None:
    id = network.subnets("private")[0]["SubnetId"]
    route = network.default_route(id)
    del route["NatGatewayId"]
    route["GatewayId"] = "igw-1"
    assert worst(network.give(account)).what == f"the default route of private subnet {id} leads elsewhere"


def test_a_subnet_of_the_main_table(network: Live, account: Account) -> None:
    """Which has no default route, until somebody gives it one."""
    id = network.subnets("private")[0]["SubnetId"]
    own = network.table(id)
    network.answers["DescribeRouteTables"]["RouteTables"].remove(own)
    assert worst(network.give(account)).what == f"the default route of private subnet {id} is missing"
    tables = network.answers["DescribeRouteTables"]["RouteTables"]
    (main,) = (table for table in tables if any(link["Main"] for link in table["Associations"]))
    main["Routes"] = own["Routes"]
    account.aws._answers.clear()
    assert statuses(network.give(account)) == ["ok"] * 3


def test_a_route_into_nothing(network: Live, account: Account) -> None:
    """The gateway was deleted."""
    id = network.subnets("private")[0]["SubnetId"]
    network.default_route(id)["State"] = "blackhole"
    found = worst(network.give(account))
    assert found.what == f"the default route of private subnet {id} goes nowhere (blackhole)"


def test_a_network_behind_a_hub(network: Live, account: Account) -> None:
    """Whose default route leads to the transit gateway, and not to NAT."""
    network.made = planned(BY_HUB, subnets=network.made.network.subnets)
    wrong = [found for found in network.give(account) if found.status != "ok"]
    assert [found.fix for found in wrong] == [f"restore the route 0.0.0.0/0 to {HUB}"] * 3
    for subnet in network.subnets("private"):
        route = network.default_route(subnet["SubnetId"])
        del route["NatGatewayId"]
        route["TransitGatewayId"] = HUB
    account.aws._answers.clear()
    assert statuses(network.give(account)) == ["ok"] * 3


def isolated(live: Live) -> Plan:
    """Its plan without a NAT gateway, in the subnets that are there."""
    return planned(ISOLATED, subnets=live.made.network.subnets)


def test_endpoints_in_place_of_nat(network: Live, account: Account) -> None:
    network.made = isolated(network)
    assert set(statuses(network.give(account))) == {"ok"}
    network.made = planned(network.made, interface_endpoints=(*ENDPOINTS, "sqs"))
    found = worst(network.give(account))
    assert (found.status, found.what, found.why) == (
        *("warning", "the live VPC has no endpoint for sqs"),
        "a deploy makes them",
    )


def test_an_endpoint_that_is_gone(network: Live, account: Account) -> None:
    network.made = isolated(network)
    there = network.answers["DescribeVpcEndpoints"]["VpcEndpoints"]
    by_name = {one["ServiceName"].rpartition("us-west-2.")[2]: one for one in there}
    by_name["lambda"]["State"] = "failed"
    there.remove(by_name["ecr.api"])
    assert worst(network.give(account)).what == "the live VPC has no endpoint for ecr.api, lambda"


@pytest.mark.parametrize(
    ("kind", "count", "expected"),
    [
        ("control-plane", 1, ["problem"]),
        ("control-plane", 2, []),  # three subnets: 6 in all
        ("public", 7, ["warning"] * 3),
        ("public", 8, []),
        ("private", 19, ["warning"] * 3),  # m7g.large: 10 addresses on an interface
        ("private", 20, []),
    ],
)
def test_free_addresses(kind: str, count: int, expected: list[str], network: Live, account: Account) -> None:
    for subnet in network.subnets(kind):
        subnet["AvailableIpAddressCount"] = count
    found = [one for one in network.give(account) if one.status != "ok"]
    assert statuses(found) == expected
    assert all(kind in one.what and "free addresses" in one.what for one in found)


# --- Transit gateways ---


def hub(owner: str = SMALL.account, state: str = "available", accepts: str = "disable") -> Mapping[str, Any]:
    options = {"AutoAcceptSharedAttachments": accepts}
    return {"TransitGateways": [{"TransitGatewayId": HUB, "OwnerId": owner, "State": state, "Options": options}]}


@pytest.mark.parametrize(
    ("answer", "status", "says"),
    [
        (hub(), "ok", "takes the VPC"),
        (hub("222222222222", accepts="enable"), "ok", "takes the VPC"),
        (hub("222222222222"), "warning", "of 222222222222 accepts nothing by itself"),
        (hub(state="deleting"), "problem", "is deleting"),
    ],
)
def test_a_transit_gateway(account: Account, answer: Mapping[str, Any], status: str, says: str) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TransitGatewayOptions.html"""
    account.answers("DescribeTransitGateways", answer)
    (found,) = account.found(transit_gateways, BY_HUB)
    assert (found.status, says in found.what) == (status, True)


def test_a_transit_gateway_that_nobody_here_sees(account: Account) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html (InvalidTransitGatewayID.NotFound)"""
    account.refuses("DescribeTransitGateways", "InvalidTransitGatewayID.NotFound")
    (found,) = account.found(transit_gateways, BY_HUB)
    assert (found.status, found.what) == ("problem", f"this account sees no transit gateway {HUB}")


def test_without_one_nothing_is_asked(account: Account, small: Plan) -> None:
    assert account.found(transit_gateways, small) == []
    assert account.calls == []
