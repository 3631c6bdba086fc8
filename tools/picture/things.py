"""What a cluster consists of, as things with facts: what a picture shows before it is known what changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from blueprint.planning.document import (
    AutoModeNodes,
    FargateNodes,
    InstalledBy,
    NodeGroup,
    Part,
    Plan,
    RemoteNodes,
    Subnet,
)
from blueprint.routes import EVERYWHERE
from tools.picture.model import Arrow

INSTALLERS: tuple[InstalledBy, ...] = ("EKS", "Helm", "kubectl")


Fact = str | tuple[str, ...]
"""A value, or names of which a picture shows the first ones, and all that come or go."""


@dataclass(frozen=True)
class Thing:
    """One box."""

    id: str
    title: str
    facts: Mapping[str, Fact] = field(default_factory=dict)
    """By label; one label may be empty."""
    within: object = None
    """What it holds beside its facts: a change of that is one, though the picture has no room for it."""


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


def described(plan: Plan) -> Described:
    """All that a picture shows of a cluster."""
    installers = [
        Things(
            f"add-ons/{installer}",
            f"Add-ons, installed by {installer}",
            tuple(_part(installer, part) for part in installed(plan) if part.installed_by == installer),
        )
        for installer in INSTALLERS
    ]
    teams = Things("teams", "Teams", tuple(_part("team", part) for part in plan.teams))
    return Described(
        (
            Things("outside", "", tuple(_outside(plan))),
            _network(plan),
            Things("compute", "Compute", tuple(map(capacity, groups(plan)))),
            *(group for group in (*installers, teams) if group.things),
        ),
        tuple(_arrows(plan)),
    )


def installed(plan: Plan) -> list[Part]:
    """The add-ons that install something, by name."""
    found = (part for part in plan.addons if part.contribution.managed_addons or part.contribution.reaches_cluster)
    return sorted(found, key=lambda part: part.name)


PodRunners = AutoModeNodes | NodeGroup | FargateNodes | RemoteNodes


def groups(plan: Plan) -> tuple[PodRunners, ...]:
    """All that pods run on."""
    auto = plan.control_plane.auto_mode
    return (*([auto] if auto else []), *plan.compute, *plan.control_plane.hybrid)


def _outside(plan: Plan) -> Iterator[Thing]:
    cluster = plan.control_plane
    if cluster.public_ranges or plan.facts.internet:
        yield Thing("internet", "Internet")
    facts: dict[str, Fact] = {
        "Kubernetes": cluster.version,
        "API open to": ("the VPC", *cluster.public_ranges),
        "deletion protection": "on" if cluster.deletion_protection else "off",
    }
    yield Thing("control-plane", "EKS control plane", facts)


def _network(plan: Plan) -> Things:
    network, things = plan.network, []
    if _routed(plan):
        things.append(Thing("routes", "Routes", {"": _OWNERS}))
    for id, ranges in _hubs(plan).items():
        things.append(Thing(f"hub/{id}", id, {"routes": ranges}))
    if network.nat_gateways:
        things.append(Thing("nat", "NAT gateways", {"": f"{network.nat_gateways}"}))
    if network.interface_endpoints:
        things.append(Thing("endpoints", "Interface endpoints", {"": tuple(sorted(network.interface_endpoints))}))
    zones = [
        Things(
            f"zone/{zone}",
            f"Zone {zone}",
            tuple(
                Thing(f"subnet/{place}", subnet.kind, {"": (subnet.cidr, subnet.id) if network.vpc_id else subnet.cidr})
                for place, subnet in _places(network.subnets)
                if subnet.zone == zone
            ),
        )
        for zone in dict.fromkeys(subnet.zone for subnet in network.subnets)
    ]
    title = " ".join(("VPC", *([network.vpc_id] if network.vpc_id else []), ", ".join(network.cidrs)))
    return Things("network", title, tuple(things), tuple(zones))


def _places(subnets: Sequence[Subnet]) -> Iterator[tuple[str, Subnet]]:
    """Kind and zone of each, with a number where a zone has several of a kind."""
    seen: Counter[str] = Counter()
    for subnet in subnets:
        place = f"{subnet.kind}/{subnet.zone}"
        seen[place] += 1
        yield place if seen[place] == 1 else f"{place}/{seen[place]}", subnet


_OWNERS = "the owner's"
"""What of a VPC that is there already no template makes."""


def _hubs(plan: Plan) -> dict[str, tuple[str, ...]]:
    """Where routes lead, each with what."""
    routes = plan.network.routes
    hubs = dict.fromkeys(route.via for route in routes)
    return {id: tuple(route.to for route in routes if route.via == id) for id in hubs}


def _routed(plan: Plan) -> bool:
    """Whether the owner's routes lead to the internet."""
    return bool(plan.network.vpc_id) and plan.facts.internet


def capacity(group: PodRunners) -> Thing:
    """The box of what pods run on."""
    facts: dict[str, Fact]
    match group:
        case NodeGroup():
            facts = {
                "": f"{group.kind} nodes{', spot' if group.capacity == 'SPOT' else ''}",
                "nodes": f"{group.min} to {group.max}",
                "types": group.instance_types,
                "image": group.image_words,
                "Kubernetes": group.version,
            }
        case FargateNodes():
            facts = {"": "Fargate", "namespaces": tuple(each.namespace for each in group.selectors)}
        case RemoteNodes():
            facts = {"": "hybrid nodes", "addresses": group.node_ranges, "of pods": group.pod_ranges}
        case AutoModeNodes():
            facts = {"": "Auto Mode", "node pools": (*group.node_pools, *group.own_node_pools)}
    return Thing(f"compute/{group.name}", group.name, _known(facts))


def _part(kind: str, part: Part) -> Thing:
    facts: dict[str, Fact] = {
        "": part.version,
        "namespaces": part.namespaces,
        "AWS permissions of": accounts(part),
        "after": part.after,
    }
    # What an add-on installs other sections show; of a team, what it may and who reaches it is all that there is.
    return Thing(f"{kind}/{part.name}", part.name, _known(facts), part.contribution if kind == "team" else None)


def accounts(part: Part) -> tuple[str, ...]:
    """Service accounts whose pods have AWS permissions."""
    return tuple(grant.service_account for grant in part.contribution.every_grant)


def _known(facts: dict[str, Fact]) -> dict[str, Fact]:
    return {name: fact for name, fact in facts.items() if fact}


def _arrows(plan: Plan) -> Iterator[Arrow]:
    if plan.control_plane.public_ranges:
        yield Arrow("internet", "control-plane", "HTTPS")
    if plan.network.nat_gateways:
        yield Arrow("nat", "internet")
    for id, ranges in _hubs(plan).items():
        if EVERYWHERE in ranges:
            yield Arrow(f"hub/{id}", "internet")
    if _routed(plan):
        yield Arrow("routes", "internet")
    for group in groups(plan):
        yield Arrow(f"compute/{group.name}", "control-plane")
    addons = {part.name: part for part in installed(plan)}
    for part in addons.values():
        for other in part.after:
            if other in addons:
                yield Arrow(f"{part.installed_by}/{part.name}", f"{addons[other].installed_by}/{other}", "after")
