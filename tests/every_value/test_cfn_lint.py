"""All templates of the examples, most of which say what others do with other values: `make every-value`."""

from __future__ import annotations

from pathlib import Path

from tests.stacks.test_validation import cfn_lint, templates_in


def test_cfn_lint_finds_nothing(examples: Path) -> None:
    assert cfn_lint(templates_in(examples)) == (0, "")
