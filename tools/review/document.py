"""A review as data: what is said, in which order; renderers decide how it looks.

Texts are plain: whatever stands in them, a renderer shows it as it is, and escapes what it would obey.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

from blueprint.planning.document import Plan

Sign = Literal["+", "-", "~", "!", ""]
"""Gained, lost, changed, dangerous, or none of these."""


@dataclass(frozen=True)
class Cell:
    """A piece of text on one or more lines; with a `url` a link, as `code` in a fixed-width font."""

    text: str
    url: str = ""
    code: bool = False


@dataclass(frozen=True)
class Row:
    """One row of a table; it has as many cells as the table has columns."""

    cells: tuple[Cell, ...]
    sign: Sign = ""
    clusters: tuple[str, ...] = ()
    """All that the row is about, where its last cell only says how many; whoever filters goes by these."""


@dataclass(frozen=True)
class Table:
    """Rows under the names of their columns; the title may be empty. The most important rows come first."""

    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    title: str = ""


@dataclass(frozen=True)
class Paragraph:
    """Cells that follow each other within a sentence or two; spaces between them are theirs."""

    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Diff:
    """A text of many lines, shown when the reader asks for it."""

    title: str
    text: str
    added: int
    """Lines with [+] or +."""
    removed: int


@dataclass(frozen=True)
class Picture:
    """A cluster before and after; there is nothing before a new one, and nothing after one that is gone."""

    cluster: str
    before: Plan | None
    after: Plan | None


Block: TypeAlias = Table | Paragraph | Diff | Picture


@dataclass(frozen=True)
class Section:
    """What is said about one matter; without blocks there is nothing to say, and it is left out."""

    id: str
    """Lower case, digits and hyphens: the anchor in a page."""
    title: str
    blocks: tuple[Block, ...]
    open: bool = True
    """Whether a reader sees it without asking."""


@dataclass(frozen=True)
class Document:
    """The whole review; sections stand in the order of their importance."""

    title: str
    summary: tuple[Cell, ...]
    sections: tuple[Section, ...] = ()

    @property
    def pictures(self) -> Iterator[Picture]:
        """Those of all sections."""
        return (block for section in self.sections for block in section.blocks if isinstance(block, Picture))


def said(*parts: str | Cell) -> Paragraph:
    """A paragraph of text and cells."""
    return Paragraph(tuple(part if isinstance(part, Cell) else Cell(part) for part in parts))


def code(text: str) -> Cell:
    """A name or a value."""
    return Cell(text, code=True)
