"""Each test that the documents name is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENTS = [Path(__file__).parent.parent / "docs" / name for name in ("what-aws-does.md", "isolation.md", "tools.md")]
TEXT = "".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", TEXT)))


def test_many_are_named() -> None:
    assert len(NAMED) > 60


@pytest.mark.parametrize("name", NAMED)
def test_it_is_there(name: str, root: Path) -> None:
    file, _, function = name.partition("::")
    assert (root / file).exists()
    if function:
        assert re.search(rf"^\s*def {function}\(", (root / file).read_text(encoding="utf-8"), re.MULTILINE)
