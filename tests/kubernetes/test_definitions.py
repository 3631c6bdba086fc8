"""What tests/stacks/properties.toml says of Karpenter, against the definitions of the version that is installed."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tools.kubernetes.definitions import collect, definitions

OBJECTS = tomllib.loads((Path(__file__).parents[1] / "stacks" / "properties.toml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", [kind for kind, each in OBJECTS.items() if "karpenter" in each["source"]])
def test_recorded_properties_are_those_of_the_definition(kind: str) -> None:
    collect()
    (found,) = (one for one in definitions("karpenter-crd") if one["spec"]["names"]["kind"] == kind)
    (version,) = found["spec"]["versions"]
    spec = version["schema"]["openAPIV3Schema"]["properties"]["spec"]
    assert OBJECTS[kind]["properties"] == sorted(_leaves(spec, ""))


def _leaves(node: Mapping[str, Any], path: str) -> Iterator[str]:
    if "items" in node:
        yield from _leaves(node["items"], f"{path}[]")
    elif node.get("properties"):
        for name, each in node["properties"].items():
            yield from _leaves(each, f"{path}.{name}".lstrip("."))
    else:
        yield path
