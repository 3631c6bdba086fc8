"""Pictures within a comment, as Mermaid."""

from __future__ import annotations

from tools.markdown import plain
from tools.picture import mermaid
from tools.picture.describe import picture
from tools.picture.model import Group
from tools.review.document import Picture


def drawn(block: Picture) -> str:
    """The charts in which something changes, under the name of the cluster; nothing if there are none."""
    whole = picture(block.before, block.after)
    charts = [
        mermaid.fenced(chart)
        for chart, groups in (
            (mermaid.infrastructure(whole), (whole.outside, whole.network, whole.compute)),
            (mermaid.software(whole), whole.software),
        )
        if any(map(_changes, groups))
    ]
    return "\n\n".join([f"**{plain(whole.title)}**", *charts]) if charts else ""


def _changes(group: Group) -> bool:
    within = any(box.status != "same" for box in group.every)
    return within or group.status != "same" or any(map(_changes, group.groups))
