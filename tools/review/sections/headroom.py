"""How close stacks come to the number of resources that CloudFormation takes."""

from __future__ import annotations

from tools.review.document import Cell, Row, Section, Table
from tools.review.fleet import ReviewedFleet
from tools.synthesis import RESOURCE_LIMIT

_CLOSE = 0.9
"""Of the limit: the next change may not fit."""


def section(fleet: ReviewedFleet) -> Section:
    """Stacks whose number of resources changes, or is close to the limit."""
    found = []
    for touched in fleet.deployed:
        for stack in touched.difference.stacks:
            before, after = (len(side.resources) if side else 0 for side in (stack.before, stack.after))
            close = after >= _CLOSE * RESOURCE_LIMIT
            if before != after or close:
                cells = (Cell(stack.stack.name, code=True), Cell(str(before)), Cell(str(after)))
                left = Cell(f"{RESOURCE_LIMIT - after} of {RESOURCE_LIMIT}")
                found.append((touched.name, Row((*cells, left), "!" if close else "")))
    rows = tuple(sorted(fleet.grouped(found), key=lambda row: row.sign != "!"))
    table = Table(("stack", "before", "after", "left", "clusters"), rows)
    return Section("headroom", "Resources in a stack", (table,) if rows else (), open=False)
