"""A picture of a cluster, or of what a change makes of it: the things on both sides, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from blueprint.planning.document import Plan
from tools.picture.model import SIGNS, Box, BoxStatus, ClusterPicture, Group, Line
from tools.picture.things import Described, Fact, Thing, Things, described

MOST_BOXES = 18
"""Of one group. More are counted: a picture of a hundred boxes shows nothing."""
MOST_ARROWS = 40
_NAMED = 4
_INNER = "network, roles or objects differ"
_NOTHING = Described()


def picture(before: Plan | None, after: Plan | None) -> ClusterPicture:
    """The change from one to the other, which has the same name; of a cluster as it is, both are the same.

    Without `before` everything is new, without `after` everything goes. Raises ValueError if there is neither.
    """
    now = after or before
    if now is None:
        raise ValueError("a picture needs a cluster")
    old, new = (described(side) if side else _NOTHING for side in (before, after))
    status: BoxStatus = "same" if before and after else "added" if after else "removed"
    groups = {group.id: group for group in _merged_groups(old.groups, new.groups)}
    drawn = {box.id for group in groups.values() for box in group.every}
    arrows = [arrow for arrow in dict.fromkeys((*new.arrows, *old.arrows)) if {arrow.source, arrow.target} <= drawn]
    return ClusterPicture(
        cluster=now.facts.name,
        title=f"{now.facts.name}: {_change(_place(before), _place(after))}",
        status=status,
        outside=groups.pop("outside"),
        network=groups.pop("network"),
        compute=groups.pop("compute"),
        software=tuple(groups.values()),
        arrows=tuple(arrows[:MOST_ARROWS]),
    )


def _place(plan: Plan | None) -> str:
    return f"account {plan.facts.account}, {plan.facts.region}" if plan else ""


def _change(old: str, new: str) -> str:
    """`1.35 → 1.36`; one of both where there is no other, or they are the same."""
    return f"{old} → {new}" if old and new and old != new else new or old


def _merged_groups(old: Sequence[Things], new: Sequence[Things]) -> Iterator[Group]:
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


def _merged(old: Sequence[Thing], new: Sequence[Thing]) -> Iterator[Box]:
    before, after = ({thing.id: thing for thing in side} for side in (old, new))
    for id in {**after, **before}:
        was, is_ = before.get(id), after.get(id)
        if was and is_:
            lines = tuple(_lines(was.facts, is_.facts))
            if was.within != is_.within and not any(line.changed for line in lines):
                lines = (*lines, Line(_INNER, changed=True))
            yield Box(id, is_.title, lines, _status(was, is_, changed=any(line.changed for line in lines)))
        elif thing := is_ or was:
            yield Box(id, thing.title, tuple(_lines(thing.facts, thing.facts)), _status(was, is_))


def _status(old: object | None, new: object | None, *, changed: bool = False) -> BoxStatus:
    if old and new:
        return "changed" if changed else "same"
    return "added" if new else "removed"


def _lines(old: Mapping[str, Fact], new: Mapping[str, Fact]) -> Iterator[Line]:
    for label in {**new, **old}:
        was, is_ = old.get(label, ()), new.get(label, ())
        yield Line(f"{label} {_fact(was, is_)}".strip(), was != is_)


def _fact(old: Fact, new: Fact) -> str:
    """What it is; or what it was and is; of many names only those that come and go."""
    if old != new and isinstance(old, tuple) and isinstance(new, tuple):
        gained = [f"{SIGNS['added']}{name}" for name in new if name not in old]
        lost = [f"{SIGNS['removed']}{name}" for name in old if name not in new]
        if gained or lost:
            return _few((*gained, *lost))
    return _change(*(_few(side) if isinstance(side, tuple) else side for side in (old, new)))


def _few(names: Sequence[str]) -> str:
    left = len(names) - _NAMED
    return (", ".join(names) or "none") if left <= 0 else f"{', '.join(names[:_NAMED])} and {left} more"


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
    status: BoxStatus = "changed" if said else "same"
    yield Box(f"{group}/rest", f"and {len(rest)} more", (Line(said, changed=True),) if said else (), status)
