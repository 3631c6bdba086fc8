"""The evaluator of network policies says what a conforming network would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.isolation.network import EVERY_PORT, Pod, matches, open_ports, reachable

A = Pod("a", {"app": "web"}, "10.0.0.1")
A2 = Pod("a", {"app": "db"}, "10.0.0.2")
B = Pod("b", {"app": "web"}, "10.0.0.3", {("http", "TCP"): 8080})
HOST = Pod("b", {"app": "web"}, "10.0.0.4", host_network=True)
INTERNET = "203.0.113.9"


def policy(namespace: str = "b", /, **spec: Any) -> Mapping[str, Any]:
    return {
        "kind": "NetworkPolicy",
        "metadata": {"name": "p", "namespace": namespace},
        "spec": {"podSelector": {}, **spec},
    }


def allow_from(*peers: Mapping[str, Any], ports: Any = None) -> Mapping[str, Any]:
    return policy(ingress=[{"from": list(peers), **({"ports": ports} if ports else {})}])


def allow_to(*peers: Mapping[str, Any], ports: Any = None) -> Mapping[str, Any]:
    rule = {"to": list(peers), **({"ports": ports} if ports else {})}
    return policy("a", policyTypes=["Egress"], egress=[rule])


def namespace(name: str, **labels: str) -> Mapping[str, Any]:
    return {"kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def select(**labels: str) -> Mapping[str, Any]:
    return {"matchLabels": labels}


NAME = "kubernetes.io/metadata.name"
ALL_NAMESPACES: Mapping[str, Any] = {"namespaceSelector": {}}
OWN_PODS: Mapping[str, Any] = {"podSelector": {}}
DENY = policy(policyTypes=["Ingress", "Egress"])
NAMED_A = {"namespaceSelector": select(**{NAME: "a"})}

# objects, source, destination, reachable on TCP 80
CASES = [
    pytest.param((), A, B, True, id="no policies"),
    pytest.param((DENY,), A, B, False, id="deny: in"),
    pytest.param((DENY,), B, A, False, id="deny: out"),
    pytest.param((DENY,), A, A2, True, id="deny: elsewhere"),
    pytest.param((DENY,), B, INTERNET, False, id="deny: to the internet"),
    pytest.param((DENY,), INTERNET, B, False, id="deny: from the internet"),
    pytest.param((DENY,), B, B, True, id="a pod reaches itself"),
    pytest.param((DENY,), HOST, A, True, id="pods in the network of their node: out"),
    pytest.param((DENY,), A, HOST, True, id="pods in the network of their node: in"),
    # Directions
    pytest.param((policy(),), A, B, False, id="types default to ingress"),
    pytest.param((policy(),), B, A, True, id="and to ingress only"),
    pytest.param((policy(egress=[]),), B, A, True, id="an empty egress is none"),
    pytest.param((policy(egress=[{"to": [NAMED_A]}]),), B, INTERNET, False, id="with egress rules it isolates"),
    pytest.param((policy(egress=[{"to": [NAMED_A]}]),), A, B, False, id="in both directions"),
    pytest.param((policy(policyTypes=["Egress"]),), A, B, True, id="egress only"),
    pytest.param((policy(policyTypes=["Egress"], ingress=[{}]),), B, A, False, id="egress only: out"),
    pytest.param((policy(policyTypes=["Ingress"], egress=[{}]), DENY), B, A, False, id="rules of no type are inert"),
    # Peers
    pytest.param((policy(ingress=[{}]),), A, B, True, id="an empty rule is for all"),
    pytest.param((policy(ingress=[{}]),), INTERNET, B, True, id="an empty rule is for addresses"),
    pytest.param((allow_from(),), A, B, True, id="an empty list of peers is for all"),
    pytest.param((policy(ingress=[]),), A, B, False, id="an empty list of rules is for none"),
    pytest.param((allow_from(ALL_NAMESPACES),), A, B, True, id="all namespaces"),
    pytest.param((allow_from(ALL_NAMESPACES),), INTERNET, B, False, id="all namespaces are no addresses"),
    pytest.param((allow_from(ALL_NAMESPACES),), HOST, B, False, id="all namespaces are no nodes"),
    pytest.param((allow_from(OWN_PODS),), A, B, False, id="a podSelector is of the policy's namespace"),
    pytest.param((allow_from(OWN_PODS),), Pod("b"), B, True, id="a podSelector in the policy's namespace"),
    pytest.param((allow_from(NAMED_A),), A, B, True, id="a namespace has its name as a label"),
    pytest.param((allow_from(NAMED_A), namespace("c", **{NAME: "a"})), Pod("c"), B, False, id="which nobody can forge"),
    pytest.param((allow_from({**NAMED_A, "podSelector": select(app="web")}),), A, B, True, id="both selectors"),
    pytest.param((allow_from({**NAMED_A, "podSelector": select(app="web")}),), A2, B, False, id="one of both: pod"),
    pytest.param(
        (allow_from({**NAMED_A, "podSelector": select(app="web")}),), Pod("c", A.labels), B, False, id="one: namespace"
    ),
    pytest.param((allow_from(NAMED_A, {"podSelector": select(app="web")}),), A2, B, True, id="two peers are either"),
    pytest.param(
        (allow_from({"namespaceSelector": select(team="x")}), namespace("a", team="x")), A, B, True, id="by label"
    ),
    pytest.param((allow_from({"namespaceSelector": select(team="x")}), namespace("a")), A, B, False, id="no label"),
    pytest.param((DENY, allow_from(NAMED_A)), A, B, True, id="policies add up"),
    pytest.param((allow_from(NAMED_A), allow_to(OWN_PODS)), A, B, False, id="both sides must agree"),
    pytest.param(
        (allow_from(NAMED_A), allow_to({"namespaceSelector": select(**{NAME: "b"})})), A, B, True, id="both sides agree"
    ),
    pytest.param((policy(podSelector=select(app="db")),), A, B, True, id="policies of other pods"),
    pytest.param((policy("c"),), A, B, True, id="policies of other namespaces"),
    # Addresses
    pytest.param((allow_to({"ipBlock": {"cidr": "0.0.0.0/0"}}),), A, INTERNET, True, id="the internet"),
    pytest.param((allow_to({"ipBlock": {"cidr": "0.0.0.0/0"}}),), A, B, True, id="a block holds for pods too"),
    pytest.param(
        (allow_to({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}),), A, B, False, id="but for exceptions"
    ),
    pytest.param(
        (allow_to({"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8"]}}, {"ipBlock": {"cidr": "10.0.0.3/32"}}),),
        A,
        B,
        True,
        id="which bind their block only",
    ),
    pytest.param((allow_to({"ipBlock": {"cidr": "::/0"}}),), A, INTERNET, False, id="IPv6 is not IPv4"),
    pytest.param((allow_to({"ipBlock": {"cidr": "::/0"}}),), A, "2001:db8::1", True, id="IPv6"),
    pytest.param((allow_from({"ipBlock": {"cidr": "203.0.113.0/24"}}),), INTERNET, B, True, id="from the internet"),
    pytest.param((allow_from({"ipBlock": {"cidr": "10.0.0.4/32"}}),), HOST, B, True, id="from a node"),
    # Ports
    pytest.param((allow_from(NAMED_A, ports=[{"port": 80}]),), A, B, True, id="a port is TCP"),
    pytest.param(
        (allow_from(NAMED_A, ports=[{"port": 80, "protocol": "UDP"}]),), A, B, False, id="or another protocol"
    ),
    pytest.param((allow_from(NAMED_A, ports=[{"port": 81}]),), A, B, False, id="another port"),
    pytest.param((allow_from(NAMED_A, ports=[{"port": 70, "endPort": 80}]),), A, B, True, id="a range has its end"),
    pytest.param((allow_from(NAMED_A, ports=[{"port": 70, "endPort": 79}]),), A, B, False, id="and no more"),
    pytest.param((allow_from(NAMED_A, ports=[{"protocol": "TCP"}]),), A, B, True, id="no port is all"),
    pytest.param((allow_from(NAMED_A, ports=[]),), A, B, True, id="no ports are all"),
    pytest.param((allow_from(NAMED_A, ports=[{"port": "http"}]),), A, B, False, id="a name stands for its number"),
    pytest.param(
        (allow_from(NAMED_A, ports=[{"port": 443}]), allow_to(ports=[{"port": 80}])), A, B, False, id="sides disagree"
    ),
]


@pytest.mark.parametrize(("objects", "source", "destination", "expected"), CASES)
def test_reachable(objects: Any, source: Any, destination: Any, expected: bool) -> None:
    assert reachable(objects, source, destination, 80) is expected


def test_open_ports_are_those_of_both_sides() -> None:
    out = allow_to(ports=[{"port": 1000, "endPort": 2000}, {"port": 53, "protocol": "UDP"}])
    into = allow_from(ports=[{"port": 1500, "endPort": 9000}, {"protocol": "UDP"}])
    assert open_ports((out, into), A, B) == (("TCP", 1500, 2000), ("UDP", 53, 53))
    assert open_ports((out,), A, B) == (("TCP", 1000, 2000), ("UDP", 53, 53))
    assert open_ports((), A, B) == EVERY_PORT
    assert open_ports((DENY,), A, B) == ()


def test_a_named_port_is_the_destination_s() -> None:
    named = [{"port": "http"}]
    assert open_ports((allow_from(ports=named),), A, B) == (("TCP", 8080, 8080),)
    assert open_ports((allow_to(ports=named),), A, B) == (("TCP", 8080, 8080),)
    assert open_ports((allow_to(ports=named),), A, INTERNET) == ()
    assert open_ports((allow_from(ports=[{"port": "http", "protocol": "UDP"}]),), A, B) == ()


SELECTORS = [
    ({}, {}, True),
    ({"matchLabels": {"a": "1"}}, {"a": "1", "b": "2"}, True),
    ({"matchLabels": {"a": "1", "b": "2"}}, {"a": "1"}, False),
    ({"matchLabels": {"a": ""}}, {}, False),
    ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1", "2"]}]}, {"a": "2"}, True),
    ({"matchExpressions": [{"key": "a", "operator": "In", "values": ["1"]}]}, {}, False),
    ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {"a": "1"}, False),
    ({"matchExpressions": [{"key": "a", "operator": "NotIn", "values": ["1"]}]}, {}, True),
    ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {"a": ""}, True),
    ({"matchExpressions": [{"key": "a", "operator": "Exists"}]}, {}, False),
    ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"b": ""}, True),
    ({"matchExpressions": [{"key": "a", "operator": "DoesNotExist"}]}, {"a": ""}, False),
    (
        {"matchLabels": {"a": "1"}, "matchExpressions": [{"key": "b", "operator": "Exists"}]},
        {"a": "1"},
        False,
    ),
]


@pytest.mark.parametrize(("selector", "labels", "expected"), SELECTORS)
def test_selectors(selector: Any, labels: Any, expected: bool) -> None:
    assert matches(selector, labels) is expected


def test_what_is_unknown_is_not_guessed() -> None:
    with pytest.raises(ValueError, match="Near"):
        matches({"matchExpressions": [{"key": "a", "operator": "Near"}]}, {})
    with pytest.raises(ValueError, match="AdminNetworkPolicy"):
        reachable(({"kind": "AdminNetworkPolicy"},), A, B, 80)
