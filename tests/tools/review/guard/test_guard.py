"""The command line, on a copy of this project."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.tools.revision.project import edit, git
from tools.__main__ import main
from tools.commands import guard
from tools.revision.revisions import default_base

pytestmark = pytest.mark.thorough

NODES = "ComputesystemNodesE27650BE"


@pytest.fixture(autouse=True)
def _here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "ROOT", project)


def test_refuses_and_tells(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git(project, "switch", "--quiet", "--create", "branch")
    edit(project / "examples" / "dev.py", '"m7g.large", "m6g.large", ', '"m7g.large", ')
    edit(project / "examples" / "dev.py", "log_retention_days=30", "log_retention_days=14")
    assert main(["guard", "--json", "--allow", "Node"]) == 1
    out, err = capsys.readouterr()
    found = json.loads(out)
    assert found["clusters"] == ["dev"]
    assert [(each["rule"], each["path"], each["id"]) for each in found["refused"]] == [
        ("replaces-state", "Compute/system/Nodes", NODES)
    ]
    assert {(each["rule"], each["path"]) for each in found["told"]} == {
        ("removes-protection", "FlowLogs"),
        ("removes-protection", "Kubectl/Handler/LogGroup"),
        ("removes-protection", "Kubectl/Provider/framework-onEvent/LogGroup"),
        ("removes-protection", "Logs"),
    }
    assert "Synthesizing dev of both revisions" in err
    assert "ALLOW='Node' accepts nothing" in err


def test_nothing_refused(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(project / "examples" / "dev.py", "DEV = Blueprint(", "# A remark\nDEV = Blueprint(")
    assert main(["guard", "--base", "HEAD", "--allow", NODES]) == 2
    out, err = capsys.readouterr()
    assert out.startswith("No cluster differs since ")
    assert f"ALLOW='{NODES}' accepts nothing" in err


def test_what_cannot_be_compared(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["guard", "--base", "nobody"]) == 2
    assert "BASE=nobody is no commit" in capsys.readouterr().err
    edit(project / "examples" / "dev.py", "min=3, max=5", "min=5, max=4")
    assert main(["guard"]) == 2
    out, err = capsys.readouterr()
    assert (out, "DEV.compute[0]" in err) == ("", True)


def test_the_base_is_where_a_change_goes(project: Path) -> None:
    assert default_base(project) == "main"
    git(project, "update-ref", "refs/remotes/origin/main", "main")
    assert default_base(project) == "origin/main"
