"""What Amazon ECR caches, in stacks of its own: as CloudFormation and ECR take it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from blueprint import Mirrors, PullThroughCache
from blueprint.mirrors import UPSTREAMS
from blueprint.planning.planner import plan
from blueprint.planning.registry_cache import registry_caches
from examples.isolated import ISOLATED
from examples.managed import MANAGED
from tests.templates import of_type
from tools.__main__ import main
from tools.commands import registry_cache
from tools.synthesis import synthesize_registry_caches

SECRET = "arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/all-AbCdEf"
EVERY = tuple(
    PullThroughCache(registry, f"m/{upstream.name}", SECRET if upstream.secret else None)
    for registry, upstream in UPSTREAMS.items()
)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of every registry, judged by all rules."""
    out = tmp_path_factory.mktemp("caches")
    synthesize_registry_caches(registry_caches([plan(replace(MANAGED, mirrors=Mirrors(cache=EVERY)))]), out)
    report = json.loads((out / "validation-report.json").read_text(encoding="utf-8"))
    assert report["pluginReports"] == [], "nothing is found, and nothing accepted"
    (path,) = (out / "assembly-registry-cache").glob("*.template.json")
    return json.loads(path.read_text(encoding="utf-8"))


def test_it_is_what_the_schema_of_cloudformation_takes(template: Any) -> None:
    """Patterns and names of CloudFormation's own schema, which cfn-lint ships."""
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-west-2", "AWS::ECR::PullThroughCacheRule").schema
    rules = of_type(template, "AWS::ECR::PullThroughCacheRule")
    assert len(rules) == len(UPSTREAMS)
    for rule in rules.values():
        for name, value in rule["Properties"].items():
            said = schema["properties"][name]
            assert re.search(said.get("pattern", ""), value), (name, value)
            assert said.get("minLength", 0) <= len(value) <= said.get("maxLength", 1000), (name, value)


def test_a_stack_is_of_its_account_and_region_and_keeps_its_ids(tmp_path: Path) -> None:
    """Under another id CloudFormation would make a template of repositories anew, while ECR has one of its prefix."""
    one = Mirrors(cache=(PullThroughCache("quay.io", "m/quay"),))
    made = plan(replace(MANAGED, account="444444444444", mirrors=one))
    synthesize_registry_caches(registry_caches([made]), tmp_path)
    assembly = tmp_path / "assembly-registry-cache"
    manifest = json.loads((assembly / "manifest.json").read_text(encoding="utf-8"))
    stacks = [each for each in manifest["artifacts"].values() if each["type"] == "aws:cloudformation:stack"]
    assert [each["environment"] for each in stacks] == [f"aws://444444444444/{MANAGED.region}"]
    (path,) = assembly.glob("*.template.json")
    found = {
        each["Type"]: id
        for id, each in json.loads(path.read_text(encoding="utf-8"))["Resources"].items()
        if each["Type"].startswith("AWS::ECR::")
    }
    assert found["AWS::ECR::RepositoryCreationTemplate"].startswith("mquayRepositories")
    assert found["AWS::ECR::PullThroughCacheRule"].startswith("mquay")


def test_each_registry_is_called_as_ecr_calls_it(template: Any, ecr: Any) -> None:
    """As botocore 1.44.5 has them: data/ecr/2015-09-21."""
    shapes = ecr["shapes"]
    said = shapes["CreatePullThroughCacheRuleRequest"]["members"]["upstreamRegistryUrl"]["documentation"]
    pairs = {(name, url) for name, url in re.findall(r"<code>([a-z0-9-]+)</code>\) \u2013 <code>([^<]+)</code>", said)}
    found = {
        (each["Properties"]["UpstreamRegistry"], each["Properties"]["UpstreamRegistryUrl"])
        for each in of_type(template, "AWS::ECR::PullThroughCacheRule").values()
    }
    assert found <= pairs
    assert {name for name, _ in pairs - found} == {"ecr", "azure-container-registry"}, "of one's own accounts"
    assert {name for name, _ in found} <= {*shapes["UpstreamRegistry"]["enum"]}


@pytest.fixture(scope="module")
def ecr() -> Any:
    """The API of ECR."""
    from botocore.loaders import Loader

    return Loader().load_service_model("ecr", "service-2")


def test_repositories_take_tags_that_move_and_come_before_anything_is_pulled(template: Any) -> None:
    rules, templates = (
        of_type(template, f"AWS::ECR::{kind}") for kind in ("PullThroughCacheRule", "RepositoryCreationTemplate")
    )
    prefixes = {id: each["Properties"]["Prefix"] for id, each in templates.items()}
    for rule in rules.values():
        (own,) = rule["DependsOn"]
        assert prefixes[own] == rule["Properties"]["EcrRepositoryPrefix"]
    for each in templates.values():
        assert each["Properties"]["AppliedFor"] == ["PULL_THROUGH_CACHE"]
        assert each["Properties"]["ImageTagMutability"] == "MUTABLE"


def test_the_command_says_what_to_deploy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(registry_cache, "planned", lambda *_: [plan(ISOLATED), plan(MANAGED)])
    out = tmp_path / "caches"
    assert main(["registry-cache", "--output", str(out)]) == 0
    first, _, last = capsys.readouterr().out.splitlines()
    assert first == "111111111111-us-west-2  public of public.ecr.aws"
    assert last == f"cdk deploy --app {out} 'registry-cache/111111111111-us-west-2'"
    assert main(["registry-cache", "--output", str(out), "--json"]) == 0, "over what it wrote"
    assert json.loads(capsys.readouterr().out) == {"111111111111-us-west-2": {"public": "public.ecr.aws"}}


def test_where_nothing_is_cached(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(registry_cache, "planned", lambda *_: [plan(MANAGED)])
    assert main(["registry-cache"]) == 1
    assert "no cluster has registries that ECR caches" in capsys.readouterr().err
