"""Which pods reach which: an evaluator of NetworkPolicy v1 over objects as data.

https://kubernetes.io/docs/concepts/services-networking/network-policies. Where the API leaves something open it is the
permissive side: an ipBlock holds for the addresses of pods too, and pods in the network of their node know no policies.
Only TCP, UDP and SCTP are said to be policed.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

Object = Mapping[str, Any]
Protocol = Literal["TCP", "UDP", "SCTP"]
Ports = tuple[Protocol, int, int]
"""A protocol, and the first and last port of a range."""

EVERY_PORT: tuple[Ports, ...] = (("TCP", 1, 65535), ("UDP", 1, 65535), ("SCTP", 1, 65535))
NAME_LABEL = "kubernetes.io/metadata.name"
# Other kinds decide about traffic as well, some before all NetworkPolicies.
_UNKNOWN_KINDS = {
    "AdminNetworkPolicy",
    "ApplicationNetworkPolicy",
    "BaselineAdminNetworkPolicy",
    "CiliumClusterwideNetworkPolicy",
    "CiliumNetworkPolicy",
    "ClusterNetworkPolicy",
    "GlobalNetworkPolicy",
}


@dataclass(frozen=True)
class Pod:
    """A running pod, as far as policies see it."""

    namespace: str
    labels: Mapping[str, str] = field(default_factory=dict)
    ip: str = ""
    named_ports: Mapping[tuple[str, Protocol], int] = field(default_factory=dict)
    """Numbers of its containers' ports."""
    host_network: bool = False


End = Pod | str
"""A pod, or an address outside of the cluster."""


def reachable(objects: Iterable[Object], source: End, destination: End, port: int, protocol: Protocol = "TCP") -> bool:
    """Whether a connection comes about. ValueError: a kind of policy that this evaluator does not know."""
    return any(name == protocol and low <= port <= high for name, low, high in open_ports(objects, source, destination))


def open_ports(objects: Iterable[Object], source: End, destination: End) -> tuple[Ports, ...]:
    """All the ports on which the source reaches the destination: those that both sides allow."""
    return Network(objects).open_ports(source, destination)


class Network:
    """The policies and namespaces among the objects, looked up once for many questions."""

    def __init__(self, objects: Iterable[Object]) -> None:
        self._policies: dict[str, list[Object]] = {}
        self._namespaces: dict[str, Mapping[str, str]] = {}
        for one in objects:
            if one["kind"] in _UNKNOWN_KINDS:
                raise ValueError(one["kind"])
            if one["kind"] == "Namespace":
                self._namespaces[one["metadata"]["name"]] = one["metadata"].get("labels") or {}
            elif one["kind"] == "NetworkPolicy":
                self._policies.setdefault(one["metadata"]["namespace"], []).append(one)

    def open_ports(self, source: End, destination: End) -> tuple[Ports, ...]:
        """All the ports on which the source reaches the destination: those that both sides allow."""
        if isinstance(source, Pod) and source == destination:
            return EVERY_PORT  # no policy keeps a pod from itself
        egress = self._allowed(source, "Egress", destination, destination)
        ingress = self._allowed(destination, "Ingress", source, destination)
        return tuple(_common(egress, ingress))

    def entries(self, pod: Pod, direction: str, other: End) -> int:
        """How many pairs of port and protocol the CNI's agent keeps for what a pod may exchange with one address.

        aws-network-policy-agent pkg/fwruleprocessor/fw_rule_processor.go: those of all rules whose range holds the
        address, and one for a rule without ports.
        """
        if pod.host_network or not self._policies.get(pod.namespace):
            return 0
        found = set(self._allowed(pod, direction, other, pod if direction == "Ingress" else other))
        return len(found - set(EVERY_PORT)) + bool(found & set(EVERY_PORT))

    def _allowed(self, end: End, direction: str, other: End, destination: End) -> tuple[Ports, ...]:
        """The ports that the policies of one end leave open in one direction."""
        if isinstance(end, str) or end.host_network:
            return EVERY_PORT
        policies = [one for one in self._policies.get(end.namespace, ()) if _selects(one["spec"], end, direction)]
        if not policies:
            return EVERY_PORT
        key, peers = direction.lower(), "from" if direction == "Ingress" else "to"
        return tuple(
            ports
            for policy in policies
            for rule in policy["spec"].get(key) or ()
            # Without peers a rule is for all of them.
            if not rule.get(peers) or any(self._is_peer(peer, policy, other) for peer in rule[peers])
            for ports in _ports(rule, destination)
        )

    def _is_peer(self, peer: Object, policy: Object, other: End) -> bool:
        if not peer or peer.keys() - {"ipBlock", "namespaceSelector", "podSelector"}:
            raise ValueError(peer)
        if "ipBlock" in peer:
            return _in_block(peer["ipBlock"], other if isinstance(other, str) else other.ip)
        if isinstance(other, str) or other.host_network:
            return False
        if "namespaceSelector" in peer:
            labels = {**self._namespaces.get(other.namespace, {}), NAME_LABEL: other.namespace}
            if not matches(peer["namespaceSelector"], labels):
                return False
        elif other.namespace != policy["metadata"]["namespace"]:
            return False
        return "podSelector" not in peer or matches(peer["podSelector"], other.labels)


def _selects(spec: Object, pod: Pod, direction: str) -> bool:
    types = spec.get("policyTypes") or ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return direction in types and matches(spec.get("podSelector") or {}, pod.labels)


def matches(selector: Object, labels: Mapping[str, str]) -> bool:
    """A label selector; an empty one matches all. ValueError: an operator that Kubernetes does not know."""
    wanted = (selector.get("matchLabels") or {}).items()
    if any(labels.get(key) != value for key, value in wanted):
        return False
    return all(_holds(expression, labels) for expression in selector.get("matchExpressions") or ())


def _holds(expression: Object, labels: Mapping[str, str]) -> bool:
    value = labels.get(expression["key"])
    match expression["operator"]:
        case "In":
            return value is not None and value in expression["values"]
        case "NotIn":
            return value not in expression["values"]  # also where there is no such label
        case "Exists":
            return value is not None
        case "DoesNotExist":
            return value is None
    raise ValueError(expression["operator"])


def _in_block(block: Object, ip: str) -> bool:
    if not ip:
        return False
    return _is_in(ip, block["cidr"]) and not any(_is_in(ip, hole) for hole in block.get("except") or ())


@cache
def _is_in(ip: str, cidr: str) -> bool:
    return ipaddress.ip_address(ip) in ipaddress.ip_network(cidr)


def _ports(rule: Object, destination: End) -> Iterator[Ports]:
    if not rule.get("ports"):
        yield from EVERY_PORT
        return
    for entry in rule["ports"]:
        protocol: Protocol = entry.get("protocol") or "TCP"
        port = entry.get("port")
        if port is None:
            yield protocol, 1, 65535
        elif isinstance(port, int):
            yield protocol, port, entry.get("endPort") or port
        elif isinstance(destination, Pod) and (number := destination.named_ports.get((port, protocol))):
            yield protocol, number, number


def _common(one: Sequence[Ports], other: Sequence[Ports]) -> Iterator[Ports]:
    seen = set()
    for protocol, low, high in one:
        for protocol_of_other, low_of_other, high_of_other in other:
            ports = (protocol, max(low, low_of_other), min(high, high_of_other))
            if protocol == protocol_of_other and ports[1] <= ports[2] and ports not in seen:
                seen.add(ports)
                yield ports
