"""Puts the sections of a review together, the most important ones first."""

from __future__ import annotations

from collections.abc import Callable

from tools.compare.dangers import Danger
from tools.review.document import Document
from tools.review.fleet import Fleet
from tools.review.matrices import BothMatrices
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
    objects,
    pictures,
    summary,
    templates,
    values,
    versions,
)


def review(
    fleet: Fleet,
    found: tuple[Danger, ...],
    render: charts.Render,
    matrices: Callable[[], BothMatrices],
    prices: Prices,
) -> Document:
    """The whole review; one line when nothing changes. The matrices are asked for last, as they take their time."""
    title = "What changes in the clusters"
    if not fleet.touched:
        return Document(title, summary.summary(fleet, len(found)))
    sections = (
        summary.section(fleet),
        dangers.section(fleet, found),
        iam.section(fleet),
        entries.section(fleet),
        exposure.section(fleet),
        versions.section(fleet),
        objects.section(fleet),
        values.section(fleet),
        charts.section(fleet, render),
        matrix.section(fleet, matrices()),
        headroom.section(fleet),
        cost.section(fleet, prices),
        pictures.section(fleet),
        templates.section(fleet),
    )
    return Document(title, summary.summary(fleet, len(found)), tuple(section for section in sections if section.blocks))
