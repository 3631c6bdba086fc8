"""`make plan-upgrade`, as its user meets it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from syrupy.assertion import SnapshotAssertion

from blueprint.contribution import Release
from tests.tools.snapshots import Markdown
from tools.__main__ import main
from tools.charts.results import Outcome, Unreachable
from tools.commands import plan_upgrade
from tools.upgrade.render import as_json


def unreachable(releases: Sequence[Release], _: str, source: str | None) -> list[Outcome]:
    return [Unreachable("charts.example.com:443 cannot be reached")] * len(releases)


@pytest.fixture
def no_charts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plan_upgrade, "_render", unreachable)


@pytest.mark.usefixtures("no_charts")
def test_prod(snapshot: SnapshotAssertion, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-upgrade", "prod", "--to", "1.36"]) == 0
    assert capsys.readouterr().out == snapshot(extension_class=Markdown)


@pytest.mark.usefixtures("no_charts")
def test_who_shares_the_value_moves_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-upgrade", "prod-eu", "--to", "1.36", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert (made["file"], made["shared_with"]) == ("clusters/prod_eu.py", ["prod"])
    assert main(["plan-upgrade", "prod", "--to", "1.36", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["shared_with"] == ["prod-eu"]


@pytest.mark.usefixtures("no_charts")
def test_json_has_all_but_the_blueprints(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-upgrade", "prod", "--to", "1.36", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    first, second = made["minors"][0]["steps"]
    assert first["edits"][0] == {"field": "cluster.version", "now": '"1.35"', "then": '"1.36"', "of": ""}
    assert second["title"] == "Nodes to 1.36"
    assert "blueprint" not in first
    assert as_json({"a": (1, None)}) == {"a": [1, None]}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nope", "--to", "1.36"], ("CLUSTER", "nope", "prod, prod-eu, ")),
        (["--to", "1.36"], ("CLUSTER", "<none>", "CLUSTER=prod TO=1.36")),
        (["dev", "prod", "--to", "1.36"], ("CLUSTER", "dev, prod", "one cluster")),
        (["prod"], ("TO", "''", "that EKS offers")),
        (["prod", "--to", "1.34"], ("TO", "'1.34'", "within seven days")),
    ],
)
def test_mistakes_are_reported(
    arguments: list[str], words: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["plan-upgrade", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert all(word in err for word in words)


def test_charts_come_from_the_folder_that_charts_names(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan-upgrade", "prod", "--to", "1.36", "--charts", str(tmp_path)]) == 0
    out, err = capsys.readouterr()
    assert f"not checked: {tmp_path} holds neither argo-cd-" in out
    assert "Rendering 6 charts on Kubernetes 1.36" in err


@pytest.mark.thorough
def test_needs_no_cdk(root: Path) -> None:
    code = """
import sys
from tools.__main__ import main
assert main(["plan-upgrade", "prod", "--to", "1.36"]) == 0
assert not {"aws_cdk", "jsii", "stacks"} & set(sys.modules)
"""
    ran = subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=60, capture_output=True, text=True)
    assert ran.stdout.startswith("# Upgrade `prod` from 1.35 to 1.36\n")
