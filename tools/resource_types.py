"""What is known of each type of resource, from `facts/resources.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple


class RoleUse(NamedTuple):
    """Where a resource names its role, and in which words a reader knows who has it."""

    property: str
    holder: str
    """With `{Namespace}` for what its properties say, and `{path}` for its place in the stack."""


class Weaker(NamedTuple):
    """A property of which a change protects less."""

    path: tuple[str, ...]
    when: str
    """How a change is judged: a name in `tools/review/dangers/protection.py`."""
    means: str


@dataclass(frozen=True)
class ResourceType:
    """One type; what is not known of it is empty."""

    creates: tuple[str, ...] = ()
    """IAM actions without which CloudFormation makes none."""
    identity: tuple[str, ...] = ()
    """Properties of which no two resources have the same values."""
    replacing: tuple[str, ...] = ()
    """Properties of which a change makes another resource, where the emulator would not know."""
    lost: str = ""
    """What goes with a resource that goes; empty where it holds no state."""
    guards: str = ""
    """What no longer holds without it."""
    role: RoleUse | None = None
    weaker: tuple[Weaker, ...] = ()


def _read(row: Mapping[str, Any]) -> ResourceType:
    """TypeError: a key that is none."""
    lists = {key: tuple(row[key]) for key in ("creates", "identity", "replacing") if key in row}
    role = RoleUse(**row["role"]) if "role" in row else None
    weaker = tuple(
        Weaker(tuple(each["property"].split(".")), each["when"], each["means"]) for each in row.get("weaker", ())
    )
    return ResourceType(**{**row, **lists, "role": role, "weaker": weaker})


_FILE = Path(__file__).parents[1] / "facts" / "resources.toml"
TYPES: Mapping[str, ResourceType] = {
    name: _read(row) for name, row in tomllib.loads(_FILE.read_text(encoding="utf-8")).items()
}
_NOTHING = ResourceType()


def resource_type(name: str) -> ResourceType:
    """What is known of a type, or nothing."""
    return TYPES.get(name, _NOTHING)
