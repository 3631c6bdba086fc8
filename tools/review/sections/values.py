"""Helm values, key by key: a template holds them as one long text."""

from __future__ import annotations

from blueprint.contribution import Release
from tools.review.document import Row, Section, Table
from tools.review.flat import changed, codes, flat
from tools.review.fleet import ReviewedFleet, Touched


def section(fleet: ReviewedFleet) -> Section:
    """Of releases that are there before and after; the values of others are no change."""
    found = [(touched.name, row) for touched in fleet.deployed for row in _rows(touched)]
    rows = fleet.grouped(found)
    table = Table(("release", "value", "before", "after", "clusters"), rows)
    return Section("values", "Helm values", (table,) if rows else ())


def releases(touched: Touched) -> list[tuple[Release | None, Release | None]]:
    """Each release before and after; none of a new cluster, of which all is new."""
    if not touched.lasting:
        return []
    sides = ({_name(each): each for each in side.releases} if side else {} for side in touched.sides)
    before, after = sides
    return [(before.get(name), after.get(name)) for name in dict.fromkeys((*before, *after))]


def rows_of(before: Release, after: Release) -> tuple[Row, ...]:
    """The values of one release that differ."""
    sides = dict(flat(before.values)), dict(flat(after.values))
    return tuple(codes(sign, after.name, *change) for sign, *change in changed(*sides))


def _rows(touched: Touched) -> tuple[Row, ...]:
    return tuple(row for one, other in releases(touched) if one and other for row in rows_of(one, other))


def _name(release: Release) -> tuple[str, str]:
    return release.namespace, release.name
