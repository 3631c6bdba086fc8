"""All that AWS makes anew when a field changes, by several values of each field: `make every-value`."""

from __future__ import annotations

from pathlib import Path

from blueprint.blueprint import Blueprint
from tests.stacks.test_create_only import MORE_ZONES, change, declared, moved
from tests.values.create_only import made_anew, variants
from tests.values.variants import classes

IN_PLACE = {("NewNetwork", "nat")}
"""Gateways that are no longer wanted go, and the rest stays what it is."""


def test_what_is_create_only_is_made_anew_and_nothing_else(tmp_path: Path) -> None:
    tried = [
        each
        for cls, hints in classes().items()
        for name in hints
        if cls is not Blueprint or name == "tags"
        for each in variants(cls, name, 3)
    ]
    found = made_anew((*tried, *moved(), change(MORE_ZONES, ("network",), "zones", ("a", "b", "c"))), tmp_path)
    assert {field: kinds for field, kinds in found.items() if field not in IN_PLACE} == declared()
