"""`make pipelines`: files are written, compared and removed, and nobody's own is overwritten."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from app import ROOT
from blueprint.inventory import planned_fleet
from tests.tools.pipelines.jobs import pins
from tools.__main__ import main
from tools.commands import pipelines as command
from tools.status import Status

FILES = [".github/workflows/deploy.yml", ".github/workflows/drift.yml", ".gitlab/deploy.yml"]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """With the workflows that pin actions, under another name."""
    pins(tmp_path)
    fleet = planned_fleet(ROOT / "examples" / "fleet")
    monkeypatch.setattr(command, "planned_fleet", lambda _: fleet)
    pages = command.pages_of
    monkeypatch.setattr(command, "pages_of", lambda clusters: pages(clusters, tmp_path))
    return tmp_path


def there(project: Path) -> list[str]:
    found = (path.relative_to(project).as_posix() for path in project.rglob("*.yml"))
    return sorted(name for name in found if "pins" not in name)


def test_files_are_written_and_compared(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["pipelines", "--check"]) == Status.REFUSED
    assert there(project) == []
    assert main(["pipelines"]) == Status.DONE
    assert there(project) == FILES
    assert main(["pipelines", "--check"]) == Status.DONE
    (project / FILES[1]).write_text("# Written by hand\n")
    capsys.readouterr()
    assert main(["pipelines", "--check", "--json"]) == Status.REFUSED
    assert [*json.loads(capsys.readouterr().out).values()] == ["is out of date"]
    assert main(["pipelines"]) == Status.FAILED, "it is somebody's own by now"


def test_what_is_of_no_pipeline_goes(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert main(["pipelines"]) == Status.DONE
    fleet = planned_fleet(ROOT / "examples" / "fleet")
    only = replace(fleet, pipelines=fleet.pipelines[:1])
    monkeypatch.setattr(command, "planned_fleet", lambda _: only)
    assert main(["pipelines"]) == Status.DONE
    assert there(project) == FILES[:2]
