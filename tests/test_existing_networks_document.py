"""The guide to VPCs that are there already names what is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import blueprint
from blueprint import ExistingNetwork
from blueprint.value import field_types
from tools.doctor.checks.existing_network import _FIELDS


@pytest.fixture
def text(root: Path) -> str:
    return (root / "docs" / "existing-networks.md").read_text(encoding="utf-8")


def test_its_fields_are_there(text: str) -> None:
    named = set(re.findall(r"`(\w+)\.(\w+)`", text))
    known = {name: {*getattr(blueprint, name).__dataclass_fields__} for name, _ in named if hasattr(blueprint, name)}
    assert {("ExistingNetwork", "pods"), ("NewNetwork", "pod_cidr")} <= named
    assert [(name, field) for name, field in named if name in known and field not in known[name]] == []


def test_every_field_is_told_and_those_that_the_doctor_names(text: str) -> None:
    assert [name for name in field_types(ExistingNetwork) if name not in text] == []
    assert [field for field in _FIELDS.values() if f"`{field}`" not in text] == []


def test_its_examples_are_there(text: str, root: Path) -> None:
    linked = re.findall(r"\.\./(examples/\w+\.py)", text)
    assert {"examples/existing_vpc.py", "examples/pod_ranges.py", "examples/shared_vpc.py"} <= {*linked}
    assert [path for path in linked if not (root / path).exists()] == []
    (shown,) = (id for id in set(re.findall(r"vpc-[0-9a-f]{17}", text)))
    assert shown in (root / "examples" / "existing_vpc.py").read_text(encoding="utf-8")
