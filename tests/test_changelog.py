"""What the changelog says of the next release is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.values.variants import classes


@pytest.fixture
def unreleased(root: Path) -> str:
    """Its first part."""
    text = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    return text.partition("\n## Unreleased\n")[2].partition("\n## ")[0]


def test_it_names_fields_that_are_there(unreleased: str) -> None:
    known = {f"{cls.__name__}.{name}" for cls, hints in classes().items() for name in hints}
    named = set(re.findall(r"`([A-Z]\w+\.[a-z_]+)`", unreleased))
    assert len(named) > 10
    assert named - known == set()


def test_it_names_commands_that_are_there(unreleased: str, root: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (root / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"`(?:[A-Z]+=\w+ )?make ([a-z-]+)", unreleased))
    assert {"plan", "reference", "synth"} <= named
    assert named - targets == set()


def test_its_sections_are_those_of_the_form(unreleased: str) -> None:
    """https://keepachangelog.com/en/1.1.0/ (types of changes), and the notes for an upgrade in front of them."""
    types = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"]
    first, *sections = re.findall(r"^### (.+)$", unreleased, re.MULTILINE)
    assert first == "Upgrade notes"
    assert sections == [each for each in types if each in sections]


def test_its_links_lead_somewhere(unreleased: str, root: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]*)\)", unreleased)
    assert links
    assert [link for link in links if not (root / link).is_file()] == []
