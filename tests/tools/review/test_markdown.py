"""A comment that stays within its limit, and in which names and values do nothing."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tools.markdown import prose
from tools.review.document import Cell, Diff, Document, Paragraph, Picture, Row, Section, Table
from tools.review.markdown import LIMIT, markdown, size

HOSTILE = (
    "</details></details><script>alert(1)</script><img src=x onerror=alert(1)>",
    "@everyone #1 GH-2 0123abcd4567 https://evil.example www.evil.example mailto:a@b.c",
    "[click](javascript:alert(1)) ![x](https://evil.example/pixel.png) <https://evil.example>",
    "| a | b |\n| --- | --- |\n\n# heading\n\n- list\n\n```\ncode\n```\n````\n~~~~\n",
    "`code` ``more`` **bold** _it_ ~~gone~~ $x$ :tada: \\` \\| &lt; &#60;",
    "\x1b[31mred\x1b[0m \x00 \u202e right to left \u2028 \ud800 \t",
    "1. first\n+ second\n=== \n> quote\n<!-- hidden",
)


def document(*texts: str, rows: int = 1) -> Document:
    """Texts in every place that a document has."""
    cells = tuple(Cell(text, code=number % 2 == 0) for number, text in enumerate(texts * 2))
    links = tuple(Cell(text, url=text) for text in texts)
    blocks = (
        Table(texts, tuple(Row(cells[: len(texts)], "+") for _ in range(rows)), title=texts[0]),
        Paragraph((*cells, *links)),
        Diff(texts[0], "\n".join(texts * rows), 1, 2),
        Picture(texts[0], None, None),
    )
    sections = (Section("a", texts[0], blocks), Section("b", texts[-1], blocks, open=False))
    return Document(texts[0], cells, sections)


class Tags(HTMLParser):
    """What a browser would see as tags."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not attrs
        self.seen.add(tag)
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def tags(text: str) -> set[str]:
    """The tags outside of code; each is closed."""
    parser = Tags()
    parser.feed(outside(text))
    assert parser.open == []
    return parser.seen


def outside(text: str) -> str:
    """The text without code, whose content GitHub shows as it is."""
    kept, fence = [], ""
    for line in text.split("\n"):
        if fence:
            fence = "" if line == fence else fence
        elif re.fullmatch(r"`{3,}", line):
            fence = line
        else:
            kept.append(re.sub(r"`[^`]+`", "", line))
    assert not fence
    return "\n".join(kept)


@pytest.mark.parametrize("text", HOSTILE)
def test_names_and_values_do_nothing(text: str) -> None:
    shown = outside(markdown(document(text, text)))
    assert tags(shown) <= {"details", "summary", "b", "br", "code"}
    prose = re.sub(r"<code>.*?</code>", "", shown)
    for pattern in (
        r"\]\((?!https?://)",
        r"!\[",
        r"\*\*bold",
        r"(?<!\()https?://",
        r"www\.",
        r"^(?:\d+\.|[-+>=])",
        r"\$",
    ):
        assert not re.search(pattern, re.sub(r"\]\(https?://[^)\s]*\)", "]()", prose), re.MULTILINE), pattern
    # GitHub looks for these in what a reader sees.
    for pattern in (r"@\w", r"#\d", r"GH-\d", r":tada:", r"\b0123abcd4567"):
        assert not re.search(pattern, html.unescape(re.sub(r"\]\([^)]*\)", "", prose))), pattern


@pytest.mark.parametrize("text", HOSTILE)
def test_prose_has_code_and_nothing_else(text: str) -> None:
    shown = re.sub(r"<code>.*?</code>|`[^`]+`", "", prose(text))
    assert not tags(shown)
    for pattern in (r"!\[", r"\*\*bold", r"https?://", r"\$"):
        assert not re.search(pattern, shown), pattern
    for pattern in (r"@\w", r"#\d", r"GH-\d", r":tada:", r"\b0123abcd4567"):
        assert not re.search(pattern, html.unescape(shown)), pattern


def test_prose_keeps_its_words() -> None:
    assert prose("first `make plan` and `a|b`, then more") == "first `make plan` and <code>a&#124;b</code>, then more"
    assert prose("one ` alone") == "one &#96; alone"


@pytest.mark.parametrize("text", HOSTILE)
def test_a_table_keeps_its_columns(text: str) -> None:
    table = Table(("one", "two"), (Row((Cell(text), Cell(text, code=True))), Row((Cell("a"), Cell("b")))))
    lines = markdown(Document("", (), (Section("a", "A", (table,)),))).splitlines()
    rows = [line for line in lines if line.startswith("|")]
    assert len(rows) == 4
    assert {row.count("|") for row in rows} == {4}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text(max_size=80), min_size=1, max_size=4), st.integers(0, 40), st.integers(3000, 20_000))
def test_any_text_stays_within_the_limit_and_closes_what_it_opens(texts: list[str], rows: int, limit: int) -> None:
    found = markdown(document(*texts, rows=rows), limit)
    assert size(found) <= limit
    assert tags(found) <= {"details", "summary", "b", "br", "code"}


def many(rows: int, text: str = "x") -> Section:
    return Section(text, text, (Table(("name",), tuple(Row((Cell(f"{text} {row}"),)) for row in range(rows))),))


def test_what_is_cut_is_counted_and_linked() -> None:
    found = markdown(Document("T", (), (many(100_000),)), url="https://ci.example.com/review.html")
    assert size(found) <= LIMIT
    (cut,) = re.findall(r"\*([\d,]+) more \(rows\) in \[review.html\]\(https://ci.example.com/review.html\)\.\*", found)
    assert int(cut.replace(",", "")) + len(re.findall(r"^\|  \| x \d+ \|$", found, re.MULTILINE)) == 100_000


def test_the_least_important_is_cut_first_and_each_part_says_something() -> None:
    found = markdown(Document("T", (), (many(400, "first"), many(400, "second"), many(400, "third"))), 12_000)
    kept = {name: len(re.findall(rf"\| {name} \d", found)) for name in ("first", "second", "third")}
    assert kept["first"] == 400
    assert 30 <= kept["third"] <= kept["second"] < 400
    assert "in review.html" in found


def test_what_fits_is_not_cut() -> None:
    assert "more" not in markdown(Document("T", (), (many(400),)))


def test_a_huge_value_is_shortened_and_says_by_how_much() -> None:
    found = markdown(document("y" * 1_000_000, "z\n" * 100_000))
    assert size(found) <= LIMIT
    assert "999,600 characters more" in found
    assert "lines more" in found


def test_ten_thousand_changed_resources() -> None:
    names = tuple(f"{text}{number}" for number in range(1500) for text in HOSTILE)
    rows = tuple(Row((Cell(name, code=True), Cell(name)), "!") for name in names)
    sections = tuple(Section(str(number), "S", (Table(("a", "b"), rows),)) for number in range(4))
    found = markdown(Document("T", (), sections))
    assert size(found) <= LIMIT
    tags(found)


def test_a_picture_is_drawn_by_whoever_can() -> None:
    shown = markdown(document("x"), draw=lambda picture: f"drawn {picture.cluster}")
    assert shown.count("drawn x") == 2
    assert "drawn" not in markdown(document("x"))


def test_a_fence_is_longer_than_any_in_the_text() -> None:
    found = markdown(Document("T", (), (Section("a", "A", (Diff("D", "```\n`````\n</details>", 0, 0),)),)))
    assert "\n``````\n```\n`````\n</details>\n``````\n" in found
