"""`make plan`: documents of the clusters of this project."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.file import documents, dumped
from tools.__main__ import main


def test_writes_the_plan_of_each_cluster_and_removes_those_of_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    plans = {plan.facts.name: dumped(plan) for plan in planned(CLUSTERS)}
    one = next(iter(plans))
    assert main(["plan", one, "--output", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"{tmp_path / one}.plan.json\n"
    (tmp_path / "gone.plan.json").write_text('{\n "schema": 0\n}\n', encoding="utf-8")
    assert main(["plan", one, "--output", str(tmp_path)]) == 0
    assert set(documents(tmp_path)) == {"gone", one}
    assert main(["plan", "--output", str(tmp_path)]) == 0
    assert documents(tmp_path) == plans


def test_a_mistake_leaves_what_was_there(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "nobody", "--output", str(tmp_path / "plans")]) == 1
    assert "nobody" in capsys.readouterr().err
    assert not (tmp_path / "plans").exists()


def test_needs_no_cdk(root: Path, tmp_path: Path) -> None:
    code = f"""
import sys
from tools.__main__ import main
assert main(["plan", "dev", "--output", {str(tmp_path)!r}]) == 0
assert not {{"aws_cdk", "jsii", "stacks", "boto3"}} & set(sys.modules)
"""
    subprocess.run([sys.executable, "-c", code], cwd=root, check=True, timeout=60)
