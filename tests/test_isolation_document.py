"""What keeps teams apart is told with its test: that each is there, `test_what_aws_does.py` sees to."""

from __future__ import annotations

from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "isolation.md"


def test_every_attack_has_a_test() -> None:
    rows = [line for line in DOCUMENT.read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    attacks = [row for row in rows if not row.startswith("| attack ")]
    assert len(attacks) > 30
    assert all("`tests/" in row.split(" | ")[-1] for row in attacks)
