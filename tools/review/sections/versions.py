"""What moves to another version, with its release notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from blueprint.contribution import release_notes
from blueprint.planning.document import NodeGroup
from blueprint.versions import RELEASE_NOTES
from tools.review.definitions import applied
from tools.review.document import Cell, Row, Section, Sign, Table
from tools.review.flat import changed, codes
from tools.review.fleet import ReviewedFleet, Side, Touched
from tools.review.sections.values import releases


def section(fleet: ReviewedFleet) -> Section:
    """Kubernetes first, then add-ons, charts, nodes and tools; what comes and goes as well."""
    found = []
    for touched in fleet.deployed:
        sides = [list(_versions(side)) if side else [] for side in touched.sides]
        before, after = ({each.what: each.version for each in side} for side in sides)
        notes = {each.what: each.notes for each in sides[1]}
        found += [
            (touched.name, _row(sign, change, notes.get(change[0], "")))
            for sign, *change in changed(before, after)
            if _matters(*change)
        ]
    rows = fleet.grouped(found)
    table = Table(("what", "before", "after", "release notes", "clusters"), rows)
    return Section("versions", "Versions", (table, *_definitions(fleet)) if rows else ())


def _definitions(fleet: ReviewedFleet) -> Iterator[Table]:
    found = [(touched.name, row) for touched in fleet.deployed for row in _left_behind(touched)]
    if found:
        title = "Definitions that Helm does not move with their chart: apply them before the deploy"
        yield Table(("chart", "to", "command", "clusters"), fleet.grouped(found), title)


def _left_behind(touched: Touched) -> Iterator[Row]:
    for before, after in releases(touched):
        if before and after and after.chart.definitions_stay:
            chart, old = after.chart, before.chart
            if old.name == chart.name and old.version != chart.version:
                yield codes("!", chart.name, chart.version, applied(chart))


class _Version(NamedTuple):
    what: str
    version: str
    notes: str = ""
    """Address of its release notes."""


def _versions(side: Side) -> Iterator[_Version]:
    version = side.plan.control_plane.version
    yield _Version("Kubernetes", version, release_notes(RELEASE_NOTES, version))
    for part in side.plan.parts:
        for addon in part.contribution.managed_addons:
            yield _Version(f"EKS add-on {addon.name}", addon.version, addon.release_notes)
    for release in side.releases:
        chart, name = release.chart, release.name
        shown = chart.name if name == chart.name else f"{chart.name} as {name}"
        yield _Version(f"chart {shown}", chart.version, chart.release_notes)
        yield _Version(f"repository of {shown}", chart.repository)
    for group in side.plan.compute:
        if isinstance(group, NodeGroup):
            yield _Version(f"nodes {group.name}", group.version)
            yield _Version(f"image of nodes {group.name}", group.image_words)
    for stack in side.stacks:
        for resource in stack.of_type("AWS::Lambda::LayerVersion").values():
            yield from _tools(resource["Properties"].get("Description", ""))


def _tools(description: str) -> Iterator[_Version]:
    """Of "/opt/kubectl/kubectl 1.36.3; /opt/helm/helm 4.2.3"."""
    for part in description.split(";"):
        name, _, version = part.strip().rpartition(" ")
        if name:
            yield _Version(f"{name.rpartition('/')[2]} that installs charts and objects", version)


def _matters(what: str, before: str, after: str) -> bool:
    """Where a chart comes from matters when it moves."""
    return bool(before and after) if what.startswith("repository ") else bool(before or after)


def _row(sign: Sign, change: Sequence[str], url: str) -> Row:
    what, before, after = change
    words = Cell(url.rpartition("/")[2], url=url) if url else Cell("")
    return Row((Cell(what, code=True), Cell(before, code=True), Cell(after, code=True), words), sign)
