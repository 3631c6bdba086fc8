"""Kubernetes objects of our own manifests."""

from __future__ import annotations

from tools.review.document import Row, Section, Table
from tools.review.fleet import Fleet
from tools.review.manifests import come_and_gone, fields, in_new_namespaces

_COLUMNS = ("kind", "namespace", "objects", "clusters")


def section(fleet: Fleet) -> Section:
    """What comes and goes, then what changes in the others; what comes with its namespace stands in `brought`."""
    whole: list[tuple[str, Row]] = []
    parts: list[tuple[str, Row]] = []
    for touched in fleet.deployed:
        before, after = (side.objects if side else {} for side in touched.sides)
        whole += [(touched.name, row) for row in come_and_gone(before, after)]
        parts += [(touched.name, row) for row in fields(before, after)]
    tables = (
        Table(_COLUMNS, fleet.grouped(whole)),
        Table(("object", "field", "before", "after", "clusters"), fleet.grouped(parts)),
    )
    return Section("objects", "Kubernetes objects of our manifests", tuple(table for table in tables if table.rows))


def brought(fleet: Fleet) -> Section:
    """A new team or chart brings dozens of objects; whoever they let in, and what they reach, is told before."""
    rows = [
        (touched.name, row)
        for touched in fleet.deployed
        for row in in_new_namespaces(*(side.objects if side else {} for side in touched.sides))
    ]
    table = Table(_COLUMNS, fleet.grouped(rows))
    return Section("brought", "Objects in new namespaces", (table,) if rows else (), open=False)
