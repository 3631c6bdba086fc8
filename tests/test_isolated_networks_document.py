"""The guide to networks without internet says what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from blueprint.endpoints import policies
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from blueprint.planning.planner import plan
from examples.isolated import ISOLATED


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs" / "isolated-networks.md").read_text(encoding="utf-8")


def test_every_endpoint_of_the_example_is_told(text: str) -> None:
    named = {*ISOLATED.network.interface_endpoints}
    derived = [each for each in plan(ISOLATED).network.interface_endpoints if each not in named]
    assert {*ENDPOINTS_WITHOUT_NAT} < {*derived}
    assert [each for each in derived if f"`{each}`" not in text] == []


def test_those_without_a_policy_are_told(text: str) -> None:
    made = plan(ISOLATED).network
    without = {*made.interface_endpoints} - {*policies(made.interface_endpoints, "1", "a-b-1")}
    assert without - {*ISOLATED.network.interface_endpoints} == {"eks", "eks-auth"}
    assert "`eks`, `eks-auth` and services" in text


def test_its_example_is_there(text: str, root: Path) -> None:
    (path,) = set(re.findall(r"\.\./(examples/\w+\.py)", text))
    assert path == "examples/isolated.py"
    assert "docs/isolated-networks.md" in (root / path).read_text(encoding="utf-8")
