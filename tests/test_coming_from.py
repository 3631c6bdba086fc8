"""The guide for those who come from elsewhere names what is there, and what is written in its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import blueprint
from blueprint import Blueprint, Cluster, ExistingNetwork, ManagedNodes, NewNetwork
from tools.__main__ import main

VALUES = (Blueprint, Cluster, NewNetwork, ExistingNetwork, ManagedNodes)
NAMES = "|".join(cls.__name__ for cls in VALUES)


@pytest.fixture
def rows(root: Path) -> list[list[str]]:
    text = (root / "docs" / "coming-from.md").read_text(encoding="utf-8")
    found = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    return found[1:]


def test_every_row_has_all_of_them(rows: list[list[str]]) -> None:
    assert len(rows) > 20
    assert {len(row) for row in rows} == {5}


def test_what_is_written_here_is_there(rows: list[list[str]]) -> None:
    fields = {cls: {*cls.__dataclass_fields__} for cls in VALUES}
    for *_, here in rows:
        for name, written in re.findall(rf"\b({NAMES})\((.*?)\)`", here):
            for field in re.findall(r"(\w+)=", re.sub(r"PublicEndpoint\(.*", "", written)):
                assert field in fields[getattr(blueprint, name)], here
        for name in re.findall(r"`([A-Z]\w+)\(", here):
            assert name in {"ServiceAccount", "HelmRelease", *blueprint.__all__}, here


def test_terraform_s_words_lead_to_ours(rows: list[list[str]]) -> None:
    """Those that stand in the table, but for what is a field here too."""
    known = {word for cls in VALUES for word in cls.words_of_others}
    words = {word for row in rows for word in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", row[1])}
    elsewhere = {"helm_release", "pod_identity_association", "compute_config"}
    fields = {name for cls in VALUES for name in cls.__dataclass_fields__}
    assert words - elsewhere - fields <= known
    assert len(words & known) > 12


def test_the_first_command_is_right(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It asks for what the guide says; given that, there is a cluster."""
    text = (root / "docs" / "coming-from.md").read_text(encoding="utf-8")
    (name,) = re.findall(r"^make new-cluster NAME=(\w+)", text, re.MULTILINE)
    assert f"clusters/{name}.py" in text
    assert main(["new-cluster", f"--name={name}"]) == 1
    asked = re.findall(r"^([A-Z]+)$", capsys.readouterr().err, re.MULTILINE)
    assert asked == ["ACCOUNT", "REGION", "ADMIN"]
