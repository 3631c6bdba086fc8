"""Configuration of EKS add-ons by the schemas that EKS has of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addons.core import CORE
from addons.core_dns import CoreDns
from addons.vpc_cni import VpcCni
from blueprint import Blueprint, plan
from blueprint.addons import EksAddon, EksAddonByName, schemas
from blueprint.addons.lock import locked_versions
from blueprint.contribution import ManagedAddon
from blueprint.errors import BlueprintError
from blueprint.references import CLUSTER_SECURITY_GROUP
from tests.blueprint.addon_schemas import COREDNS, COREDNS_VERSION, VPC_CNI, write
from tests.blueprint.examples import SMALL

DNS_VERSION = locked_versions("coredns")[SMALL.cluster.version]
CNI_VERSION = locked_versions("vpc-cni")[SMALL.cluster.version]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """In the place of the project's."""
    folder = tmp_path / "schemas"
    monkeypatch.setattr(schemas, "FOLDER", folder)
    return folder


def with_addon(addon: EksAddon | EksAddonByName) -> Blueprint:
    """In the place of the one of its class in CORE, or before it."""
    rest = tuple(each for each in CORE if type(each) is not type(addon))
    return replace(SMALL, addons=(addon, *rest))


def mistakes(addon: EksAddon | EksAddonByName) -> list[tuple[str, str, str]]:
    """Place from the add-on, rule and fix of each."""
    try:
        plan(with_addon(addon))
    except BlueprintError as error:
        return [(problem.place.partition("addons[0].")[2], problem.rule, problem.fix) for problem in error.problems]
    return []


@pytest.mark.parametrize(
    ("given", "place", "rule", "fix"),
    [
        (
            {"replicaCuont": 3},
            "['replicaCuont']",
            f"configuration of coredns {DNS_VERSION} has no key replicaCuont",
            "write replicaCount",
        ),
        (
            {"x": 3},
            "['x']",
            f"configuration of coredns {DNS_VERSION} has no key x",
            "remove it, or write one of computeType, corefile, nodeSelector, replicaCount, resources",
        ),
        (
            {"resources": {"limits": {"memroy": "1Gi"}}},
            "['resources']['limits']['memroy']",
            f"configuration.resources.limits of coredns {DNS_VERSION} has no key memroy",
            "write memory",
        ),
        (
            {"resources": {"limits": {"cpu": 1}}},
            "['resources']['limits']['cpu']",
            f"configuration.resources.limits.cpu of coredns {DNS_VERSION} must be of type string",
            'write it as text: "1"',
        ),
        (
            {"resources": {"limits": {"cpu": ["1"]}}},
            "['resources']['limits']['cpu']",
            f"configuration.resources.limits.cpu of coredns {DNS_VERSION} must be of type string",
            "correct the value",
        ),
        (
            {"replicaCount": 1.5},
            "['replicaCount']",
            f"configuration.replicaCount of coredns {DNS_VERSION} must be of type integer",
            "correct the value",
        ),
        (
            {"replicaCount": "3"},
            "['replicaCount']",
            f"configuration.replicaCount of coredns {DNS_VERSION} must be of type integer",
            "correct the value",
        ),
    ],
)
def test_what_the_schema_refuses(given: Mapping[str, Any], place: str, rule: str, fix: str, folder: Path) -> None:
    write(folder, "coredns", DNS_VERSION, COREDNS)
    assert mistakes(CoreDns(configuration=given)) == [(f"configuration{place}", rule, fix)]


def test_an_add_on_by_name_is_judged_as_one_with_a_class(folder: Path) -> None:
    write(folder, "other", "v1.0.0-eksbuild.1", COREDNS)
    addon = EksAddonByName("other", version="v1.0.0-eksbuild.1", configuration={"replicaCuont": 3})
    rule = "configuration of other v1.0.0-eksbuild.1 has no key replicaCuont"
    assert mistakes(addon) == [("configuration['replicaCuont']", rule, "write replicaCount")]


def test_what_a_class_says_by_itself_is_judged_too(folder: Path) -> None:
    write(folder, "vpc-cni", CNI_VERSION, VPC_CNI)
    assert mistakes(VpcCni(prefix_delegation=True)) == []
    write(folder, "vpc-cni", CNI_VERSION, VPC_CNI.replace("ENABLE_PREFIX_DELEGATION", "ENABLE_PREFIXES"))
    schemas._read.cache_clear()
    schemas._validator.cache_clear()
    ((place, _, _),) = mistakes(VpcCni(prefix_delegation=True))
    assert place == "configuration['env']['ENABLE_PREFIX_DELEGATION']"


