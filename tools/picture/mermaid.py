"""Pictures as Mermaid flowcharts, which GitHub and GitLab draw in Markdown. https://mermaid.js.org/syntax/flowchart.html"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise

from tools.picture.model import SIGNS, Box, BoxStatus, ClusterPicture, Group

LENGTH = 96
"""Characters of a line in a box, codes counted in full, so that a chart stays below Mermaid's limit (`maxTextSize`).

https://mermaid.js.org/config/schema-docs/config.html
"""
_COLUMNS = 4
# Fill, border and text. A chart has no colours of its own for each of GitHub's themes, so these hold on any ground.
COLORS: dict[BoxStatus, tuple[str, str, str]] = {
    "same": ("#f1f4f8", "#7a8699", "#1f2733"),
    "added": ("#d6f5e0", "#1a7f37", "#0c3d1b"),
    "removed": ("#ffe0dd", "#c0362c", "#6a130c"),
    "changed": ("#fff1c7", "#9a6700", "#4d3300"),
}
_STROKES: dict[BoxStatus, str] = {
    "same": "stroke-width:1px",
    "added": "stroke-width:2px",
    "removed": "stroke-width:2px,stroke-dasharray:6 4",
    "changed": "stroke-width:2px,stroke-dasharray:2 2",
}


def infrastructure(picture: ClusterPicture) -> str:
    """The network, the control plane and what pods run on, as one chart."""
    return _chart(picture, (picture.outside, picture.network, picture.compute))


def software(picture: ClusterPicture) -> str:
    """Add-ons and teams, as one chart; empty if there are none."""
    return _chart(picture, picture.software) if picture.software else ""


def fenced(chart: str) -> str:
    """The chart in Markdown. No escaped text has a backquote, so nothing ends the block early."""
    return f"```mermaid\n{chart}\n```"


def _chart(picture: ClusterPicture, groups: Sequence[Group]) -> str:
    boxes = [box for group in groups for box in group.every]
    names = _names(boxes)
    lines = ["flowchart LR"]
    # Mermaid draws what stands side by side from the last to the first.
    for number, group in reversed(list(enumerate(groups))):
        lines += _group(group, f"g{number}", names, "  ")
    for arrow in picture.arrows:
        if arrow.source in names and arrow.target in names:
            label = f"|{_quoted(arrow.label)}|" if arrow.label else ""
            lines.append(f"  {names[arrow.source]} -->{label} {names[arrow.target]}")
    for status in SIGNS:
        if members := [names[box.id] for box in boxes if box.status == status]:
            fill, border, ink = COLORS[status]
            lines.append(f"  classDef {status} fill:{fill},stroke:{border},color:{ink},{_STROKES[status]}")
            lines.append(f"  class {','.join(members)} {status}")
    return "\n".join(lines)


def _names(boxes: Sequence[Box]) -> dict[str, str]:
    """Of each box an id that Mermaid cannot misread, as `end` and `o`; made from its own, so that it lasts."""
    names: dict[str, str] = {}
    for box in boxes:
        name = "b_" + "".join(each if each.isascii() and each.isalnum() else "_" for each in box.id[:40])
        while name in names.values():
            name += "_"
        names[box.id] = name
    return names


def _group(group: Group, name: str, names: dict[str, str], indent: str) -> Iterator[str]:
    titled = bool(group.title)
    inner = indent + "  " if titled else indent
    if titled:
        yield f"{indent}subgraph {name}[{_quoted(_signed(group.title, group.status))}]"
        yield f"{inner}direction LR"
    for box in group.boxes:
        yield f"{inner}{names[box.id]}[{_label(box)}]"
    rows = [group.boxes[start : start + _COLUMNS] for start in range(0, len(group.boxes), _COLUMNS)]
    # A row is a chain without arrows; the second link lets it start where the row above does.
    links = [pair for row in rows for pair in pairwise(row)]
    links += [(row[0], above[1]) for above, row in pairwise(rows)]
    for one, other in links:
        yield f"{inner}{names[one.id]} ~~~ {names[other.id]}"
    for number, each in reversed(list(enumerate(group.groups))):
        yield from _group(each, f"{name}x{number}", names, inner)
    if titled:
        yield f"{indent}end"
        yield f"{indent}style {name} fill:transparent,stroke:{COLORS[group.status][1]}"


def _label(box: Box) -> str:
    return _quoted(_signed(box.title, box.status), *(line.text for line in box.lines))


def _signed(text: str, status: BoxStatus) -> str:
    return f"{SIGNS[status]} {text}".strip()


def _quoted(*lines: str) -> str:
    return f'"{"<br/>".join(map(escaped, lines))}"'


def escaped(text: str) -> str:
    """Text that Mermaid shows and does not obey: all but letters, digits and a few signs by its entity codes.

    https://mermaid.js.org/syntax/flowchart.html#entity-codes-to-escape-characters
    """
    pieces = [each if each.isalnum() or each in _PLAIN else f"#{ord(each)};" for each in text]
    ends = list(accumulate(map(len, pieces)))
    if ends and ends[-1] > LENGTH:
        return "".join(pieces[: bisect_left(ends, LENGTH)]) + "…"
    return "".join(pieces)


_PLAIN = " ,./-_→…\N{MINUS SIGN}"
