"""Who may do what in Kubernetes: the rights that people, groups and service accounts gain and lose."""

from __future__ import annotations

from collections.abc import Iterator

from tools.access.matrix import Access, Matrix, Right, matrix
from tools.access.tables import tables
from tools.review.document import Row, Section, Table
from tools.review.flat import codes
from tools.review.fleet import SIDES, ReviewedFleet

_Key = tuple[str, str, str, str]


def section(fleet: ReviewedFleet) -> Section:
    """Of the clusters touched."""
    found: list[tuple[str, Row]] = []
    notes: list[tuple[str, Row]] = []
    for touched in fleet.deployed:
        before, after = (matrix(side.plan) if side else None for side in touched.sides)
        some = after or before
        for sign, (one, other) in zip(SIDES, ((before, after), (after, before)), strict=True):
            if some:
                more = some._replace(kubernetes=tuple(_more(one, other)), aws=(), nodes=(), notes=())
                found += [(touched.name, codes(sign, *map("\n".join, row))) for row in tables(more, full=True)[0].rows]
            new = [note for note in (other.notes if other else ()) if note not in (one.notes if one else ())]
            notes += [(touched.name, codes(sign, note.part, note.text)) for note in new]
    blocks = (
        Table(("who", "via", "where", "may", "clusters"), fleet.grouped(found)),
        Table(("by", "note", "clusters"), fleet.grouped(notes)),
    )
    return Section("matrix", "Who may do what in Kubernetes", tuple(block for block in blocks if block.rows))


def _more(one: Matrix | None, other: Matrix | None) -> Iterator[Access]:
    """What the other allows and the one does not."""
    known = _single(one)
    for key, rights in _single(other).items():
        new: dict[tuple[str, tuple[str, ...]], list[str]] = {}
        for resource, verb, names in rights:
            if (resource, verb, names) not in known.get(key, {}):
                new.setdefault((resource, names), []).append(verb)
        if new or key not in known:
            who, via, where, says = key
            found = tuple(Right(resource, tuple(verbs), names) for (resource, names), verbs in new.items())
            yield Access(who, via, where, found, says)


def _single(matrix: Matrix | None) -> dict[_Key, dict[tuple[str, str, tuple[str, ...]], None]]:
    """By whom and how they have them, the rights one by one."""
    found: dict[_Key, dict[tuple[str, str, tuple[str, ...]], None]] = {}
    for access in matrix.kubernetes if matrix else ():
        rights = found.setdefault((access.who, access.via, access.where, access.says), {})
        for right in access.rights:
            rights.update(dict.fromkeys((right.resource, verb, right.names) for verb in right.verbs))
    return found
