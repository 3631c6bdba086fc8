"""Each test that the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

_NAMES = ("what-aws-does.md", "isolation.md", "a-newcomers-day.md", "tools.md")
DOCUMENTS = [Path(__file__).parent.parent / "docs" / name for name in _NAMES]
TEXT = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", TEXT)))


def test_many_are_named() -> None:
    assert len(NAMED) > 85


@pytest.mark.parametrize("name", NAMED)
def test_it_is_there(name: str, root: Path) -> None:
    file, _, function = name.partition("::")
    assert (root / file).exists()
    if function:
        assert re.search(
            rf"^\s*(def {function}\(|class {function}:)", (root / file).read_text(encoding="utf-8"), re.MULTILINE
        )


def test_what_a_newcomer_does_has_a_test_in_each_row() -> None:
    text = DOCUMENTS[2].read_text(encoding="utf-8").partition("## Where it runs")[0]
    rows = [row for row in text.splitlines() if row.startswith("| ") and not row.startswith("| input |")]
    assert len(rows) > 25
    assert [row for row in rows if "`tests/" not in row.split(" | ")[-1]] == []
