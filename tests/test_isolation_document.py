"""What keeps teams apart, and tools right, is told with its test, which `test_what_aws_does.py` looks for."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "isolation.md"
TOOLS = DOCUMENT.with_name("tools.md")


def test_every_attack_has_a_test() -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    attacks = [row for row in rows if not row.startswith("| attack ")]
    assert len(attacks) > 30
    assert all("`tests/" in row.split(" | ")[-1] for row in attacks)


def test_every_row_about_a_tool_has_a_test() -> None:
    lines = [line for line in TOOLS.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    rows = [line for line in lines if not line.endswith(" | was | now | test |")]
    assert len(rows) > 45
    assert all(len(row.split(" | ")) == 4 and "`tests/" in row.split(" | ")[-1] for row in rows)
