"""Puts the sections of a review together, the most important ones first."""

from __future__ import annotations

from tools.review.document import Document
from tools.review.fleet import Fleet
from tools.review.sections import summary, templates


def review(fleet: Fleet) -> Document:
    """The whole review; one line when nothing changes."""
    title = "What changes in the clusters"
    if not fleet.touched:
        return Document(title, summary.summary(fleet))
    sections = (
        summary.section(fleet),
        templates.section(fleet),
    )
    return Document(title, summary.summary(fleet), tuple(section for section in sections if section.blocks))
