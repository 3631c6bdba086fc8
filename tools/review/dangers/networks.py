"""Network policies that let pods reach, or be reached by, the whole VPC, all pods, or the world.

https://kubernetes.io/docs/concepts/services-networking/network-policies
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from tools.review.dangers.danger import Weaknesses

_Object = Mapping[str, Any]
_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Rule = tuple[str, str, str]
"""Direction, a peer, ports; the last two as JSON."""

_PEERS = {"ingress": "from", "egress": "to"}
_ALL = "all ports"
_WORDS = {"ingress": "its pods are reached by", "egress": "its pods reach"}
_WIDEST = 8  # of IPv4, what is wider belongs to no single owner


def opened(before: Iterable[_Object], after: Iterable[_Object], vpcs: Sequence[str]) -> Weaknesses:
    """Of the policies of one namespace: what is open to all of something, and was not; with the rule that opens it."""
    old = {rule for policy in before for rule in _rules(policy)}
    known = {(direction, _all_of(json.loads(peer), direction, vpcs), ports == _ALL) for direction, peer, ports in old}
    for direction, peer, ports in sorted({rule for policy in after for rule in _rules(policy)} - old):
        whom = _all_of(json.loads(peer), direction, vpcs)
        if direction == "egress" and peer == "null" and _asks_names(ports):
            continue
        within = any(one == direction and other == peer and _more(kept, ports) for one, other, kept in old)
        # A further port towards those who were let in is what the declared connections of a team are for.
        before_too = {(direction, whom, True), (direction, whom, ports == _ALL)} & known
        if whom and not within and not before_too:
            yield f"{_WORDS[direction]} {whom}", f"{direction}: {peer if peer != 'null' else 'anybody'} on {ports}"


def _rules(policy: _Object) -> Iterator[_Rule]:
    spec = policy.get("spec", {})
    for direction, peers in _PEERS.items():
        for rule in spec.get(direction) or ():
            ports = json.dumps(rule["ports"], sort_keys=True) if rule.get("ports") else _ALL
            for peer in rule.get(peers) or (None,):
                yield direction, json.dumps(peer, sort_keys=True), ports


def _more(kept: str, ports: str) -> bool:
    """Whether what was open has all of these ports."""
    return kept == _ALL or (ports != _ALL and all(each in json.loads(kept) for each in json.loads(ports)))


def _asks_names(ports: str) -> bool:
    """On Auto Mode each node answers for itself, outside of any pod that a policy could name; who asks for names can
    send words to anybody anyway. https://docs.aws.amazon.com/eks/latest/userguide/auto-networking.html
    """
    return ports != _ALL and all(each.get("port") == 53 and "endPort" not in each for each in json.loads(ports))


def _all_of(peer: Any, direction: str, vpcs: Sequence[str]) -> str:
    """What it names all of; empty for some addresses, or the pods of some namespaces."""
    if peer is None or peer == {}:
        return "anybody"
    if "ipBlock" not in peer:
        every = peer.get("namespaceSelector") == {} and not peer.get("podSelector")
        return "all pods of the cluster" if every else ""
    block = peer["ipBlock"]
    excepted = [*_networks(block.get("except") or ())]
    for network in _networks([block["cidr"]]):  # none where it is a subnet's that a deploy makes
        if any(_holds(network, vpc) and not any(_meets(each, vpc) for each in excepted) for vpc in _networks(vpcs)):
            return "the whole VPC"
        if network.prefixlen < _WIDEST and not (direction == "egress" and excepted):
            return "the world"
    return ""


def _networks(cidrs: Sequence[str]) -> Iterator[_Network]:
    for cidr in cidrs:
        try:
            yield ipaddress.ip_network(cidr)
        except ValueError:
            continue  # what CloudFormation fills in


def _holds(network: _Network, other: _Network) -> bool:
    return _meets(network, other) and network.prefixlen <= other.prefixlen


def _meets(network: _Network, other: _Network) -> bool:
    return network.version == other.version and network.overlaps(other)
