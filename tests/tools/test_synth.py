"""`make synth`, as its user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint import NewNetwork
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from examples.auto import AUTO
from examples.dev import DEV
from examples.existing_vpc import EXISTING_VPC
from tools import apart, workers
from tools.__main__ import main
from tools.assembly import read
from tools.commands import synth
from tools.commands.synth import _names, as_text
from tools.status import FindingsError
from tools.synthesis import synthesize
from tools.unchanged import CommandRun


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the command is run."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_ends_with_a_table(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "dev", "prod-eu"]) == 0
    out, err = capsys.readouterr()
    head, dev, prod_eu = out.splitlines()
    assert head.split("  ")[0] == "cluster"
    assert dev.split() == [
        *("dev", "111111111111", "us-west-2", "1.36"),
        *("network", "46,", "cluster", "32,", "addons", "28,", "teams", "3", "12", "2"),
    ]
    assert prod_eu.split()[:4] == ["prod-eu", "222222222222", "eu-west-1", "1.35"]
    assert err.startswith("Synthesizing dev, prod-eu into cdk.out/\n")
    assert sorted(path.name for path in (folder / "cdk.out").glob("assembly-*")) == ["assembly-dev", "assembly-prod-eu"]


def test_the_last_line_is_a_sum(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "bare", "--json"]) == 0
    out, err = capsys.readouterr()
    resources = json.loads(out)[0]["resources"]
    last = err.splitlines()[-1]
    assert last.startswith(f"1 cluster, {len(resources)} stacks, {sum(resources.values())} resources in ")


def test_of_many_clusters_the_first_line_says_how_many() -> None:
    made = plan(AUTO)
    assert _names([made] * 10) == ", ".join(["auto"] * 10)
    assert _names([made] * 11) == "11 clusters"


def test_many_clusters_are_those_that_several_processes_synthesize(monkeypatch: pytest.MonkeyPatch, root: Path) -> None:
    assert synth.MANY == 2 * workers.WORTH
    assert synth._clusters(["dev", "prod"]) == 2
    monkeypatch.setenv("BLUEPRINTS", "examples")
    assert synth._clusters([]) == len([*(root / "examples").glob("*.py")])
    monkeypatch.delenv("BLUEPRINTS")
    assert synth._clusters([]) == len([*(root / "clusters").glob("*.py")])


def test_where_only_files_of_clusters_have_changed_those_are_likely_to_be_synthesized(
    monkeypatch: pytest.MonkeyPatch, root: Path, tmp_path: Path
) -> None:
    monkeypatch.setenv("BLUEPRINTS", "examples")
    run, folder = CommandRun((), tmp_path), root / "examples"
    for changed, count in (
        (None, 20),
        ((), 0),
        ((folder / "dev.py", folder / "prod.py"), 2),
        ((folder, folder / "dev.py"), 2),
        ((folder / "dev.py", root / "addons" / "argo_cd" / "__init__.py"), 20),
        ((folder / "shared" / "teams.py",), 20),
    ):
        run.changed = None if changed is None else frozenset(map(str, changed))
        assert synth._likely(20, run) == count
    run.changed = frozenset(str(folder / f"{name}.py") for name in ("dev", "prod", "bare"))
    assert synth._likely(1, run) == 1
    assert synth._likely(20, None) == 20


def test_the_same_for_programs(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "auto", "--json"]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assembly = read(folder / "cdk.out")["auto"]
    assert (found["cluster"], found["account"], found["region"]) == ("auto", AUTO.account, AUTO.region)
    assert found["resources"] == {stack.name: len(stack.template["Resources"]) for stack in assembly}
    assert "metrics-server" in found["addons"]
    assert found["skipped"]["vpc-cni"].startswith("Auto Mode brings pod networking")


def test_an_earlier_run_leaves_nothing_behind_but_assets(folder: Path) -> None:
    assert main(["synth", "prod-eu"]) == 0
    assert main(["synth", "dev"]) == 0
    assert [path.name for path in (folder / "cdk.out").glob("assembly-*")] == ["assembly-dev"]
    assert main(["synth", "nobody"]) == 1
    assert list((folder / "cdk.out").iterdir()) == []


def test_an_unknown_cluster_is_told_which_there_are(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["synth", "porduction"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert "porduction" in err
    assert "prod, prod-eu, " in err


def test_one_cluster_imports_no_other(root: Path) -> None:
    """And a report needs no CDK."""
    code = """
