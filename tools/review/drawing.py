"""Pictures of clusters in Markdown."""

from __future__ import annotations

from tools.markdown import plain
from tools.picture.describe import picture
from tools.picture.mermaid import fenced, infrastructure, software
from tools.review.document import Picture


def drawn(block: Picture) -> str:
    """The charts in which something changes."""
    found = picture(block.before, block.after)
    parts = (
        ((found.outside, found.network, found.compute), infrastructure),
        (found.software, software),
    )
    charts = [
        fenced(draw(found))
        for groups, draw in parts
        if any(box.status != "same" for group in groups for box in group.every)
    ]
    return "\n\n".join([f"**{plain(found.title)}**", *charts]) if charts else ""
