"""Each test and property that the document names is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent.parent / "docs" / "isolation.md"
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", DOCUMENT.read_text(encoding="utf-8"))))


def test_every_attack_has_a_test() -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    attacks = [row for row in rows if not row.startswith("| attack ")]
    assert len(attacks) > 15
    assert all("`tests/" in row.split(" | ")[-1] for row in attacks)


@pytest.mark.parametrize("name", NAMED)
def test_it_is_there(name: str, root: Path) -> None:
    file, _, function = name.partition("::")
    assert (root / file).exists()
    if function:
        assert re.search(rf"^\s*def {function}\(", (root / file).read_text(encoding="utf-8"), re.MULTILINE)
