"""What roles may do in AWS: the statements that they gain and lose, and whose roles they are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from tools.access.permissions import BOUNDARY, IamPermission, permissions
from tools.arns import worded
from tools.review.document import Cell, Row, Section, Sign, Table
from tools.review.fleet import ReviewedFleet, Touched

_COLUMNS = ("whose role", "may", "on", "only if", "clusters")
# When it comes, and when it goes: what forbids no longer lets more happen.
_SIGNS: dict[str, tuple[Sign, Sign]] = {"Allow": ("+", "-"), "Deny": ("-", "+"), BOUNDARY: ("-", "!")}
# Of a statement that does not allow: when it comes, and when it goes.
_WORDS = {"Deny": ("never", "no longer forbidden"), BOUNDARY: ("at most", "no longer limited to")}


def section(fleet: ReviewedFleet) -> Section:
    """Wider rights first; new clusters stand for themselves."""
    lasting = [each for each in fleet.deployed if each.lasting]
    others = [each for each in fleet.deployed if not each.lasting]
    tables = [
        Table(_COLUMNS, _compared(fleet, lasting)),
        Table(_COLUMNS, _compared(fleet, others), "New clusters"),
    ]
    return Section("iam", "Permissions in AWS", tuple(table for table in tables if table.rows))


def _compared(fleet: ReviewedFleet, clusters: Sequence[Touched]) -> tuple[Row, ...]:
    found: list[tuple[str, Row]] = []
    for touched in clusters:
        before, after = (permissions(side.stacks, side.place) if side else set() for side in touched.sides)
        left = {each.holder for each in after}
        gone = sorted({each.holder for each in before} - left)
        lost = [each for each in before - after if each.holder in left]
        compared = _paired([*_rows(after - before, gained=True)], [*_rows(lost, gained=False)])
        found += [(touched.name, row) for row in (*compared, *map(_gone, gone))]
    return tuple(sorted(fleet.grouped(found), key=lambda row: "!+~-".index(row.sign)))


def _paired(gained: Sequence[Row], lost: Sequence[Row]) -> Iterator[Row]:
    """The same right under the same conditions with other values is one row, which has only the values that differ."""
    rights = Counter(map(_right, lost))
    others = {_right(row): row for row in lost if rights[_right(row)] == 1}
    for right, times in Counter(map(_right, gained)).items():
        rows = [row for row in gained if _right(row) == right]
        other = others.get(right) if times == 1 else None
        values = _values_that_differ(other.cells[-1].text, rows[0].cells[-1].text) if other else ()
        if values:
            lost = [row for row in lost if row is not other]
            rows = [Row((*rows[0].cells[:-1], Cell("\n".join(values), code=True)), "~")]
        yield from rows
    yield from lost


def _right(row: Row) -> tuple[str, ...]:
    return tuple(cell.text for cell in row.cells[:-1])


def _values_that_differ(before: str, after: str) -> tuple[str, ...]:
    """Nothing where the conditions themselves differ: then both are shown in full."""
    one, other = (dict(line.partition(": ")[::2] for line in text.splitlines()) for text in (before, after))
    if one.keys() != other.keys():
        return ()
    found = []
    for name in other:
        old, new = (side[name].split(" or ") for side in (one, other))
        for word, values in (("also", _less(new, old)), ("no longer", _less(old, new))):
            found += [f"{name}: {word} {' or '.join(values)}"] if values else []
    return tuple(found)


def _less(values: Iterable[str], others: Sequence[str]) -> list[str]:
    return [each for each in values if each not in others]


def _rows(found: Iterable[IamPermission], *, gained: bool) -> Iterator[Row]:
    """Actions on the same resources share a row, resources with the same actions too."""
    by_resource: dict[tuple[Any, ...], list[str]] = {}
    for each in sorted(found):
        key = (each.holder, each.effect, each.principal, each.resource, each.conditions)
        by_resource.setdefault(key, []).append(each.action)
    by_actions: dict[tuple[Any, ...], list[str]] = {}
    for (holder, effect, principal, resource, conditions), actions in by_resource.items():
        by_actions.setdefault((holder, effect, principal, tuple(actions), conditions), []).append(resource)
    for (holder, effect, principal, actions, conditions), resources in by_actions.items():
        may = "\n".join(_by_service(actions))
        if effect in _WORDS:
            may = f"{_WORDS[effect][not gained]}: {may}"
        if principal:
            may = f"{principal}: {may}"
        words = map(worded, (holder, may, "\n".join(resources), "\n".join(conditions)))
        yield Row(tuple(Cell(each, code=True) for each in words), _SIGNS[effect][not gained])


def _gone(holder: str) -> Row:
    """What it was allowed does not matter any more, and neither does what it was forbidden."""
    return Row((Cell(holder, code=True), Cell("is gone, with all its permissions"), Cell(""), Cell("")), "-")


def _by_service(actions: Sequence[str]) -> list[str]:
    """`ec2: CreateFleet, RunInstances`."""
    found: dict[str, list[str]] = {}
    for action in actions:
        service, colon, name = action.partition(":")
        plain = colon and " " not in service
        found.setdefault(service if plain else "", []).append(name if plain else action)
    return [f"{service}: {', '.join(names)}" if service else ", ".join(names) for service, names in found.items()]
