"""Each test that the document names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent.parent / "docs" / "what-aws-does.md"
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", DOCUMENT.read_text(encoding="utf-8"))))


def test_many_are_named() -> None:
    assert len(NAMED) > 60


@pytest.mark.parametrize("name", NAMED)
def test_it_is_there(name: str, root: Path) -> None:
    file, _, function = name.partition("::")
    assert (root / file).exists()
    if function:
        assert re.search(rf"^\s*def {function}\(", (root / file).read_text(encoding="utf-8"), re.MULTILINE)
