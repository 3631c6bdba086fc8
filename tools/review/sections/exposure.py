"""What can be reached from where: the API, security groups, and what our manifests open and close."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from blueprint.planning.document import PlannedNetwork
from blueprint.references import resolved
from tools.access.permissions import listed
from tools.assembly import Stack, text
from tools.placeholders import Placeholders
from tools.review.dangers.kubernetes import INTERNET, SCHEMES, scheme
from tools.review.document import Cell, Row, Section, Sign, Table, code
from tools.review.flat import flat
from tools.review.fleet import ReviewedFleet, Side, Touched

# How the CDK writes that a security group reaches nothing.
_NOWHERE = "255.255.255.255/32"
Clusters = tuple[str, tuple[str, ...]]
"""In words, and by name."""
_CLOSED = "nothing but what a policy allows"


def section(fleet: ReviewedFleet) -> Section:
    """A row for each connection that becomes possible or impossible."""
    rows = _merged(fleet.gained_and_lost(_facts))
    table = Table(("what", "connections", "clusters"), rows)
    return Section("exposure", "Reachable over the network", (table,) if rows else ())


def _merged(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Who may connect in the same ways share a row."""
    by_connection: dict[tuple[Sign, str, Clusters], list[str]] = {}
    for row in rows:
        what, connection, where = (cell.text for cell in row.cells)
        # What is no longer closed is open to all.
        sign: Sign = row.sign if _CLOSED not in connection else "!" if row.sign == "-" else "~"
        by_connection.setdefault((sign, connection, (where, row.clusters)), []).append(what)
    by_what: dict[tuple[Sign, str, Clusters], list[str]] = {}
    for (sign, connection, clusters), whats in by_connection.items():
        by_what.setdefault((sign, "\n".join(whats), clusters), []).append(connection)
    return tuple(
        Row((code(what), code("\n".join(connections)), Cell(where)), sign, names)
        for (sign, what, (where, names)), connections in by_what.items()
    )


def _facts(touched: Touched, side: Side) -> Iterator[tuple[str, str]]:
    for cidr in side.plan.control_plane.public_ranges:
        yield "the Kubernetes API", f"answers {cidr} on the internet"
    for stack in side.stacks:
        yield from _security_groups(stack)
    for (kind, namespace, name), manifest in side.objects.items():
        if namespace in touched.namespaces_gone:
            continue
        spec = manifest.get("spec") or {}
        if kind == "NetworkPolicy.networking.k8s.io":
            yield from _policy(namespace, spec, side.plan.network)
        elif kind == "Service" and spec.get("type") in ("LoadBalancer", "NodePort"):
            ranges = ", ".join(spec.get("loadBalancerSourceRanges") or ["every address"])
            yield f"Service {namespace}/{name} ({spec['type']})", f"accepts {ranges}{_where(manifest)}"
        elif kind == "Ingress.networking.k8s.io":
            hosts = [rule.get("host", "any host") for rule in spec.get("rules") or ()]
            yield f"Ingress {namespace}/{name}", f"answers for {', '.join(hosts) or 'any host'}{_where(manifest)}"
    yield from _releases(side)


def _releases(side: Side) -> Iterator[tuple[str, str]]:
    """What values of charts say in known annotations."""
    for release in side.releases:
        for key, value in flat(release.values):
            if value == INTERNET and key.endswith(tuple(f"[{name}]" for name in SCHEMES)):
                yield f"release {release.namespace}/{release.name}", f"asks for a load balancer on the internet: {key}"


def _where(manifest: Mapping[str, Any]) -> str:
    return " on the internet" if scheme(manifest) == INTERNET else ""


def _security_groups(stack: Stack) -> Iterator[tuple[str, str]]:
    for id, resource in stack.resources.items():
        properties = resource.get("Properties", {})
        path = stack.paths.get(id, id)
        match resource["Type"]:
            case "AWS::EC2::SecurityGroup":
                for rule in properties.get("SecurityGroupIngress", ()):
                    yield f"security group {path}", _rule(rule, "accepts")
                for rule in properties.get("SecurityGroupEgress", ()):
                    if rule.get("CidrIp") != _NOWHERE:
                        yield f"security group {path}", _rule(rule, "reaches")
            case "AWS::EC2::SecurityGroupIngress":
                yield f"security group {path}", _rule(properties, "accepts")
            case "AWS::EC2::SecurityGroupEgress":
                yield f"security group {path}", _rule(properties, "reaches")


def _rule(rule: Mapping[str, Any], word: str) -> str:
    keys = ("CidrIp", "CidrIpv6", "SourceSecurityGroupId", "DestinationSecurityGroupId", "SourcePrefixListId")
    peers = [text(rule[key]) for key in keys if key in rule]
    protocol = str(rule.get("IpProtocol", "-1"))
    first, last = rule.get("FromPort"), rule.get("ToPort")
    ports = "all ports" if protocol == "-1" else f"{protocol} {first}" + (f"-{last}" if last != first else "")
    return f"{word} {', '.join(peers)} on {ports}"


def _policy(namespace: str, spec: Mapping[str, Any], network: PlannedNetwork) -> Iterator[tuple[str, str]]:
    """A policy closes what it selects, and opens it again for the peers of its rules."""
    pods = f"{_selected(spec.get('podSelector'))} of {namespace}"
    for direction, key, word in (("Ingress", "from", "accept"), ("Egress", "to", "reach")):
        if direction not in spec.get("policyTypes", ["Ingress"]):
            continue
        yield pods, f"{word} {_CLOSED}"
        for rule in spec.get(direction.lower()) or ():
            sides = [_peer(peer, network) for peer in rule.get(key) or ()] or ["every address"]
            ports = [_port(port) for port in rule.get("ports") or ()] or ["all ports"]
            for peer, port in product(dict.fromkeys(sides), dict.fromkeys(ports)):
                yield pods, f"{word} {peer} on {port}"


def _peer(peer: Mapping[str, Any], network: PlannedNetwork) -> str:
    if block := peer.get("ipBlock"):
        names = Placeholders()
        kinds = {
            cidr: f"{subnet.kind} subnets"
            for subnet in network.subnets
            for cidr in (subnet.cidr, resolved(subnet.ipv6_cidr, names))
        }
        but = f" but not {', '.join(block['except'])}" if block.get("except") else ""
        cidr = "every address" if block["cidr"] in ("0.0.0.0/0", "::/0") else block["cidr"]
        return kinds.get(block["cidr"], cidr) + but
    pods = _selected(peer.get("podSelector"))
    if "namespaceSelector" not in peer:
        return f"{pods} of the same namespace"
    chosen = peer["namespaceSelector"] or {}
    labels = dict(chosen.get("matchLabels") or {})
    name = labels.pop("kubernetes.io/metadata.name", None)
    if name and not labels and not chosen.get("matchExpressions"):
        return f"{pods} of {name}"
    return f"{pods} of {_selected(chosen, 'namespaces')}"


def _selected(selector: Mapping[str, Any] | None, what: str = "pods") -> str:
    selector = selector or {}
    labels = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    labels += [
        " ".join([each["key"], each["operator"], *listed(each.get("values") or [])])
        for each in selector.get("matchExpressions") or ()
    ]
    return f"{what} with {', '.join(labels)}" if labels else f"all {what}"


def _port(port: Mapping[str, Any]) -> str:
    number = port.get("port", "all")
    last = f"-{port['endPort']}" if port.get("endPort") else ""
    return f"{port.get('protocol', 'TCP')} {number}{last}"
