"""What becomes reachable from more places."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.review.dangers.support import differing, manifest, only, resource, thing, told


def cluster(**config: Any) -> dict[str, Any]:
    return {"It": resource("AWS::EKS::Cluster", {"ResourcesVpcConfig": config})}


PRIVATE: dict[str, Any] = {"EndpointPublicAccess": False}
ONE: dict[str, Any] = {"EndpointPublicAccess": True, "PublicAccessCidrs": ["192.0.2.0/24"]}


@pytest.mark.parametrize(
    ("before", "after", "answers"),
    [
        (PRIVATE, ONE, "192.0.2.0/24"),
        (PRIVATE, {}, "0.0.0.0/0"),
        (ONE, {"EndpointPublicAccess": True}, "0.0.0.0/0"),
        (ONE, {**ONE, "PublicAccessCidrs": ["192.0.2.0/23"]}, "192.0.2.0/23"),
        (ONE, {**ONE, "PublicAccessCidrs": ["192.0.2.0/24", "198.51.100.7/32"]}, "198.51.100.7/32"),
        (ONE, {**ONE, "PublicAccessCidrs": ["2001:db8::/32"]}, "2001:db8::/32"),
        (ONE, {**ONE, "PublicAccessCidrs": [{"Ref": "Range"}]}, "${Range}"),
        (ONE, PRIVATE, ""),
        ({}, ONE, ""),
        (ONE, {**ONE, "PublicAccessCidrs": ["192.0.2.128/25"]}, ""),
        (ONE, {**ONE, "EndpointPrivateAccess": True}, ""),
        ({"EndpointPublicAccess": "true", **ONE}, {**ONE, "EndpointPublicAccess": "true", "A": 1}, ""),
    ],
)
def test_the_api_on_the_internet(before: dict[str, Any], after: dict[str, Any], answers: str) -> None:
    found = differing(cluster(**before), cluster(**after))
    if answers:
        assert only(found).rule == "opens-endpoint"
        assert only(found).what == f"the Kubernetes API answers {answers} as well"
    else:
        assert told(found) == []


def test_says_that_it_was_private() -> None:
    assert only(differing(cluster(**PRIVATE), cluster(**ONE))).why == 'PublicAccessCidrs: private -> ["192.0.2.0/24"]'


def group(*rules: dict[str, Any]) -> dict[str, Any]:
    return {"It": resource("AWS::EC2::SecurityGroup", {"SecurityGroupIngress": list(rules)})}


def rule(cidr: Any, port: int = 443) -> dict[str, Any]:
    return {"CidrIp": cidr, "IpProtocol": "tcp", "FromPort": port, "ToPort": port}


SINGLE = {"It": resource("AWS::EC2::SecurityGroupIngress", rule("0.0.0.0/0", 22))}


@pytest.mark.parametrize(
    ("before", "after", "opened"),
    [
        (group(), group(rule("0.0.0.0/0")), True),
        ({}, group(rule("0.0.0.0/0")), True),
        ({}, SINGLE, True),
        (group(), group({"CidrIpv6": "::/0", "IpProtocol": "-1"}), True),
        (group(rule("10.0.0.0/16")), group(rule("10.0.0.0/8")), True),
        (group(rule("10.0.0.0/16")), group(rule("0.0.0.0/0", 22), rule("10.0.0.0/16")), True),
        ({}, group(rule("10.0.0.0/16")), False),
        (group(rule("10.0.0.0/16")), group(rule("10.1.0.0/16")), False),
        (group(rule("10.0.0.0/16")), group(rule("10.0.0.0/24")), False),
        (group(rule("10.0.0.0/16")), group(rule("10.0.0.0/8", 80), rule("10.0.0.0/16")), False),
        (group(rule("0.0.0.0/0")), group(rule("0.0.0.0/0"), rule("10.0.0.0/8")), False),
        (group(), group({"SourceSecurityGroupId": "sg-1", "IpProtocol": "-1"}), False),
        (group(), group(rule({"Fn::GetAtt": ["Vpc", "CidrBlock"]})), False),
    ],
)
def test_security_groups(before: dict[str, Any], after: dict[str, Any], *, opened: bool) -> None:
    assert told(differing(before, after)) == [("opens-endpoint", "It")] * opened


def test_names_the_ports_and_the_ranges() -> None:
    danger = only(differing(group(), group(rule("0.0.0.0/0"))))
    assert (danger.what, danger.why) == ("tcp 443 is open to 0.0.0.0/0", "ingress: nothing -> 0.0.0.0/0")
    danger = only(differing(group(), group({"CidrIp": "0.0.0.0/0", "IpProtocol": -1})))
    assert danger.what == "all ports are open to 0.0.0.0/0"
    wide = {**rule("0.0.0.0/0"), "FromPort": 80}
    assert only(differing(group(), group(wide))).what == "tcp 80 to 443 are open to 0.0.0.0/0"


def routed(**properties: Any) -> dict[str, Any]:
    return {
        "Gateway": resource("AWS::EC2::InternetGateway"),
        "Table": resource("AWS::EC2::RouteTable"),
        **({"It": resource("AWS::EC2::Route", {"RouteTableId": {"Ref": "Table"}, **properties})} if properties else {}),
    }


PUBLIC = {"GatewayId": {"Ref": "Gateway"}}
NAT = {"NatGatewayId": {"Ref": "Nat"}}
OF_IPV6 = resource("AWS::EC2::Route", {"RouteTableId": {"Ref": "Table"}, "DestinationIpv6CidrBlock": "::/0", **PUBLIC})
SUBNET = resource("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": False})


@pytest.mark.parametrize(
    ("before", "after", "opened"),
    [
        (routed(**NAT), routed(**PUBLIC), True),
        (routed(), routed(**PUBLIC), True),
        ({"It": SUBNET}, {"It": resource("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": True})}, True),
        ({}, routed(**PUBLIC), False),
        (routed(**PUBLIC), routed(**NAT), False),
        (routed(**PUBLIC), routed(DestinationCidrBlock="0.0.0.0/0", **PUBLIC), False),
        (routed(**NAT), routed(NatGatewayId={"Ref": "Other"}), False),
        (routed(**PUBLIC), {**routed(**PUBLIC), "Ipv6": OF_IPV6}, False),
        (routed(**NAT), {**routed(**NAT), "It": routed(**NAT)["It"], "Ipv6": OF_IPV6}, True),
        ({}, {"It": resource("AWS::EC2::Subnet", {"MapPublicIpOnLaunch": True})}, False),
    ],
)
def test_subnets(before: dict[str, Any], after: dict[str, Any], *, opened: bool) -> None:
    assert [rule for rule, _ in told(differing(before, after))] == ["opens-endpoint"] * opened


def scheme(kind: str, value: str = "") -> dict[str, Any]:
    names = {
        "Ingress": "alb.ingress.kubernetes.io/scheme",
        "Service": "service.beta.kubernetes.io/aws-load-balancer-scheme",
    }
    if kind == "IngressClassParams":
        return {"It": manifest(thing(kind, "a", spec={"scheme": value} if value else {}))}
    return {"It": manifest(thing(kind, "a", "n", metadata={"annotations": {names[kind]: value}} if value else {}))}


@pytest.mark.parametrize("kind", ["Ingress", "Service", "IngressClassParams"])
def test_load_balancers_of_kubernetes(kind: str) -> None:
    internal, facing = scheme(kind, "internal"), scheme(kind, "internet-facing")
    for before in (internal, scheme(kind)):
        assert told(differing(before, facing)) == [("opens-endpoint", "It")]
    assert told(differing(facing, internal)) == []
    # A new class is none yet; what names it is.
    assert told(differing({}, facing)) == [("opens-endpoint", "It")] * (kind != "IngressClassParams")
    assert told(differing({}, internal)) == []


def test_load_balancers_of_aws() -> None:
    kind = "AWS::ElasticLoadBalancingV2::LoadBalancer"
    internal, facing = ({"It": resource(kind, {"Scheme": value})} for value in ("internal", "internet-facing"))
    assert told(differing(internal, facing)) == [("opens-endpoint", "It")]
    assert told(differing(facing, internal)) == []
