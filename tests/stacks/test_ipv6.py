"""IPv6: a range of Amazon's for the VPC, a /64 for each subnet, a cluster for life."""

from __future__ import annotations

import json
from typing import Any

import pytest

from blueprint.planning.planner import plan
from examples.dual_stack_ingress import DUAL_STACK_INGRESS
from examples.ipv6 import IPV6
from examples.managed import MANAGED
from tests.blueprint.examples import changed
from tests.templates import Template, Templates, objects, of_type, synthesized
from tools.assembly import text
from tools.doctor.checks.needs import types_of

PLAN = plan(IPV6)


@pytest.fixture(scope="module")
def templates(tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Judged by all rules."""
    plans = [PLAN, plan(DUAL_STACK_INGRESS)]
    return synthesized(plans, tmp_path_factory.mktemp("ipv6"), validate=True)


@pytest.fixture(scope="module")
def network(templates: Templates) -> Template:
    return templates["ipv6", "network"]


def kinds(network: Template) -> dict[str, list[dict[str, Any]]]:
    """The subnets of each kind."""
    found: dict[str, list[dict[str, Any]]] = {}
    for each in of_type(network, "AWS::EC2::Subnet").values():
        (kind,) = (tag["Value"] for tag in each["Properties"]["Tags"] if tag["Key"] == "aws-cdk:subnet-name")
        found.setdefault(kind, []).append(each)
    return found


def place(subnet: dict[str, Any]) -> int:
    """Which of the VPC's ranges it has."""
    number, blocks = subnet["Properties"]["Ipv6CidrBlock"]["Fn::Select"]
    vpc, count, bits = blocks["Fn::Cidr"]
    assert (count, bits) == (256, "64"), "the same whatever subnets there are"
    assert vpc["Fn::Select"][1]["Fn::GetAtt"][1] == "Ipv6CidrBlocks"
    return int(number)


def test_every_subnet_of_the_cluster_has_a_range_that_stays(network: Template) -> None:
    """EKS asks for it in each that the cluster names, and for addresses at the start of nodes:
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#network-requirements-subnets
    """
    ((id, block),) = of_type(network, "AWS::EC2::VPCCidrBlock").items()
    assert block["Properties"]["AmazonProvidedIpv6CidrBlock"] is True
    found = kinds(network)
    assert {kind: [place(each) for each in subnets] for kind, subnets in found.items()} == {
        "private": [0, 1],
        "public": [8, 9],
        "control-plane": [16, 17],
    }
    for kind, subnets in found.items():
        for subnet in subnets:
            assert subnet["Properties"].get("AssignIpv6AddressOnCreation") == (True if kind == "private" else None)
            assert id in subnet["DependsOn"]


def test_the_default_group_is_closed_before_the_range_comes(network: Template) -> None:
    """Which AWS opens for IPv6 with the range unless its outbound rules have changed: VPC user guide, "Default security
    groups for your VPCs" ("we do not automatically add an outbound rule for IPv6 traffic").
    """
    (block,) = of_type(network, "AWS::EC2::VPCCidrBlock").values()
    (closed,) = of_type(network, "Custom::VpcRestrictDefaultSG")
    assert closed in block["DependsOn"]


def test_a_zone_that_comes_later_changes_no_range(network: Template, tmp_path: Any) -> None:
    more = changed(IPV6, network=changed(IPV6.network, zones=("a", "b", "c"), control_plane_zones=("a", "b")))
    after = synthesized([plan(more)], tmp_path)["ipv6", "network"]
    for kind, subnets in kinds(network).items():
        assert [json.dumps(each["Properties"]["Ipv6CidrBlock"]) for each in subnets] == [
            json.dumps(each["Properties"]["Ipv6CidrBlock"]) for each in kinds(after)[kind][:2]
        ]


def test_nodes_get_out_and_nobody_gets_in(network: Template) -> None:
    """By an egress-only internet gateway; subnets of EKS have no way out. eksctl pkg/cfn/builder/vpc_ipv6.go."""
    routes = [each["Properties"] for each in of_type(network, "AWS::EC2::Route").values()]
    to = {
        route["RouteTableId"]["Ref"]: next(key for key in route if key.endswith("GatewayId"))
        for route in routes
        if route.get("DestinationIpv6CidrBlock") == "::/0"
    }
    links = [each["Properties"] for each in of_type(network, "AWS::EC2::SubnetRouteTableAssociation").values()]
    table = {each["SubnetId"]["Ref"]: each["RouteTableId"]["Ref"] for each in links}
    ways: dict[str, set[str | None]] = {}
    for id, each in of_type(network, "AWS::EC2::Subnet").items():
        (kind,) = (tag["Value"] for tag in each["Properties"]["Tags"] if tag["Key"] == "aws-cdk:subnet-name")
        ways.setdefault(kind, set()).add(to.get(table[id]))
    assert ways == {"private": {"EgressOnlyInternetGatewayId"}, "public": {"GatewayId"}, "control-plane": {None}}
    assert len(of_type(network, "AWS::EC2::EgressOnlyInternetGateway")) == 1


def test_nodes_of_an_ipv4_cluster_have_no_other_addresses(templates: Templates) -> None:
    network = templates["dual-stack-ingress", "network"]
    assert [place(each) for each in kinds(network)["public"]] == [8, 9]
    assert "AssignIpv6AddressOnCreation" not in json.dumps(network)
    assert of_type(network, "AWS::EC2::EgressOnlyInternetGateway") == {}


def test_the_cluster_says_its_family_and_no_addresses_of_services(templates: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html"""
    (cluster,) = of_type(templates["ipv6", "cluster"], "AWS::EKS::Cluster").values()
    config = cluster["Properties"]["KubernetesNetworkConfig"]
    assert config["IpFamily"] == "ipv6"
    assert "ServiceIpv4Cidr" not in config
    (other,) = of_type(templates["dual-stack-ingress", "cluster"], "AWS::EKS::Cluster").values()
    assert other["Properties"]["KubernetesNetworkConfig"]["IpFamily"] == "ipv4"


def test_nodes_are_told_the_addresses_of_services(templates: Templates) -> None:
    """amazon-eks-ami nodeadm/internal/api/net.go: the family follows from `cidr`; the DNS address is its tenth.

    Bottlerocket asks EKS for IPv4 alone, and takes the family of the node from the DNS address:
    bottlerocket-core-kit sources/api/pluto/src/main.rs (get_eks_network_config, generate_node_ip).
    """
    launch = of_type(templates["ipv6", "cluster"], "AWS::EC2::LaunchTemplate").values()
    told = [json.dumps(each["Properties"]["LaunchTemplateData"].get("UserData", "")) for each in launch]
    (nodeadm,) = (each for each in told if "NodeConfig" in each)
    (bottlerocket,) = (each for each in told if "cluster-dns-ip" in each)
    services = '"KubernetesNetworkConfig.ServiceIpv6Cidr"'
    assert services in nodeadm
    assert '"Fn::Split": ["/", {"Fn::GetAtt": ["Cluster", ' + services + "]}]" in bottlerocket
    assert '}]}, "a\\"' in bottlerocket


def test_the_cni_has_the_permissions_of_ipv6(templates: Templates) -> None:
    """amazon-vpc-cni-k8s docs/iam-policy.md (IPv6 mode), eksctl pkg/actions/addon/create.go
    (makeIPv6VPCCNIPolicyDocument): two of them since subnets are discovered.
    """
    roles = of_type(templates["ipv6", "cluster"], "AWS::IAM::Role")
    (role,) = (each["Properties"] for id, each in roles.items() if "vpccni" in id)
    assert "AmazonEKS_CNI_Policy" not in json.dumps(role)
    statements = role["Policies"][0]["PolicyDocument"]["Statement"]
    assert {action for each in statements for action in each["Action"]} == {
        *("ec2:AssignIpv6Addresses", "ec2:CreateTags", "ec2:DescribeInstances", "ec2:DescribeInstanceTypes"),
        *("ec2:DescribeNetworkInterfaces", "ec2:DescribeSecurityGroups", "ec2:DescribeSubnets", "ec2:DescribeTags"),
    }


def test_policies_of_teams_name_ranges_of_the_network(templates: Templates) -> None:
    """All pods have public addresses then, of the VPC's range, which the internet leaves out."""
    found = {
        one["metadata"]["name"]: one["spec"]
        for one in objects(templates["ipv6", "teams"])
        if one["kind"] == "NetworkPolicy" and one["metadata"]["namespace"] == "shop"
    }
    (inlet,) = found["declared"]["ingress"]
    peers = [peer["ipBlock"]["cidr"] for peer in inlet["from"]]
    assert len({*peers}) == len(PLAN.network.of_kind("public"))
    internet, database = found["declared"]["egress"]
    (block,) = (peer["ipBlock"] for peer in internet["to"])
    assert block["cidr"] == "::/0"
    assert block["except"][:4] == ["fc00::/7", "64:ff9b::/96", "fe80::/10", "ff00::/8"]
    assert len(block["except"]) == 5
    assert database["to"] == [{"ipBlock": {"cidr": "2001:db8:1200::/56"}}]
    # https://docs.aws.amazon.com/eks/latest/userguide/pod-id-agent-config-ipv6.html
    assert found["pod-identity"]["egress"][0]["to"] == [{"ipBlock": {"cidr": "fd00:ec2::23/128"}}]
    exported = json.dumps(templates["ipv6", "network"]["Outputs"])
    assert "Ipv6CidrBlocks" in exported


@pytest.mark.parametrize("name", ["ipv6", "dual-stack-ingress"])
def test_load_balancers_answer_both_families(name: str, templates: Templates) -> None:
    """aws-load-balancer-controller apis/elbv2/v1beta1/ingressclassparams_types.go: ipAddressType"""
    charts = of_type(templates[name, "addons"], "Custom::AWSCDK-EKS-HelmChart").values()
    values = [text(each["Properties"]["Values"]) for each in charts if "load-balancer" in str(each["Properties"])]
    (given,) = (json.loads(each) for each in values if "ingressClassParams" in each)
    assert given["ingressClassParams"] == {"spec": {"ipAddressType": "dualstack"}}


def test_the_doctor_asks_for_what_it_makes() -> None:
    assert "AWS::EC2::EgressOnlyInternetGateway" in {*types_of(PLAN)}
    assert "AWS::EC2::VPCCidrBlock" in {*types_of(PLAN)}
    assert "AWS::EC2::EgressOnlyInternetGateway" not in {*types_of(plan(MANAGED))}
    assert "AWS::EC2::EgressOnlyInternetGateway" not in {*types_of(plan(DUAL_STACK_INGRESS))}
