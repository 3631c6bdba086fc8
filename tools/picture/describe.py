"""A picture of what a cluster consists of, or of what a change makes of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tools.contents import Capacity, Contents, Installer, Part
from tools.picture.model import SIGNS, Arrow, Box, Group, Line, Picture, Status

MOST_BOXES = 18
"""Of one group. More are counted: a picture of a hundred boxes shows nothing."""
MOST_ARROWS = 40

KINDS = {"managed": "managed nodes", "self-managed": "self-managed nodes", "fargate": "Fargate", "auto": "Auto Mode"}
INSTALLERS: tuple[Installer, ...] = ("EKS", "Helm", "kubectl")


def picture(before: Contents | None, after: Contents | None) -> Picture:
    """The change from one to the other, which has the same name; of a cluster as it is, both are the same.

    Without `before` everything is new, without `after` everything goes. Raises ValueError if there is neither.
    """
    now = after or before
    if now is None:
        raise ValueError("a picture needs a cluster")
    old, new = (_described(side) if side else _NOTHING for side in (before, after))
    status: Status = "same" if before and after else "added" if after else "removed"
    groups = {group.id: group for group in _merged_groups(old.groups, new.groups)}
    drawn = {box.id for group in groups.values() for box in group.every}
    arrows = [arrow for arrow in dict.fromkeys((*new.arrows, *old.arrows)) if {arrow.source, arrow.target} <= drawn]
    return Picture(
        cluster=now.name,
        title=f"{now.name}: {_change(_place(before), _place(after))}",
        status=status,
        outside=groups.pop("outside"),
        network=groups.pop("network"),
        compute=groups.pop("compute"),
        software=tuple(groups.values()),
        arrows=tuple(arrows[:MOST_ARROWS]),
    )


@dataclass(frozen=True)
class _Thing:
    """A box before it is known what changes: of each fact its label and value."""

    id: str
    title: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Things:
    id: str
    title: str
    things: tuple[_Thing, ...] = ()
    groups: tuple[_Things, ...] = ()


@dataclass(frozen=True)
class _Described:
    groups: tuple[_Things, ...] = ()
    arrows: tuple[Arrow, ...] = ()


_NOTHING = _Described()


def _described(contents: Contents) -> _Described:
    installers = [
        _Things(
            f"add-ons/{installer}",
            f"Add-ons, installed by {installer}",
            tuple(_part(installer, part) for part in contents.addons if part.installer == installer),
        )
        for installer in INSTALLERS
    ]
    teams = _Things("teams", "Teams", tuple(_part("team", part) for part in contents.teams))
    return _Described(
        (
            _Things("outside", "", tuple(_outside(contents))),
            _network(contents),
            _Things("compute", "Compute", tuple(map(_capacity, contents.capacity))),
            *(group for group in (*installers, teams) if group.things),
        ),
        tuple(_arrows(contents)),
    )


def _outside(contents: Contents) -> Iterator[_Thing]:
    if contents.public_ranges or contents.nat_gateways:
        yield _Thing("internet", "Internet")
    reach = f"{_few(contents.public_ranges)} and the VPC" if contents.public_ranges else "the VPC only"
    facts = {
        "Kubernetes": contents.version,
        "API open to": reach,
        "deletion protection": "on" if contents.deletion_protection else "off",
    }
    yield _Thing("control-plane", "EKS control plane", facts)


def _network(contents: Contents) -> _Things:
    things = []
    if contents.nat_gateways:
        things.append(_Thing("nat", "NAT gateways", {"": f"{contents.nat_gateways}"}))
    if contents.endpoints:
        things.append(_Thing("endpoints", "Interface endpoints", {"": _few(contents.endpoints, 8)}))
    zones = [
        _Things(
            f"zone/{zone}",
            f"Zone {zone}",
            tuple(
                _Thing(f"subnet/{subnet.kind}/{zone}", subnet.kind, {"": subnet.cidr})
                for subnet in contents.subnets
                if subnet.zone == zone
            ),
        )
        for zone in dict.fromkeys(subnet.zone for subnet in contents.subnets)
    ]
    return _Things("network", f"VPC {contents.cidr}", tuple(things), tuple(zones))


def _capacity(capacity: Capacity) -> _Thing:
    facts = {"": KINDS[capacity.kind] + (", spot" if capacity.spot else "")}
    if capacity.max:
        facts["nodes"] = f"{capacity.min} to {capacity.max}"
    if capacity.instance_types:
        facts["types"] = _few(capacity.instance_types)
    if capacity.image:
        facts["image"] = capacity.image
    if capacity.version:
        facts["Kubernetes"] = capacity.version
    if capacity.selectors:
        facts["namespaces" if capacity.kind == "fargate" else "node pools"] = _few(capacity.selectors)
    return _Thing(f"compute/{capacity.name}", capacity.name, facts)


def _part(kind: str, part: Part) -> _Thing:
    facts = {}
    if part.version:
        facts[""] = part.version
    if part.namespaces:
        facts["namespaces" if len(part.namespaces) > 1 else "namespace"] = _few(part.namespaces)
    if part.pod_identity:
        facts["AWS permissions of"] = _few(part.pod_identity)
    if part.after:
        facts["after"] = _few(part.after)
    return _Thing(f"{kind}/{part.name}", part.name, facts)


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


def _few(names: Sequence[str], most: int = 4) -> str:
    left = len(names) - most
    return ", ".join(names) if left <= 0 else f"{', '.join(names[:most])} and {left} more"


def _place(contents: Contents | None) -> str:
    return f"account {contents.account}, {contents.region}" if contents else ""


def _change(old: str, new: str) -> str:
    """`1.35 → 1.36`; one of both where there is no other, or they are the same."""
    return f"{old} → {new}" if old and new and old != new else new or old


def _merged_groups(old: Sequence[_Things], new: Sequence[_Things]) -> Iterator[Group]:
    """In the order of the new ones; what goes stands last, but teams always do."""
    before, after = ({group.id: group for group in side} for side in (old, new))
    for id in sorted({**after, **before}, key=lambda id: id == "teams"):
        was, is_ = before.get(id), after.get(id)
        boxes = _fitting(id, list(_merged(was.things if was else (), is_.things if is_ else ())))
        groups = tuple(_merged_groups(was.groups if was else (), is_.groups if is_ else ()))
        title = _change(was.title if was else "", is_.title if is_ else "")
        yield Group(
            id, title, tuple(boxes), groups, _status(was, is_, changed=bool(was and is_ and was.title != is_.title))
        )


def _merged(old: Sequence[_Thing], new: Sequence[_Thing]) -> Iterator[Box]:
    before, after = ({thing.id: thing for thing in side} for side in (old, new))
    for id in {**after, **before}:
        was, is_ = before.get(id), after.get(id)
        if was and is_:
            lines = tuple(_lines(was.facts, is_.facts))
            yield Box(id, is_.title, lines, _status(was, is_, changed=any(line.changed for line in lines)))
        elif thing := is_ or was:
            yield Box(id, thing.title, tuple(_lines(thing.facts, thing.facts)), _status(was, is_))


def _status(old: object | None, new: object | None, *, changed: bool = False) -> Status:
    if old and new:
        return "changed" if changed else "same"
    return "added" if new else "removed"


def _lines(old: Mapping[str, str], new: Mapping[str, str]) -> Iterator[Line]:
    for label in {**new, **old}:
        was, is_ = old.get(label, "none"), new.get(label, "none")
        yield Line(f"{label} {_change(was, is_)}".strip(), was != is_)


def _fitting(group: str, boxes: Sequence[Box]) -> Iterator[Box]:
    """What changes first of all; a box that counts stands for those that do not fit."""
    if len(boxes) <= MOST_BOXES:
        yield from boxes
        return
    ranked = sorted(boxes, key=lambda box: box.status == "same")
    kept = {box.id for box in ranked[: MOST_BOXES - 1]}
    yield from (box for box in boxes if box.id in kept)
    rest = [box for box in boxes if box.id not in kept]
    counts = [(SIGNS[status], sum(box.status == status for box in rest)) for status in SIGNS]
    said = " ".join(f"{sign}{count}" for sign, count in counts if sign and count)
    status: Status = "changed" if said else "same"
    yield Box(f"{group}/rest", f"and {len(rest)} more", (Line(said, changed=True),) if said else (), status)