@pytest.mark.parametrize("version", [None, COREDNS_VERSION])
def test_where_no_schema_was_read_eks_alone_judges(version: str | None, folder: Path) -> None:
    assert mistakes(CoreDns(configuration={"replicaCuont": 3})) == []
    if version:
        write(folder, "coredns", version, COREDNS)
        schemas._read.cache_clear()
        assert mistakes(CoreDns(configuration={"replicaCuont": 3})) == []


# --- One configuration ---


def told(folder: Path, schema: str | Mapping[str, Any], given: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Path, rule and fix of each mistake."""
    write(folder, "web", "v1", schema)
    found = schemas.mistakes(ManagedAddon("web", "v1", given))
    return [(problem.place, problem.rule, problem.fix) for problem in found]


SUBNETS = {"us-west-2a": {"id": "subnet-1", "securityGroups": ("sg-1",)}}


def test_a_missing_key_and_each_once(folder: Path) -> None:
    of = "configuration.eniConfig of web v1 must have the key"
    assert told(folder, VPC_CNI, {"eniConfig": {"subnets": SUBNETS}}) == [
        ("['eniConfig']['create']", f"{of} create", "add create"),
        ("['eniConfig']['region']", f"{of} region", "add region"),
    ]


def test_what_it_takes(folder: Path) -> None:
    config = {"create": True, "region": "us-west-2", "subnets": SUBNETS}
    assert told(folder, VPC_CNI, {"eniConfig": config, "tolerations": ({"operator": "Exists"},)}) == []
    assert told(folder, VPC_CNI, {}) == []


def test_no_configuration_lacks_nothing(folder: Path) -> None:
    """Without values stacks give EKS none."""
    schema = {"type": "object", "required": ["create"]}
    assert told(folder, schema, {}) == []
    assert told(folder, schema, {"x": 1}) == [
        ("['create']", "configuration of web v1 must have the key create", "add create"),
    ]


def test_other_rules(folder: Path) -> None:
    schema = {
        "properties": {
            "level": {"enum": ["debug", "info"]},
            "port": {"anyOf": [{"type": "integer", "maximum": 10}, {"type": "null"}]},
            "group": {"pattern": "^sg-"},
            "groups": {"items": {"enum": ["sg-1"]}},
        },
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }
    given = {"level": "inof", "port": 11, "group": "a", "x-own": 1}
    of = "of web v1"
    assert told(folder, schema, given) == [
        ("['level']", f'configuration.level {of} must be one of "debug", "info"', "write info"),
        (
            "['port']",
            f"configuration.port {of} must keep to maximum 10",
            "correct the value",
        ),
        (
            "['group']",
            f'configuration.group {of} must keep to pattern "^sg-"',
            "correct the value",
        ),
    ]
    references = {"group": CLUSTER_SECURITY_GROUP, "groups": [CLUSTER_SECURITY_GROUP], "level": 1}
    assert [place for place, _, _ in told(folder, schema, references)] == ["['level']"], "what a deploy decides"


def test_a_key_where_there_is_none_to_write(folder: Path) -> None:
    rule = "configuration of web v1 has no key x"
    assert told(folder, {"additionalProperties": False}, {"x": 1}) == [("['x']", rule, "remove it")]


def test_no_secret_is_shown(folder: Path) -> None:
    write(folder, "web", "v1", {"properties": {"password": {"type": "integer"}, "level": {"type": "integer"}}})
    found = schemas.mistakes(ManagedAddon("web", "v1", {"password": "hunter2", "level": "high"}))
    assert [str(problem.value) for problem in found] == ["<not shown>", "high"]


@pytest.mark.parametrize(
    ("schema", "why"),
    [
        ([], "it is no object"),
        ({"type": "objekt"}, "it is no JSON schema: "),
        ({"properties": {"x": {"pattern": "("}}}, "it is no JSON schema: "),
        ({"$ref": "#/definitions/X"}, "it refers to what it does not have: #/definitions/X"),
        ({"$ref": "https://example.com/x.json"}, "it refers to what it does not have: https://example.com/x.json"),
        ({"allOf": [{"$ref": "#/definitions/a~1b"}], "definitions": {"a/b": {}}}, ""),
        ({}, ""),
    ],
)
def test_what_is_no_schema_to_judge_by(schema: object, why: str) -> None:
    found = schemas.unusable(schema)
    assert found.startswith(why)
    assert bool(found) == bool(why)


def test_what_is_committed_is_of_locked_versions_and_can_judge() -> None:
    """EKS tells it, and `make versions` writes it: nobody else."""
    for path in schemas.FOLDER.glob("*.json"):
        found = schemas.schemas(path.stem)
        assert found.keys() <= {*locked_versions(path.stem).values()}
        assert [*map(schemas.unusable, found.values())] == [""] * len(found)
