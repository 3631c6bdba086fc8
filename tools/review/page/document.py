"""The page around the blocks: head, contents, filters and sections."""

from __future__ import annotations

from base64 import b64encode
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import sha256
from pathlib import Path

from tools.markup import Markup, element, empty, joined
from tools.picture import svg
from tools.review.document import Diff, Document, Picture, Row, Section, Sign, Table
from tools.review.page.blocks import SIGNS, badge, block, cells

_ASSETS = Path(__file__).parent
_MANY_ROWS = 8
"""So few rows are read, not filtered."""


def page(document: Document) -> str:
    """The whole page."""
    style = joined(_asset(Path(svg.__file__).with_name("picture.css")), _asset(_ASSETS / "page.css"))
    script = _asset(_ASSETS / "page.js")
    sections = [section for section in document.sections if section.blocks]
    return "<!doctype html>\n" + element(
        "html",
        {"lang": "en"},
        element("head", {}, *_head(document, style, script), element("style", {}, style)),
        element(
            "body",
            {},
            element("a", {"class": "skip", "href": "#main"}, "Skip to the review"),
            element("header", {"class": "bar"}, *_header(sections)),
            element(
                "main",
                {"id": "main", "tabindex": "-1"},
                element("div", {"class": "lead"}, *_lead(document, sections)),
                _contents(sections),
                element("div", {"class": "sections"}, *map(_section, sections)),
            ),
            element("script", {}, script),
        ),
    )


def _asset(path: Path) -> Markup:
    """A file of ours; it closes neither `style` nor `script`."""
    return Markup(path.read_text(encoding="utf-8"))


def _head(document: Document, style: str, script: str) -> Iterator[Markup]:
    policy = [
        *("default-src 'none'", f"style-src '{_hash(style)}'", f"script-src '{_hash(script)}'", "img-src data:"),
        *("base-uri 'none'", "form-action 'none'"),
    ]
    yield empty("meta", {"charset": "utf-8"})
    yield empty("meta", {"http-equiv": "Content-Security-Policy", "content": "; ".join(policy)})
    yield empty("meta", {"name": "viewport", "content": "width=device-width, initial-scale=1"})
    yield empty("meta", {"name": "referrer", "content": "no-referrer"})
    yield element("title", {}, document.title)


def _hash(content: str) -> str:
    """https://www.w3.org/TR/CSP3/#external-hash"""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _header(sections: Iterable[Section]) -> Iterator[Markup]:
    yield element("p", {"class": "name"}, "EKS Blueprints")
    rows = list(_rows(sections))
    if len(rows) >= _MANY_ROWS:
        yield _filters(rows)
    theme = {"type": "button", "id": "theme", "class": "button", "hidden": True}
    yield element("button", theme, "Dark colours")


def _filters(rows: Iterable[Row]) -> Markup:
    """What narrows the tables down; the script shows it, since nothing of it works without."""
    names = sorted({name for row in rows for name in row.clusters})
    signs = [sign for sign in SIGNS if any(row.sign == sign for row in rows)]
    text = {"type": "search", "id": "text", "placeholder": "Filter rows", "autocomplete": "off", "spellcheck": "false"}
    options = [element("option", {"value": name}, name) for name in names]
    every = element("option", {"value": ""}, "All clusters")
    chosen = [
        element(
            "label",
            {"class": "choice"},
            empty("input", {"type": "checkbox", "name": "sign", "value": sign, "checked": True}),
            badge(sign),
        )
        for sign in signs
    ]
    return element(
        "form",
        {"id": "filters", "class": "filters", "role": "search", "aria-label": "Rows of the tables", "hidden": True},
        element("label", {"class": "unseen", "for": "text"}, "Rows that contain"),
        empty("input", text),
        element("label", {"class": "unseen", "for": "cluster"}, "Rows about the cluster") if names else "",
        element("select", {"id": "cluster"}, every, *options) if names else "",
        element("fieldset", {}, element("legend", {"class": "unseen"}, "Rows with the sign"), *chosen) if signs else "",
        element("output", {"id": "shown", "role": "status", "aria-live": "polite"}),
    )


def _contents(sections: Iterable[Section]) -> Markup:
    entries = []
    for section in sections:
        counts = Counter(row.sign for row in _rows([section]))
        signs = [_count(sign, counts[sign]) for sign in SIGNS if counts[sign]]
        words = [element("span", {}, section.title), element("span", {"class": "counts"}, *signs) if signs else ""]
        entries.append(element("li", {}, element("a", {"href": f"#{section.id}"}, *words)))
    return element("nav", {"aria-label": "Contents"}, element("ol", {}, *entries)) if entries else Markup()


def _count(sign: Sign, number: int) -> Markup:
    name, word, shown = SIGNS[sign]
    said = element("span", {"class": "unseen"}, f", {number:,} {word}")
    return joined(element("span", {"class": f"count {name}", "aria-hidden": "true"}, f"{shown}{number:,}"), said)


def _lead(document: Document, sections: Iterable[Section]) -> Iterator[Markup]:
    yield element("h1", {}, document.title)
    yield element("p", {"class": "summary"}, cells(document.summary))
    alarms = [
        element("li", {}, element("a", {"href": f"#{section.id}"}, f"! {section.title}"))
        for section in sections
        if any(row.sign == "!" for row in _rows([section]))
    ]
    if alarms:
        yield element("ul", {"class": "alarms"}, *alarms)


def _section(section: Section) -> Markup:
    rows = sum(1 for _ in _rows([section]))
    blocks: list[Markup] = []
    for number, each in enumerate(section.blocks):
        blocks.append(block(each, f"{section.id}-{number}", section.title))
    # Pictures tell more than their number; in a page there is room for them.
    if not section.open and not all(isinstance(each, Picture) for each in section.blocks):
        diffs = sum(isinstance(each, Diff) for each in section.blocks)
        found = [
            f"{count:,} {word}{'' if count == 1 else 's'}" for count, word in ((rows, "row"), (diffs, "diff")) if count
        ]
        folded = element("summary", {}, ", ".join(found) or "Details")
        blocks = [element("details", {"class": "fold"}, folded, element("div", {}, *blocks))]
    heading = element("h2", {"id": f"{section.id}-title"}, section.title)
    nothing = element("p", {"class": "nothing", "hidden": True}, "No row here matches the filters.") if rows else ""
    named = {"id": section.id, "aria-labelledby": f"{section.id}-title"}
    return element("section", named, heading, *blocks, nothing)


def _rows(sections: Iterable[Section]) -> Iterator[Row]:
    return (row for section in sections for each in section.blocks if isinstance(each, Table) for row in each.rows)
