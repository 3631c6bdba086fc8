"""Puts the sections of a review together, the most important ones first."""

from __future__ import annotations

from collections.abc import Iterator

from tools.charts.results import Render
from tools.review.dangers import Danger
from tools.review.document import Document, Section, code, said
from tools.review.fleet import ReviewedFleet
from tools.review.prices import Prices
from tools.review.sections import (
    charts,
    cost,
    dangers,
    entries,
    exposure,
    headroom,
    iam,
    matrix,
    nodes,
    objects,
    pictures,
    summary,
    templates,
    values,
    versions,
)


def review(fleet: ReviewedFleet, found: tuple[Danger, ...], render: Render, prices: Prices) -> Document:
    """The whole review; one line when nothing changes."""
    title = "What changes in the clusters"
    if not fleet.touched:
        return Document(title, summary.summary(fleet, len(found)))
    of_templates = summary.section(fleet), dangers.section(fleet, found), iam.section(fleet), entries.section(fleet)
    of_plans = _unread(fleet) if fleet.unread else _of_plans(fleet, render, prices)
    sections = (*of_templates, *of_plans, templates.section(fleet))
    return Document(title, summary.summary(fleet, len(found)), tuple(section for section in sections if section.blocks))


def _of_plans(fleet: ReviewedFleet, render: Render, prices: Prices) -> Iterator[Section]:
    yield exposure.section(fleet)
    yield versions.section(fleet)
    yield nodes.section(fleet)
    yield objects.section(fleet)
    yield values.section(fleet)
    yield charts.section(fleet, render)
    yield matrix.section(fleet)
    yield objects.brought(fleet)
    yield objects.expressions(fleet)
    yield headroom.section(fleet)
    yield cost.section(fleet, prices)
    yield pictures.section(fleet)


def _unread(fleet: ReviewedFleet) -> Iterator[Section]:
    words = said("The plans of the base cannot be read, so all that follows is from templates: ", code(fleet.unread))
    yield Section("plans", "Only templates are compared", (words,))
    yield headroom.section(fleet)
