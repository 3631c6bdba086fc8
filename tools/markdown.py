"""Names and values in GitHub's Markdown: shown as they are, and obeyed by nothing.

https://github.github.com/gfm and, for mentions and references, which GitHub finds in the finished HTML,
https://docs.github.com/en/get-started/writing-on-github/working-with-advanced-formatting/autolinked-references-and-urls
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from urllib.parse import quote

# What GitHub makes of finished text: links to people, issues and commits, and emoji. It leaves code alone.
_FOUND_BY_GITHUB = re.compile(
    r"(?<=[@#])|(?<=:)(?=[\w+-]+:)|(?<=\bGH-)(?=\d)|(?<=\b[0-9a-f])(?=[0-9a-f]{6,39}\b)(?!\d+\b)"
)
_ZERO_WIDTH_SPACE = "&#8203;"
_LONGEST_ADDRESS = 2000
_IN_ADDRESSES = "/:?#=&%~@!$,;+-._"
# Characters without a meaning, and some that have theirs only at the start of a line or in an address.
_HARMLESS = " ,;/-%.()+'=?:>{}!^\""
_MEANT = re.compile(
    r"^[-+](?=[\s-]|$)|^[=>]|^\d+[.)](?=\s|$)|(?<=www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):", re.IGNORECASE
)


def code(text: str, *, in_table: bool = True) -> str:
    """In a fixed-width font; nothing in it is markup, a link or a mention."""
    shown = one_line(text)
    if not shown:
        return ""
    if not any(character in shown for character in ("`|\\" if in_table else "`")):
        return f"`{shown}`"
    # No escape for these in code holds in every reader of Markdown; a character reference does.
    return f"<code>{''.join(map(_reference, shown))}</code>"


def plain(text: str) -> str:
    """As running text, without a link or a mention."""
    return _escaped(one_line(text))


def prose(text: str) -> str:
    """Running text with code in backticks; nothing else in it is markup."""
    parts = one_line(text).split("`")
    if len(parts) % 2 == 0:  # a backtick that closes nothing
        return plain(text)
    return "".join(code(part) if index % 2 else _escaped(part) for index, part in enumerate(parts))


def link(words: str, url: str) -> str:
    """A link with words that are Markdown already; the words alone when the address is none of the web, or endless."""
    if not url.startswith(("https://", "http://")) or len(url) > _LONGEST_ADDRESS:
        return words
    return f"[{words}]({quote(url, safe=_IN_ADDRESSES)})"


def fence_of(text: str) -> str:
    """What stands around a block of code: longer than any fence in it."""
    return "`" * (max((len(run) for run in re.findall(r"`{3,}", text)), default=2) + 1)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The cells are Markdown already."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (heads, ["---"] * len(heads), *rows))


def one_line(text: str) -> str:
    """What a terminal shows and does not obey."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def _escaped(line: str) -> str:
    return _ZERO_WIDTH_SPACE.join(map(_referenced, _FOUND_BY_GITHUB.split(line)))


def _referenced(text: str) -> str:
    meant = {match.end() - 1 for match in _MEANT.finditer(text)}
    return "".join(
        each
        if (each.isalnum() or each in _HARMLESS or not each.isascii()) and index not in meant
        else f"&#{ord(each)};"
        for index, each in enumerate(text)
    )


def _reference(character: str) -> str:
    return character if character.isalnum() or character == " " else f"&#{ord(character)};"
