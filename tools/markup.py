"""HTML and SVG: the one place that escapes.

A text is what a person is to read, so it is escaped; markup is what `element` made, so it is not.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Markup(str):
    """HTML that is whole: every element in it is closed, every text in it is escaped."""

    __slots__ = ()


def element(name: str, attributes: Mapping[str, object], *children: str) -> Markup:
    """One element; an attribute that is true stands without a value, one that is false is left out."""
    given = "".join(_attribute(key, value) for key, value in attributes.items() if value is not False)
    return Markup(f"<{name}{given}>{joined(*children)}</{name}>")


def empty(name: str, attributes: Mapping[str, object]) -> Markup:
    """An element of HTML that has no end tag: `meta`, `input`, `br`."""
    return Markup(element(name, attributes).removesuffix(f"</{name}>"))


def joined(*children: str) -> Markup:
    """Texts and markup, one after the other."""
    return Markup("".join(child if isinstance(child, Markup) else text(child) for child in children))


def text(plain: str) -> Markup:
    """A text as it is. What a browser would not show, or would obey as an order of writing, is shown as �."""
    if not plain.isprintable():
        plain = "".join(each if each.isprintable() or each in "\n\t" else _REPLACEMENT for each in plain)
    return Markup(escape(plain))


def _attribute(key: str, value: object) -> str:
    return f" {key}" if value is True else f' {key}="{text(str(value))}"'
