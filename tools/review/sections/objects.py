"""Kubernetes objects of our own manifests."""

from __future__ import annotations

from tools.review.document import Row, Section, Table
from tools.review.fleet import ReviewedFleet
from tools.review.manifests import come_and_gone, fields, in_new_namespaces
from tools.review.manifests import expressions as worded

_COLUMNS = ("kind", "namespace", "objects", "clusters")
_FIELDS = ("object", "field", "before", "after", "clusters")


def section(fleet: ReviewedFleet) -> Section:
    """What comes and goes, then what changes in the others; what comes with its namespace stands in `brought`."""
    whole: list[tuple[str, Row]] = []
    parts: list[tuple[str, Row]] = []
    for touched in fleet.deployed:
        before, after = (side.objects if side else {} for side in touched.sides)
        whole += [(touched.name, row) for row in come_and_gone(before, after)]
        parts += [(touched.name, row) for row in fields(before, after)]
    tables = (
        Table(_COLUMNS, fleet.grouped(whole)),
        Table(_FIELDS, fleet.grouped(parts)),
    )
    return Section("objects", "Kubernetes objects of our manifests", tuple(table for table in tables if table.rows))


def expressions(fleet: ReviewedFleet) -> Section:
    """What policies ask in CEL, where their messages say the same in words."""
    rows = []
    for touched in fleet.deployed:
        before, after = (side.objects if side else {} for side in touched.sides)
        rows += [(touched.name, row) for row in worded(before, after)]
    table = Table(_FIELDS, fleet.grouped(rows))
    title = "Expressions of policies whose messages changed with them"
    return Section("expressions", title, (table,) if rows else (), open=False)


def brought(fleet: ReviewedFleet) -> Section:
    """A new team or chart brings dozens of objects; whoever they let in, and what they reach, is told before."""
    rows = [
        (touched.name, row)
        for touched in fleet.deployed
        for row in in_new_namespaces(*(side.objects if side else {} for side in touched.sides))
    ]
    table = Table(_COLUMNS, fleet.grouped(rows))
    return Section("brought", "Objects in new namespaces", (table,) if rows else (), open=False)
