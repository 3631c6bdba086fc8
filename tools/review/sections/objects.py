"""Kubernetes objects of our own manifests."""

from __future__ import annotations

from tools.review.document import Row, Section, Table
from tools.review.fleet import Fleet
from tools.review.manifests import come_and_gone, fields


def section(fleet: Fleet) -> Section:
    """What comes and goes, then what changes in the others."""
    whole: list[tuple[str, Row]] = []
    parts: list[tuple[str, Row]] = []
    for touched in fleet.deployed:
        before, after = (side.objects if side else {} for side in touched.sides)
        whole += [(touched.name, row) for row in come_and_gone(before, after)]
        parts += [(touched.name, row) for row in fields(before, after)]
    tables = (
        Table(("kind", "namespace", "objects", "clusters"), fleet.grouped(whole)),
        Table(("object", "field", "before", "after", "clusters"), fleet.grouped(parts)),
    )
    return Section("objects", "Kubernetes objects of our manifests", tuple(table for table in tables if table.rows))
