"""What a person should know before it is merged."""

from __future__ import annotations

from tools.review.dangers import Danger, worst_first
from tools.review.document import Cell, Row, Section, Table, code
from tools.review.fleet import ReviewedFleet


def section(fleet: ReviewedFleet, dangers: tuple[Danger, ...]) -> Section:
    """The worst first."""
    found = [(danger.cluster, _row(danger)) for danger in worst_first(dangers)]
    rows = fleet.grouped(found)
    table = Table(("danger", "where", "what happens", "why", "what to do", "clusters"), rows)
    return Section("dangers", "Dangers", (table,) if rows else ())


def _row(danger: Danger) -> Row:
    where = f"{danger.stack}/{danger.path}"
    words = (Cell(text) for text in (danger.what, danger.why, danger.fix))
    return Row((code(danger.rule), code(where), *words), "!")
