"""`make synth` on a copy of the project whose clusters have mistakes."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app import ROOT

pytestmark = pytest.mark.thorough
SOURCES = ("addons", "blueprint", "examples", "facts", "stacks", "teams", "tools", "app.py", "cdk.json")
SAID = "a mistake is reported before aws_cdk is imported"
TRAP = f"""
import sys
sys.exit(None if "tools.apart" in sys.orig_argv else {SAID!r})  # processes that get ready meanwhile import it
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The project's sources, what an earlier run left in cdk.out, and an aws_cdk that must not be imported."""
    for name in SOURCES:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name)
        else:
            shutil.copy(ROOT / name, tmp_path / name)
    for path in ("manifest.json", "assembly-dev/dev.template.json", "asset.0123456789/index.py"):
        (tmp_path / "cdk.out" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "cdk.out" / path).write_text("stale", encoding="utf-8")
    (tmp_path / "aws_cdk.py").write_text(TRAP, encoding="utf-8")
    return tmp_path


def synth(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools", "synth", *arguments]
    return subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, timeout=60)


def test_mistakes_of_all_clusters_end_the_run_with_a_report(project: Path) -> None:
    (project / "examples" / "broken.py").write_text("BROKEN = Blueprint()\n", encoding="utf-8")
    (project / "examples" / "another.py").write_text(
        "from blueprint import Blueprint\nANOTHER = Blueprint(name='another', nmae='x')\n", encoding="utf-8"
    )
    run = synth(project)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("7 problems; nothing was synthesized.\n\nexamples/another.py: ANOTHER.nmae\n")
    assert "examples/broken.py:1\n    value  NameError: " in run.stderr
    assert "Traceback" not in run.stderr
    assert list((project / "cdk.out").iterdir()) == []


def test_a_cluster_that_does_not_exist(project: Path) -> None:
    run = synth(project, "unknown")
    assert (run.returncode, run.stdout) == (1, "")
    assert "CLUSTER\n    value  'unknown'\n" in run.stderr
    assert "write one of " in run.stderr
    assert "prod, prod-eu, " in run.stderr
    assert list((project / "cdk.out").iterdir()) == []


def test_a_good_cluster_beside_a_broken_one_goes_on_to_the_cdk(project: Path) -> None:
    """The counterpart: what stops the runs above is the report."""
    (project / "examples" / "broken.py").write_text("BROKEN = Blueprint()\n", encoding="utf-8")
    run = synth(project, "dev")
    assert run.returncode == 1
    assert run.stderr.endswith(f"{SAID}\n")
