"""Tables, paragraphs, diffs and pictures as HTML."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from tools.markup import Markup, element, empty, joined, text
from tools.picture.describe import picture
from tools.picture.model import SIGNS as PICTURE_SIGNS
from tools.picture.svg import svg
from tools.review.document import Block, Cell, Diff, Paragraph, Picture, Row, Sign, Table

SIGNS: Mapping[Sign, tuple[str, str, str]] = {
    "!": ("danger", "dangerous", "!"),
    "+": ("added", "gained", "+"),
    "-": ("removed", "lost", "\N{MINUS SIGN}"),
    "~": ("changed", "changed", "~"),
}
"""Of each sign the class, the word and what is shown, the most important first."""
ROWS_AT_ONCE = 500
_FEW_CLUSTERS = 4
_SHORT = 16
# Where the parts of a value end, and the words of a name that would fill a column. Numbers stay whole.
_BREAKS = re.compile(r"(?<=[:/,=])(?=[^:/,=\d])|(?<=[\w\]])(?=\.[A-Za-z_])|(?<=\w)(?=\[)")
_LONG = re.compile(r"\w{20,}")
_WORDS = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
# The lines of `cdk diff`, whose trees stand before the sign and whose tables around it, and those of a unified diff.
_LINE = re.compile(r"[\s│├└─]*\[(?P<tree>[+~-])\]|│ (?P<table>[+-]) │|(?P<plain>[+-])(?!(?P=plain){2})")


def block(each: Block, id: str, section: str) -> Markup:
    """One block; `id` is unique in the page, and a table without a title takes that of its section."""
    match each:
        case Table():
            return _tables(each, section)
        case Paragraph():
            return element("p", {}, cells(each.cells))
        case Diff():
            return _diff(each)
        case Picture():
            return _picture(each, id)


def badge(sign: Sign) -> Markup:
    """A sign that is seen and heard."""
    name, word, shown = SIGNS[sign]
    seen = element("span", {"class": f"badge {name}", "aria-hidden": "true"}, shown)
    return joined(seen, element("span", {"class": "unseen"}, word))


def cells(found: Sequence[Cell]) -> Markup:
    """Cells that follow each other."""
    return joined(*map(_cell, found))


def _cell(cell: Cell) -> Markup:
    first, *rest = [_code(line) if cell.code and line else text(line) for line in cell.text.split("\n")]
    words = joined(first, *(joined(empty("br", {}), line) for line in rest))
    # Any other scheme than the web's would be obeyed, not visited.
    if cell.url.startswith(("https://", "http://")):
        return element("a", {"href": cell.url, "rel": "noreferrer"}, words)
    return words


def _code(line: str) -> Markup:
    """A value; a long one breaks where its parts end."""
    if len(line) <= _SHORT:
        return element("code", {"class": "short"}, line)
    parts = [part for each in _BREAKS.split(line) for part in (_WORDS.split(each) if _LONG.search(each) else (each,))]
    first, *rest = parts
    return element("code", {}, first, *(joined(empty("wbr", {}), part) for part in rest))


def _tables(table: Table, section: str) -> Markup:
    """A long table in pieces, since a browser lays out only those that it shows."""
    name = table.title or section
    if len(table.rows) <= ROWS_AT_ONCE:
        return _table(table, name, seen=bool(table.title))
    pieces = []
    for start in range(0, len(table.rows), ROWS_AT_ONCE):
        rows = table.rows[start : start + ROWS_AT_ONCE]
        said = f"{name}, {start + 1:,} to {start + len(rows):,} of {len(table.rows):,}"
        pieces.append(_table(replace(table, rows=rows), said, seen=True))
    return joined(*pieces)


def _table(table: Table, name: str, *, seen: bool) -> Markup:
    caption = element("caption", {"class": "" if seen else "unseen"}, name)
    heads = [element("th", {"scope": "col"}, column) for column in table.columns]
    sign = element("th", {"scope": "col", "class": "sign"}, element("span", {"class": "unseen"}, "sign"))
    body = element("tbody", {}, *map(_row, table.rows))
    inner = element("table", {}, caption, element("thead", {}, element("tr", {}, sign, *heads)), body)
    # Whoever has no mouse scrolls it by the keyboard, for which it must take the focus.
    return element("div", {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": name}, inner)


def _row(row: Row) -> Markup:
    found = [element("td", {}, _cell(cell)) for cell in row.cells]
    if len(row.clusters) > _FEW_CLUSTERS:
        names = element("p", {"class": "names"}, ", ".join(row.clusters))
        found[-1] = element("td", {}, element("details", {}, element("summary", {}, _cell(row.cells[-1])), names))
    attributes = {}
    if row.sign:
        attributes = {"class": SIGNS[row.sign][0], "data-sign": row.sign}
    if row.clusters:
        attributes["data-clusters"] = " ".join(row.clusters)
    sign = element("td", {"class": "sign"}, badge(row.sign) if row.sign else "")
    return element("tr", attributes, sign, *found)


def _diff(diff: Diff) -> Markup:
    counts = joined(
        element("span", {"class": "count added"}, f"+{diff.added:,}"),
        element("span", {"class": "count removed"}, f"\N{MINUS SIGN}{diff.removed:,}"),
    )
    lines = joined(*map(_diff_line, diff.text.splitlines()))
    title = element("summary", {}, element("span", {"class": "title"}, diff.title), " ", counts)
    whole = element("pre", {"tabindex": "0", "aria-label": diff.title}, element("code", {}, lines))
    return element("details", {"class": "diff"}, title, whole)


def _diff_line(line: str) -> Markup:
    found = _LINE.match(line)
    name = {"+": "added", "-": "removed", "~": "changed"}[str(found[found.lastgroup or 0])] if found else ""
    return joined(element("span", {"class": name}, line), "\n") if name else joined(line, "\n")


def _picture(block: Picture, id: str) -> Markup:
    drawn = picture(block.before, block.after)
    status = {"added": "a new cluster", "removed": "no longer in the app"}.get(drawn.status, "")
    title = f"{drawn.title}{', ' if status else ''}{status}"
    about = {"class": "scroll", "tabindex": "0", "role": "region", "aria-label": f"Picture of {drawn.cluster}"}
    legend = [
        element("li", {"class": status}, f"{sign} {status}")
        for status, sign in PICTURE_SIGNS.items()
        if sign and any(box.status == status for box in drawn.boxes)
    ]
    return element(
        "figure",
        {},
        element("figcaption", {}, title, element("ul", {"class": "legend"}, *legend) if legend else ""),
        element("div", about, svg(drawn, f"{id}-picture")),
    )
