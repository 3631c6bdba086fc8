"""Clusters that have many other values at once, so that a few of them have most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import cycle

from blueprint.errors import BlueprintError
from blueprint.planning.planner import plan
from blueprint.value import Value
from tests.values.kinds import names
from tests.values.variants import Change, Variant, classes, homes, options, spots_in


def crowds(most: int) -> list[Variant]:
    """So many of them, those that have the most kinds of values."""
    return sorted(_all(), key=lambda variant: -len(variant.kinds))[:most]


def _all() -> Iterator[Variant]:
    """Each kind of value once, if it goes together with others."""
    waiting = {(cls, field): _of_each_kind(cls, field) for cls, hints in classes().items() for field in hints}
    for home in cycle(homes()):
        changes = [
            Change(spot, field, waiting[type(spot.value), field].pop(0))
            for spot in spots_in(home)
            for field in spot.fields
            if waiting[type(spot.value), field]
        ]
        made = _with_as_many(Variant(home, ()), changes)
        if made.changes:
            yield made
        if not any(waiting.values()):
            return


def _of_each_kind(cls: type[Value], field: str) -> list[object]:
    """Values of a field, each of a kind that those before are not of."""
    seen: set[str] = set()
    found: list[object] = []
    for value in options(cls, field):
        if kinds := names(classes()[cls][field], value) - seen:
            found.append(value)
            seen |= kinds
    return found


def _with_as_many(variant: Variant, changes: Sequence[Change]) -> Variant:
    """The variant with those of the changes that go together."""
    if not changes:
        return variant
    whole = Variant(variant.cluster, (*variant.changes, *changes))
    if _plans(whole):
        return whole
    if len(changes) == 1:
        return variant
    half = len(changes) // 2
    return _with_as_many(_with_as_many(variant, changes[:half]), changes[half:])


def _plans(variant: Variant) -> bool:
    try:
        plan(variant.blueprint)
    except BlueprintError:
        return False
    return True
