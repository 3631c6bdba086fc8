"""A review as a comment on a pull request: GitHub's Markdown within a number of characters.

Each part of the review first gets its most important rows; what room is left goes to the most important parts. What is
cut is counted where it is missing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from tools.markdown import code, fence_of, link, plain
from tools.review.document import Block, Cell, Diff, Document, Paragraph, Picture, Row, Section, Table

LIMIT = 65_536
"""Of GitHub, in UTF-16 units: https://github.com/orgs/community/discussions/27190"""
PAGE = "review.html"
_FIRST = 30
"""Rows and lines of a block that come before the rest of any other."""
_LINE = 400
"""Characters of a value; the page has all of it."""
_SIGNS = {"+": "`+`", "-": "`-`", "~": "`~`", "!": "⚠️", "": ""}

Draw = Callable[[Picture], str]
"""A picture as Markdown, or nothing."""


@dataclass
class _Piece:
    """A block whose items can be left out from the end; without any, its frame is left out as well."""

    head: str
    items: Sequence[Any]
    show: Callable[[Any], str]
    """An item as Markdown; asked only for what is shown, for there may be very many."""
    tail: str = ""
    thing: str = "row"
    shown: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "\n".join([self.head, *self.shown, self.tail])

    @property
    def cut(self) -> int:
        return len(self.items) - len(self.shown)

    def take(self, most: int, room: int) -> int:
        """Takes items up to a number, as long as there is room; says how much room that took."""
        used = 0
        while len(self.shown) < min(most, len(self.items)):
            item = self.show(self.items[len(self.shown)])
            cost = size(item) + 1
            if not self.shown:
                cost += size(self.head) + size(self.tail) + 4
            if used + cost > room:
                break
            used += cost
            self.shown.append(item)
        return used


@dataclass
class _Part:
    """A section."""

    head: str
    tail: str
    pieces: list[_Piece] = field(default_factory=list)


def markdown(document: Document, limit: int = LIMIT, url: str = "", draw: Draw | None = None) -> str:
    """The document; `url` is where the whole page is, for what had to be cut."""
    head = f"## {_title(document.title)}\n\n{''.join(_cell(cell) for cell in document.summary)}\n"
    parts = [part for section in document.sections if (part := _part(section, draw)).pieces]
    note = max((size(_note(part, url, 10**9)) for part in parts), default=0)
    room = limit - size(head) - sum(size(part.head) + size(part.tail) + note + 4 for part in parts)
    for most in (_FIRST, 10**9):
        for piece in (piece for part in parts for piece in part.pieces):
            room -= piece.take(most, room)
    return "\n".join([head, *(_text(part, url) for part in parts)])


def size(text: str) -> int:
    """As GitHub counts."""
    return len(text) + sum(character > "\uffff" for character in text)


def _part(section: Section, draw: Draw | None) -> _Part:
    title = _title(section.title)
    if section.open:
        part = _Part(f"### {title}\n", "")
    else:
        part = _Part(f"<details><summary><b>{title}</b></summary>\n", "\n</details>\n")
    part.pieces = [piece for block in section.blocks for piece in _pieces(block, draw)]
    return part


def _pieces(block: Block, draw: Draw | None) -> Iterator[_Piece]:
    match block:
        case Table():
            title = f"**{_title(block.title)}**\n\n" if block.title else ""
            heads = _line(["", *map(_title, block.columns)])
            rule = _line(["---"] * (len(block.columns) + 1))
            yield _Piece(f"{title}{heads}\n{rule}", block.rows, _row)
        case Paragraph():
            yield _Piece("", [block.cells], lambda cells: "".join(map(_cell, cells)), thing="paragraph")
        case Diff():
            fence = fence_of(block.text)
            head = f"<details><summary>{_title(block.title)} (+{block.added:,} -{block.removed:,})</summary>\n\n{fence}"
            lines = block.text.splitlines()
            yield _Piece(head, lines, lambda line: _shortened(_printable(line)), f"{fence}\n\n</details>\n", "line")
        case Picture():
            if drawn := draw(block) if draw else "":
                yield _Piece("", [drawn], str, thing="picture")


def _text(part: _Part, url: str) -> str:
    cut = sum(piece.cut for piece in part.pieces)
    texts = [piece.text for piece in part.pieces if piece.shown]
    note = [_note(part, url, cut)] if cut else []
    return "\n".join([part.head, *texts, *note, part.tail])


def _note(part: _Part, url: str, cut: int) -> str:
    things = sorted({f"{piece.thing}s" for piece in part.pieces if piece.cut})
    where = link(PAGE, url) if url else PAGE
    return f"\n*{cut:,} more ({', '.join(things)}) in {where}.*\n"


def _row(row: Row) -> str:
    return _line([_SIGNS[row.sign], *map(_cell, row.cells)])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell) -> str:
    lines = cell.text.splitlines() or [""]
    kept = [_shortened(line) for line in lines[:_FIRST]]
    shown = "<br>".join((code if cell.code else _spaced)(line) for line in kept)
    more = f"<br>and {len(lines) - _FIRST:,} lines more" if len(lines) > _FIRST else ""
    return (link(shown, cell.url) if cell.url else shown) + more


def _spaced(text: str) -> str:
    """Keeps the spaces at the ends, which stand between the cells of a paragraph."""
    before = " " if text.startswith(" ") else ""
    after = " " if text.endswith(" ") and text.strip() else ""
    return f"{before}{plain(text)}{after}"


def _title(text: str) -> str:
    return plain(_shortened(text))


def _shortened(text: str) -> str:
    return text if len(text) <= _LINE else f"{text[:_LINE]} … {len(text) - _LINE:,} characters more"


def _printable(text: str) -> str:
    return "".join(each if each.isprintable() else "�" for each in text.replace("\t", "  "))
