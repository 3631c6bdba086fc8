"""`make review` in a copy of this project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.tools.review.support import changing, cluster, fleet
from tests.tools.revision.project import edit
from tools.commands.review import write
from tools.outputs import MARK
from tools.review.dangers import Danger
from tools.review.report import as_json


@pytest.fixture
def project(tmp_path: Path, root: Path, first_copy: Path) -> Path:
    """A repository with one commit."""
    copy = Path(shutil.copytree(first_copy, tmp_path / "project", symlinks=True))
    (copy / "node_modules").symlink_to(root / "node_modules")
    return copy


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = (sys.executable, "-m", "tools", "review", "--base", "HEAD", *arguments)
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False)


@pytest.mark.thorough
def test_a_change_from_end_to_end(project: Path, tmp_path: Path) -> None:
    edit(project / "examples" / "dev.py", "203.0.113.0/24", "203.0.112.0/23")
    out = tmp_path / "out"
    done = run(project, "--out", str(out), "--charts", str(tmp_path), "--link", "https://ci.example.com/1")
    assert (done.returncode, done.stderr) == (0, "Synthesizing dev of both revisions\n")
    assert "0 deleted, 0 replaced, 1 changed, 1 danger in 1 of 3 clusters" in done.stdout
    text = (out / "review.md").read_text(encoding="utf-8")
    assert "answers 203.0.112.0/23 on the internet" in text
    assert "prod, prod-eu" in text
    assert "Not compared" not in text
    html = (out / "review.html").read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>")
    assert "opens-endpoint" in html
    written = (out / "review.json").read_text(encoding="utf-8")
    found = json.loads(written)
    assert (found["touched"], found["untouched"]) == (["dev"], ["prod", "prod-eu"])
    assert [(each["rule"], each["cluster"]) for each in found["dangers"]] == [("opens-endpoint", "dev")]
    edit(project / "examples" / "dev.py", "203.0.112.0/23", "203.0.113.0/24")
    printed = run(project, "--out", str(out), "--charts", str(tmp_path), "--json").stdout
    assert printed == (out / "review.json").read_text(encoding="utf-8") != written


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("--base", "nobody"), 2, "BASE=nobody is no commit of this repository"),
        (("--prices", "none.toml"), 1, "none.toml\n    value  [Errno 2] No such file"),
    ],
)
def test_mistakes_of_the_caller_leave_nothing(
    project: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    done = run(project, *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert not (project / "review").exists()


@pytest.mark.thorough
def test_mistakes_of_a_revision_leave_no_review_of_another_change(project: Path) -> None:
    (project / "review").mkdir()
    (project / "review" / MARK).write_text("make review wrote this folder, and writes it anew.\n", encoding="utf-8")
    write(project / "review", {"review.md": "old"})
    edit(project / "examples" / "dev.py", "min=3, max=5", "min=5, max=4")
    done = run(project)
    assert done.returncode == 2
    assert "examples/dev.py: DEV.compute[0]" in done.stderr
    assert [*(project / "review").iterdir()] == []


def test_files_are_replaced_as_a_whole(tmp_path: Path) -> None:
    write(tmp_path / "a" / "b", {"x": "old"})
    write(tmp_path / "a" / "b", {"x": "new", "y": "other"})
    assert {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "a" / "b").iterdir()} == {
        "x": "new",
        "y": "other",
    }
    with pytest.raises(UnicodeEncodeError):
        write(tmp_path / "a" / "b", {"x": "\ud800"})
    assert {path.name for path in (tmp_path / "a" / "b").iterdir()} == {"x", "y"}


def test_what_programs_read() -> None:
    danger = Danger("deletes-state", "dev", "cluster", "Id", "Path", "Type", "what", "why", "fix")
    assert as_json(changing(cluster(), cluster(version="1.37")), (danger,)) == {
        "base": "0123456789ab",
        "dangers": [
            {
                "rule": "deletes-state",
                "cluster": "dev",
                "stack": "cluster",
                "id": "Id",
                "path": "Path",
                "type": "Type",
                "what": "what",
                "why": "why",
                "fix": "fix",
            }
        ],
        "touched": ["dev"],
        "untouched": [],
        "counts": {"delete": 0, "replace": 0, "may-replace": 0, "orphan": 0, "update": 0, "create": 0},
    }
    assert as_json(fleet(untouched=("a",)), ())["untouched"] == ["a"]
