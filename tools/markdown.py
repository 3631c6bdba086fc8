"""Markdown for GitHub in which no name is markup, a link or a mention, whatever its characters."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def code(text: str) -> str:
    """The text as code, on one line; nothing when it is empty."""
    line = one_line(text)
    if not any(character in line for character in "`|\\"):
        return f"`{line}`" if line else ""
    # No escape for these in code holds in every reader of Markdown; a character reference does.
    return f"<code>{''.join(each if each.isalnum() or each == ' ' else f'&#{ord(each)};' for each in line)}</code>"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The cells are Markdown already."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def one_line(text: str) -> str:
    """One line that a terminal shows and does not obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
