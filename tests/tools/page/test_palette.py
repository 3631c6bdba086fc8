"""The colours of the page, light and dark: what stands on what can be read. https://www.w3.org/TR/WCAG22/#contrast-minimum"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import tools.review.page
from tests.tools.test_picture import contrast

STYLE = (Path(tools.review.page.__file__).parent / "page.css").read_text(encoding="utf-8")
COLORS = dict(re.findall(r"--([\w-]+): light-dark\(([^)]*)\);", STYLE))
TEXTS = [
    *((ink, ground) for ink in ("ink", "muted", "accent") for ground in ("ground", "surface")),
    *((ink, f"{ink}-tint") for ink in ("added", "removed", "changed", "danger")),
    *(("ink", f"{name}-tint") for name in ("added", "removed", "changed", "danger")),
    *(("accent", f"{name}-tint") for name in ("danger",)),
    *(("surface", name) for name in ("added", "removed", "changed", "danger", "ink")),
    ("changed", "surface"),
    ("ink", "line"),
]
# Frames that say something: https://www.w3.org/TR/WCAG22/#non-text-contrast
FRAMES = [
    *((line, ground) for line in ("edge", "accent") for ground in ("ground", "surface")),
    *((line, ground) for line in ("added", "removed", "changed") for ground in ("ground", "surface", f"{line}-tint")),
]


@pytest.mark.parametrize("scheme", [0, 1], ids=["light", "dark"])
def test_every_text_and_frame_can_be_seen(scheme: int) -> None:
    def color(name: str) -> str:
        return str(COLORS[name].split(", ")[scheme])

    dim = {pair: round(contrast(*map(color, pair)), 2) for pair in TEXTS if contrast(*map(color, pair)) < 4.5}
    faint = {pair: round(contrast(*map(color, pair)), 2) for pair in FRAMES if contrast(*map(color, pair)) < 3}
    assert (dim, faint) == ({}, {})


def test_every_colour_stands_in_the_palette() -> None:
    rest = re.sub(r":root \{.*?\n\}", "", STYLE, count=1, flags=re.DOTALL)
    assert re.findall(r"#[0-9a-f]{3,8}\b(?=[;,) ])", rest) == ["#ffffff"], "white paper"
    used = {*re.findall(r"var\(--([\w-]+)\)", STYLE)} - {"mono"}
    assert used <= {*COLORS}
