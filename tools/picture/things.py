"""What a cluster consists of, as things with facts: what a picture shows before it is known what changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from tools.contents import Capacity, Contents, Installer, Part
from tools.picture.model import Arrow

KINDS = {"managed": "managed nodes", "self-managed": "self-managed nodes", "fargate": "Fargate", "auto": "Auto Mode"}
INSTALLERS: tuple[Installer, ...] = ("EKS", "Helm", "kubectl")


Fact = str | tuple[str, ...]
"""A value, or names of which a picture shows the first ones, and all that come or go."""


@dataclass(frozen=True)
class Thing:
    """One box."""

    id: str
    title: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """By label; one label may be empty."""


@dataclass(frozen=True)
class Things:
    """A group of boxes, or of groups."""

    id: str
    title: str
    things: tuple[Thing, ...] = ()
    groups: tuple[Things, ...] = ()


@dataclass(frozen=True)
class Described:
    """A whole cluster."""

    groups: tuple[Things, ...] = ()
    arrows: tuple[Arrow, ...] = ()


def described(contents: Contents) -> Described:
    """All that a picture shows of a cluster."""
    installers = [
        Things(
            f"add-ons/{installer}",
            f"Add-ons, installed by {installer}",
            tuple(_part(installer, part) for part in contents.addons if part.installer == installer),
        )
        for installer in INSTALLERS
    ]
    teams = Things("teams", "Teams", tuple(_part("team", part) for part in contents.teams))
    return Described(
        (
            Things("outside", "", tuple(_outside(contents))),
            _network(contents),
            Things("compute", "Compute", tuple(map(_capacity, contents.capacity))),
            *(group for group in (*installers, teams) if group.things),
        ),
        tuple(_arrows(contents)),
    )


def _outside(contents: Contents) -> Iterator[Thing]:
    if contents.public_ranges or contents.nat_gateways:
        yield Thing("internet", "Internet")
    facts: dict[str, Fact] = {
        "Kubernetes": contents.version,
        "API open to": ("the VPC", *contents.public_ranges),
        "deletion protection": "on" if contents.deletion_protection else "off",
    }
    yield Thing("control-plane", "EKS control plane", facts)


def _network(contents: Contents) -> Things:
    things = []
    if contents.nat_gateways:
        things.append(Thing("nat", "NAT gateways", {"": f"{contents.nat_gateways}"}))
    if contents.endpoints:
        things.append(Thing("endpoints", "Interface endpoints", {"": contents.endpoints}))
    zones = [
        Things(
            f"zone/{zone}",
            f"Zone {zone}",
            tuple(
                Thing(f"subnet/{subnet.kind}/{zone}", subnet.kind, {"": subnet.cidr})
                for subnet in contents.subnets
                if subnet.zone == zone
            ),
        )
        for zone in dict.fromkeys(subnet.zone for subnet in contents.subnets)
    ]
    return Things("network", f"VPC {contents.cidr}", tuple(things), tuple(zones))


def _capacity(capacity: Capacity) -> Thing:
    facts: dict[str, Fact] = {
        "": KINDS[capacity.kind] + (", spot" if capacity.spot else ""),
        "nodes": f"{capacity.min} to {capacity.max}" if capacity.max else "",
        "types": capacity.instance_types,
        "image": capacity.image,
        "Kubernetes": capacity.version,
        "namespaces" if capacity.kind == "fargate" else "node pools": capacity.selectors,
    }
    return Thing(f"compute/{capacity.name}", capacity.name, _known(facts))


def _part(kind: str, part: Part) -> Thing:
    facts: dict[str, Fact] = {
        "": part.version,
        "namespaces": part.namespaces,
        "AWS permissions of": part.pod_identity,
        "after": part.after,
    }
    return Thing(f"{kind}/{part.name}", part.name, _known(facts))


def _known(facts: dict[str, Fact]) -> dict[str, Fact]:
    return {name: fact for name, fact in facts.items() if fact}


def _arrows(contents: Contents) -> Iterator[Arrow]:
    if contents.public_ranges:
        yield Arrow("internet", "control-plane", "HTTPS")
    if contents.nat_gateways:
        yield Arrow("nat", "internet")
    for capacity in contents.capacity:
        yield Arrow(f"compute/{capacity.name}", "control-plane")
    installers = {part.name: part.installer for part in contents.addons}
    for part in contents.addons:
        for other in part.after:
            if other in installers:
                yield Arrow(f"{part.installer}/{part.name}", f"{installers[other]}/{other}", "after")
