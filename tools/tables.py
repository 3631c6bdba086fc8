"""Tables for people: aligned on a terminal, or Markdown."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from tools import markdown
from tools.markdown import code, one_line

WIDTH = 120
"""Columns of a plain table."""

PlainRow = tuple[tuple[str, ...], ...]
"""Of cells, which consist of lines."""


class PlainTable(NamedTuple):
    """Rows of cells under heads."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[PlainRow, ...]


def aligned(rows: Sequence[Sequence[str]], widths: Sequence[int] = ()) -> list[str]:
    """A line for each row. A column is as wide as its widest cell, where nothing else is asked for."""
    widths = widths or [max(map(len, column)) for column in zip(*rows, strict=True)]
    return ["  ".join(map(str.ljust, row, widths)).rstrip() for row in rows]


def text_table(table: PlainTable, width: int = WIDTH) -> str:
    """Aligned, and never wider than `width`: the widest columns are wrapped."""
    heads: PlainRow = tuple((head,) for head in table.heads)
    cells = [heads, *(tuple(tuple(map(one_line, cell)) for cell in row) for row in table.rows)]
    widths = [max([1, *(len(line) for row in cells for line in row[column])]) for column in range(len(table.heads))]
    while sum(widths) + 2 * len(widths) > width and max(widths) > 1:
        widths[widths.index(max(widths))] -= 1
    parts: list[tuple[str, ...]] = []
    for row in cells:
        wrapped = [
            [part for line in cell for part in _wrapped(line, limit)] for cell, limit in zip(row, widths, strict=True)
        ]
        parts.extend(zip_longest(*wrapped, fillvalue=""))
    return "\n".join([table.title.upper(), *(f"  {line}".rstrip() for line in aligned(parts, widths))])


class _Wrapper(textwrap.TextWrapper):
    """Breaks at spaces and within an ARN or a tag after / and :."""

    wordsep_simple_re = re.compile(r"(\s+)|(?<=[/:])(?=\S)")


def _wrapped(line: str, width: int) -> list[str]:
    return _Wrapper(width, subsequent_indent="  " if width > 4 else "", break_on_hyphens=False).wrap(line)


def markdown_table(table: PlainTable) -> str:
    """Every cell is code, so nothing in it is markup, a link or a mention."""
    rows = (["<br>".join(map(code, cell)) for cell in row] for row in table.rows)
    return f"### {table.title}\n\n{markdown.table(table.heads, rows)}"
