"""The guide to VPCs that are there already names what is there."""

from __future__ import annotations

import fnmatch
import re
import tomllib
from fnmatch import fnmatchcase
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


def patterns(table: str) -> list[str]:
    """What its first column names, of one row after the other."""
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ")]
    return [name for row in rows[1:] for name in re.findall(r"`([a-z*][a-z0-9_*]*)`", row)]


@pytest.mark.parametrize("module", ["eks", "vpc"])
def test_every_input_of_terraform_has_a_row_and_every_row_an_input(module: str, text: str, root: Path) -> None:
    """Of the versions in tests/terraform_inputs.toml."""
    recorded = tomllib.loads((root / "tests" / "terraform_inputs.toml").read_text(encoding="utf-8"))
    known = recorded[module]["names"].split()
    first, second = text.partition("## What others can say of a network")[2].split("Of `terraform-aws-modules/vpc`:")
    found = patterns({"eks": first, "vpc": second}[module])
    assert len(known) == len({*known}) == {"eks": 29, "vpc": 235}[module]
    assert [name for name in known if not any(fnmatchcase(name, pattern) for pattern in found)] == []
    modules = {"aws_route"}  # a resource of the provider
    assert [pattern for pattern in found if not fnmatch.filter(known, pattern) and pattern not in modules] == []
