"""Nested data as one value for each key, so that a reader sees which keys differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tools.review.document import Cell, Row, Sign


def flat(data: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """`controller.image.tag`, `args[0]` and their values; what is empty is `{}` or `[]`."""
    if isinstance(data, Mapping) and data:
        for name, item in data.items():
            quoted = str(name) if "." not in str(name) else f"[{name}]"
            yield from flat(item, f"{key}.{quoted}" if key and not quoted.startswith("[") else f"{key}{quoted}")
    elif isinstance(data, Sequence) and not isinstance(data, str) and data:
        for index, item in enumerate(data):
            yield from flat(item, f"{key}[{index}]")
    else:
        yield key, data if isinstance(data, str) else json.dumps(data)


def changed(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[Sign, str, str, str]]:
    """The keys whose value is not the same on both sides, with both values."""
    for key in dict.fromkeys((*before, *after)):
        if before.get(key) != after.get(key):
            sign: Sign = "+" if key not in before else "-" if key not in after else "~"
            yield sign, key, before.get(key, ""), after.get(key, "")


def codes(sign: Sign, *texts: str) -> Row:
    """A row of names and values."""
    return Row(tuple(Cell(text, code=True) for text in texts), sign)
