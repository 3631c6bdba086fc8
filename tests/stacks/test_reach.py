"""Each property of EKS that CloudFormation knows stands in a template of some example, or in docs/reach.md; and each of
node pools and node classes in an object of some example.

The properties come from the schemas that cfn-lint ships, and from properties.toml. One that a new release brings turns
this red.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from addons.karpenter import Karpenter
from blueprint.planning.planner import plan
from tests.stacks.fleet import FLEET
from tests.templates import Templates

TYPES = (
    *("AccessEntry", "Addon", "Capability", "CertificateAuthority", "Cluster", "FargateProfile"),
    *("IdentityProviderConfig", "Nodegroup", "PodIdentityAssociation"),
)
RESOURCES = {**{name: f"AWS::EKS::{name}" for name in TYPES}, "LaunchTemplate": "AWS::EC2::LaunchTemplate"}
OBJECTS = tomllib.loads((Path(__file__).parent / "properties.toml").read_text(encoding="utf-8"))
"""Kinds of Kubernetes."""
ALL = {**RESOURCES, **{kind: kind for kind in OBJECTS}}


def settable(name: str) -> frozenset[str]:
    """The properties of a type that can be written, each with its path: `ScalingConfig.MinSize`, `Taints[].Key`."""
    if name in OBJECTS:
        return frozenset(OBJECTS[name]["properties"])
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", ALL[name]).schema
    read_only = {path.removeprefix("/properties/").replace("/", ".") for path in schema["readOnlyProperties"]}

    def walk(node: Mapping[str, Any], path: str) -> Iterator[str]:
        while "$ref" in node:
            node = schema["definitions"][node["$ref"].rpartition("/")[2]]
        if path in read_only:
            return
        if "items" in node:
            yield from walk(node["items"], f"{path}[]")
        elif node.get("properties"):
            for key, each in node["properties"].items():
                yield from walk(each, f"{path}.{key}".lstrip("."))
        else:
            yield path

    return frozenset(walk({"properties": schema["properties"]}, ""))


def paths(value: Any, path: str = "") -> Iterator[str]:
    """Of all that a value has; one that is a mapping may be a function of CloudFormation, or have keys of one's own."""
    yield path
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from paths(each, f"{path}.{key}".lstrip("."))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from paths(each, f"{path}[]")


def written(fleet: Templates) -> Mapping[str, frozenset[str]]:
    """The properties that stand in templates, or in objects, by type."""
    resources = (each for template in fleet.values() for each in template["Resources"].values())
    objects = (each for blueprint in FLEET for each in plan(blueprint).objects)
    found: dict[str, set[str]] = {kind: set() for kind in ALL.values()}
    for kind, properties in (
        *((each["Type"], each.get("Properties")) for each in resources),
        *((each["kind"], each.get("spec")) for each in objects),
    ):
        if kind in found:
            found[kind] |= {*paths(properties)}
    return {name: frozenset(found[kind]) & settable(name) for name, kind in ALL.items()}


@pytest.fixture(scope="module")
def page(root: Path) -> str:
    return (root / "docs" / "reach.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def reached(fleet: Templates) -> Mapping[str, frozenset[str]]:
    return written(fleet)


def left_out(page: str) -> Iterator[tuple[str, str, str]]:
    """Type, pattern of properties, and why there are none of them."""
    yield from re.findall(r"^\| `(\w+)\.(\S+)` \| (.+) \|$", page, re.MULTILINE)


def matching(pattern: str, paths: frozenset[str]) -> frozenset[str]:
    """Those that a pattern with `*` means; brackets are those of lists."""
    form = pattern.replace("[", "[[]")
    return frozenset(path for path in paths if fnmatchcase(path, form))


@pytest.mark.parametrize("name", ALL)
def test_each_property_is_written_or_has_a_reason(name: str, page: str, reached: Mapping[str, frozenset[str]]) -> None:
    reasons = [pattern for kind, pattern, _ in left_out(page) if kind == name]
    named = frozenset[str]().union(*(matching(pattern, settable(name)) for pattern in reasons))
    tags = frozenset(path for path in settable(name) if path.partition(".")[0] in ("Tags", "Tags[]"))
    assert settable(name) - reached[name] - tags == named - tags
    assert not named & reached[name]


def test_nothing_waits(page: str) -> None:
    """What cannot be said has a reason, or a field that no example of a first deploy may set."""
    assert re.findall(r"^## (.+)$", page, re.MULTILINE) == ["Not on purpose", "By a later deploy only"]


def test_each_reason_is_of_something(page: str) -> None:
    assert [f"{name}.{pattern}" for name, pattern, _ in left_out(page) if not matching(pattern, settable(name))] == []


def test_the_page_counts(page: str, reached: Mapping[str, frozenset[str]]) -> None:
    rows = {name: (len(settable(name)), len(reached[name])) for name in ALL}
    expected = [f"| `{ALL[name]}` | {of_all} | {found} | {of_all - found} |" for name, (of_all, found) in rows.items()]
    assert re.findall(r"^\| `[\w:]+` \| \d+ .*$", page, re.MULTILINE) == expected
    assert f"have {sum(rows[name][0] for name in RESOURCES)} properties" in page


def test_properties_of_karpenter_are_of_the_version_that_is_installed() -> None:
    version = f"karpenter-provider-aws v{Karpenter.chart.version} "
    assert [kind for kind, each in OBJECTS.items() if version not in each["source"]] == ["NodeClass"]
