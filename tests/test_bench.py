"""What makes synthesis quick changes nothing else, and what it is measured against does the same work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench.__main__ import met
from bench.contest import different, prepared
from bench.review import CLUSTERS, project

pytestmark = pytest.mark.thorough


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


def test_the_peer_takes_turns_with_what_make_synth_does(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    asked: list[list[str]] = []
    before: dict[str, list[str]] = {}

    def timed(command: Sequence[str], environment: Mapping[str, str] | None = None) -> float:
        asked.append([*command])
        if "peer.js" in command[1]:
            return 2.0
        assert environment
        if "--no-cache" in command:
            return 1.5
        clusters = [path.read_text(encoding="utf-8") for path in Path(environment["BLUEPRINTS"]).iterdir()]
        same = before.get(environment["BLUEPRINTS"]) == clusters
        before[environment["BLUEPRINTS"]] = clusters
        return 0.1 if same else 1.0

    monkeypatch.setattr(bench, "timed", timed)
    monkeypatch.setattr(bench, "TICK_SECONDS", 0)
    heads, *rows = bench.peer_table(Path("peer"), tmp_path, quick=False)
    assert [row.split() for row in rows] == [
        ["1", "2.00", "0.75", "≤", "1.1", "pass", "0.05", "≤", "0.3", "pass", "0.50"],
        ["10", "2.00", "0.75", "0.05", "0.50"],
        [*("50", "2.00", "0.75", "≤", "0.7", "miss", "0.05", "≤", "0.07", "pass", "0.50", "≤", "0.1", "miss")],
    ]
    assert "times the peer" in heads
    assert len(asked) == 3 * (2 + 3 * 6)
    its = next(command for command in asked if "peer.js" in command[1])
    assert (Path(its[1]).parent, its[2:4]) == (Path(bench.__file__).parent, ["peer", "1"])
    assert Path(its[1]).exists()
    assert len(list(bench.peer_table(Path("peer"), tmp_path / "again", quick=True))) == 3


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
