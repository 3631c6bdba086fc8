"""What makes synthesis quick changes nothing else, and what it is measured against does the same work."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from jsii import _type_checking
from jsii._kernel.providers.process import _NodeProcess

from bench import __main__ as bench
from bench.__main__ import met
from bench.contest import different, prepared
from bench.review import CLUSTERS, project
from tools.jsii_start import TESTED, quicken
from tools.outputs import MARK

pytestmark = pytest.mark.thorough

_PLAIN = """
from pathlib import Path
from app import CLUSTERS
from blueprint.inventory import planned
from tools.synthesis import synthesize
synthesize(planned(CLUSTERS, ["dev"]), Path("cdk.out"), validate=False)
"""


@pytest.fixture
def _restored(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Jsii and the garbage collector are as before."""
    monkeypatch.setattr(_NodeProcess, "start", _NodeProcess.start)
    monkeypatch.setattr(_type_checking, "_resolved_check", _type_checking._resolved_check)
    yield
    gc.enable()


def test_a_quick_run_writes_the_same_bytes(tmp_path: Path, root: Path) -> None:
    found = []
    for name, command in (("plain", ("-c", _PLAIN)), ("quick", ("-m", "tools", "synth", "dev"))):
        folder = tmp_path / name
        folder.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(root)}
        subprocess.run([sys.executable, *command], cwd=folder, env=environment, timeout=120, check=True)
        files = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != MARK)
        found.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    plain, quick = found
    assert plain.keys() == quick.keys()
    assert [name for name in plain if plain[name] != quick[name]] == []
    assert any(name.endswith(".template.json") for name in plain)


@pytest.mark.usefixtures("_restored")
def test_the_cache_heals_and_runs_may_share_it(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with ThreadPoolExecutor(8) as runs:
        list(runs.map(quicken, [cache] * 8))
    files = {path.name: path.read_bytes() for path in cache.iterdir()}
    assert sorted(files) == ["program.js", "runtime-index-worker.js"]
    (cache / "program.js").write_text("of another version", encoding="utf-8")
    (cache / "runtime-index-worker.js").unlink()
    quicken(cache)
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == files


@pytest.mark.usefixtures("_restored")
def test_without_a_cache_jsii_starts_by_itself(tmp_path: Path) -> None:
    start = _NodeProcess.start
    (tmp_path / "file").touch()
    quicken(tmp_path / "file" / "cache")
    assert _NodeProcess.start is start


def test_the_floor_does_the_same_work(tmp_path: Path) -> None:
    contest = prepared(1, tmp_path / "contest")  # raises when the two assemblies differ
    assert contest.resources > 50
    assert contest.python_peak > contest.floor_peak > 0


def test_other_work_is_seen(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, text in ((one, "1"), (other, "2")):
        folder.mkdir()
        (folder / "same.json").write_text("{}", encoding="utf-8")
        (folder / "changed.template.json").write_text(text, encoding="utf-8")
        (folder / "a.metadata.json").write_text(f'{{"trace": ["at {text}"]}}', encoding="utf-8")
    (other / "added.json").write_text("{}", encoding="utf-8")
    assert different(one, other) == ["added.json", "changed.template.json"]


def test_the_fleet_whose_review_is_measured(tmp_path: Path) -> None:
    project(tmp_path / "fleet")
    environment = {name: value for name, value in os.environ.items() if name != "BLUEPRINTS"}
    command = (sys.executable, "-m", "tools", "plan", "--json")
    done = subprocess.run(command, cwd=tmp_path / "fleet", env=environment, capture_output=True, text=True, check=True)
    assert len(json.loads(done.stdout)) == CLUSTERS


def test_a_goal_that_is_missed_is_said() -> None:
    assert [met(1.9, 1.9), met(1.95, 1.9), met(1, None)] == ["≤ 1.9 pass", "≤ 1.9 miss", ""]


def test_the_locked_jsii_is_the_one_that_was_looked_at(root: Path) -> None:
    """After an upgrade: read jsii's launcher and kernel provider again, then write the version down."""
    locked = (root / "requirements.txt").read_text(encoding="utf-8")
    assert f"\njsii=={TESTED} " in locked


def test_the_peer_takes_turns_with_what_make_synth_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def timed(command: Sequence[str]) -> float:
        asked.append([*command])
        if "peer.js" in command[1]:
            return 2.0
        return 1.0 if "--changed" in command else 0.1 if "--store" in command else 1.5

    monkeypatch.setattr(bench, "timed", timed)
    heads, *rows = bench.peer_table(Path("peer"), tmp_path, quick=False)
    assert [row.split() for row in rows] == [
        ["1", "2.00", "0.75", "≤", "1.1", "pass", "0.05", "≤", "0.3", "pass", "0.50"],
        ["10", "2.00", "0.75", "0.05", "0.50"],
        [*("50", "2.00", "0.75", "≤", "0.7", "miss", "0.05", "≤", "0.07", "pass", "0.50", "≤", "0.1", "miss")],
    ]
    assert "times the peer" in heads
    assert len(asked) == 3 * (3 + 3 * 4)
    assert (Path(asked[0][1]).parent, asked[0][2:4]) == (Path(bench.__file__).parent, ["peer", "1"])
    assert Path(asked[0][1]).exists()
    assert len(list(bench.peer_table(Path("peer"), tmp_path, quick=True))) == 3


def test_plans_of_the_bench_are_sound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its clusters are made of examples, and change with these."""
    monkeypatch.setattr(bench, "planning_fleet", lambda: 1.0)
    lines = list(bench.plan_table())
    assert [line.split(",")[0].split(" each")[0] for line in lines[1:5]] == [
        "20 add-ons",
        "20 add-ons",
        "12 add-ons",
        "of 40 add-ons",
    ]