import sys
from app import CLUSTERS
from blueprint.inventory import planned
planned(CLUSTERS, ["dev"])
assert "examples.dev" in sys.modules
assert not {"examples.prod", "examples.prod_eu", "aws_cdk", "jsii"} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=30)


def test_what_a_plan_leaves_out_is_said(tmp_path: Path) -> None:
    planned = plan(AUTO)
    synthesize([planned], tmp_path, validate=False)
    assert "auto leaves out vpc-cni: Auto Mode brings pod networking" in as_text([planned], read(tmp_path))


def test_networks_that_can_never_be_connected_are_told_and_no_mistake() -> None:
    def at(name: str, cidr: str) -> Plan:
        return plan(replace(DEV, name=name, network=NewNetwork(cidr=cidr)))

    plans = [at("a", "10.0.0.0/16"), at("b", "10.1.0.0/16"), at("c", "10.0.128.0/17"), at("d", "10.1.0.0/16")]
    text = as_text(plans, {each.facts.name: () for each in plans})
    assert text.splitlines()[5:] == [
        "c has addresses of a (10.0.128.0/17, 10.0.0.0/16): nothing can ever connect their networks",
        "d has addresses of b (10.1.0.0/16, 10.1.0.0/16): nothing can ever connect their networks",
    ]


def test_clusters_in_one_vpc_and_ranges_of_pods_are_not_told() -> None:
    there: Any = EXISTING_VPC.network
    networks = {
        "a": there,
        "b": replace(there, control_plane=()),
        "c": NewNetwork("10.1.0.0/16", pod_cidr="100.64.0.0/16"),
        "d": NewNetwork("10.2.0.0/16", pod_cidr="100.64.0.0/16"),
        "e": replace(there, vpc_id="vpc-00000000"),
    }
    plans = [plan(replace(EXISTING_VPC, name=name, network=each)) for name, each in networks.items()]
    text = as_text(plans, {each.facts.name: () for each in plans})
    assert text.splitlines()[6:] == [
        "e has addresses of a (10.0.0.0/16, 10.0.0.0/16): nothing can ever connect their networks"
    ]


def test_a_finding_fails_without_a_traceback_and_leaves_nothing(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing(*_: object, **__: object) -> None:
        synthesize([plan(DEV)], synth.OUT, validate=False)
        raise FindingsError("dev")

    monkeypatch.setattr(apart, "synthesize_apart", failing)
    assert main(["synth", "--validate", "dev"]) == 1
    assert "dev\n\nThe findings above fail the command; nothing is written." in capsys.readouterr().err
    assert list((folder / "cdk.out").iterdir()) == []


@pytest.mark.parametrize("foreign", ["notes.txt", ".git", "app.py"])
def test_a_folder_with_anything_else_is_left_alone(
    folder: Path, capsys: pytest.CaptureFixture[str], foreign: str
) -> None:
    out = folder / "out"
    out.mkdir()
    for name in (foreign, "manifest.json"):
        (out / name).write_text("mine", encoding="utf-8")
    assert main(["synth", "dev", "--output", str(out)]) == 2
    assert f"{foreign} for example" in capsys.readouterr().err
    assert {path.name: path.read_text(encoding="utf-8") for path in out.iterdir()} == {
        foreign: "mine",
        "manifest.json": "mine",
    }
    assert main(["synth", "dev", "--output", str(out / foreign)]) == 2
