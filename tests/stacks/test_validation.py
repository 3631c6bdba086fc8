"""Every kind of cluster passes every rule, and a template that breaks one fails the synth."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest
from aws_cdk import App, CfnResource
from aws_cdk.aws_sqs import CfnQueue
from constructs import Construct, IConstruct

from app import build
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from examples.dev import DEV
from tests.stacks.fleet import fleet_plans
from tools.synthesis import settings, synthesize

pytestmark = pytest.mark.thorough


def test_every_kind_of_cluster_passes_all_rules(plans: tuple[Plan, ...], tmp_path: Path) -> None:
    synthesize([*plans, *fleet_plans().values()], tmp_path, validate=True)
    report = json.loads((tmp_path / "validation-report.json").read_text(encoding="utf-8"))
    found = {each["pluginName"]: each["conclusion"] for each in report["pluginReports"]}
    assert found == dict.fromkeys(("CloudFormation Validate", "AwsSolutions", "NIST.800.53.R5"), "success")


def _open_to_the_world(stage: IConstruct) -> None:
    cluster = cast("CfnResource", stage.node.find_child("cluster").node.find_child("Cluster"))
    cluster.add_property_override("ResourcesVpcConfig.PublicAccessCidrs", ["0.0.0.0/0"])


def _unknown_property(stage: IConstruct) -> None:
    cluster = cast("CfnResource", stage.node.find_child("cluster").node.find_child("Cluster"))
    cluster.add_property_override("Nodes", 3)


def _unencrypted_queue(stage: IConstruct) -> None:
    CfnQueue(cast("Construct", stage.node.find_child("addons")), "queue", sqs_managed_sse_enabled=False)


@pytest.mark.parametrize(
    ("break_it", "rule"),
    [(_open_to_the_world, "EKS-ENDPOINT-OPEN"), (_unknown_property, "F3002"), (_unencrypted_queue, "AwsSolutions-SQS")],
    ids=["own rule", "schema", "nag"],
)
def test_a_template_that_breaks_a_rule_fails_the_synth(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, break_it: Callable[[IConstruct], None], rule: str
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "true")
    broken = App(outdir=str(tmp_path), context=settings())
    build(broken, [plan(DEV)])
    break_it(broken.node.find_child("dev"))
    with pytest.raises(RuntimeError, match=rule):
        broken.synth()


def test_cfn_lint_finds_nothing(examples: Path, tmp_path: Path) -> None:
    """In resources that together have each property of each type, and in one whole cluster.

    What it takes is in proportion to the number of resources; `make every-value` looks at all.
    """
    templates = {path: json.loads(path.read_text("utf-8")) for path in sorted(templates_in(examples))}
    resources = [
        (path, id, _ways_of(each)) for path, made in templates.items() for id, each in made["Resources"].items()
    ]
    seen: set[str] = set()
    chosen: dict[Path, list[str]] = defaultdict(list)
    for path, id, ways in sorted(resources, key=lambda each: -len(each[2])):
        if ways - seen:
            seen |= ways
            chosen[path].append(id)
    parts = {
        tmp_path / f"{path.parent.name}-{path.name}": part_of(templates[path], ids) for path, ids in chosen.items()
    }
    assert _every_way(parts.values()) == _every_way(templates.values())
    for path, part in parts.items():
        path.write_text(json.dumps(part), encoding="utf-8")
    assert cfn_lint([*(path for path in templates if path.parent.name == "assembly-managed"), *parts]) == (0, "")


def _every_way(templates: Iterable[Any]) -> set[str]:
    return {way for template in templates for each in template["Resources"].values() for way in _ways_of(each)}


def part_of(template: Any, ids: Iterable[str]) -> Any:
    """These resources of it, what they refer to, and nothing else."""
    kept: dict[str, Any] = {}
    waiting = list(ids)
    while waiting:
        id = waiting.pop()
        if id not in kept:
            kept[id] = template["Resources"][id]
            waiting += _words(kept[id]) & template["Resources"].keys()
    made: dict[str, Any] = {"Resources": kept}
    for section in ("Conditions", "Parameters"):  # which conditions name as well
        named = {name: each for name, each in template.get(section, {}).items() if name in _words(made)}
        made |= {section: named} if named else {}
    return made


def _words(data: object) -> set[str]:
    return set(re.findall(r"\w+", json.dumps(data)))


def _ways_of(resource: Any) -> set[str]:
    return {resource["Type"] + way for way in _ways(resource)}


def _ways(data: object, way: str = "") -> Iterator[str]:
    yield way
    for key, item in data.items() if isinstance(data, dict) else ():
        yield from _ways(item, f"{way}/{key}")
    for item in data if isinstance(data, list) else ():
        yield from _ways(item, f"{way}/*")


def templates_in(assembly: Path) -> list[Path]:
    """The files of its templates. The CLI never sends one without resources."""
    files = assembly.glob("assembly-*/*.template.json")
    return [path for path in files if '"Resources"' in path.read_text("utf-8")]


def cfn_lint(templates: Sequence[Path]) -> tuple[int, str]:
    """W3005 and W3010 are the CDK's way (DependsOn beside a reference, zones written out), I1022 a matter of taste."""
    command = [str(Path(sys.prefix) / "bin" / "cfn-lint"), "--ignore-checks", "W3005", "W3010", "I1022", "--"]
    done = subprocess.run((*command, *map(str, templates)), capture_output=True, text=True, timeout=170, check=False)
    return done.returncode, done.stdout
