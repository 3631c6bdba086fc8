"""What a long command says of itself."""

from __future__ import annotations

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools import progress
from tools.progress import Progress


class Terminal(io.StringIO):
    """Standard error as a person sees it."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """States come without waiting."""
    for name in ("SILENT_SECONDS", "_ON_TERMINAL", "_ELSEWHERE"):
        monkeypatch.setattr(progress, name, 0.01)


def shown(stream: io.StringIO, monkeypatch: pytest.MonkeyPatch) -> str:
    """What stands there after three states."""
    monkeypatch.setattr(sys, "stderr", stream)
    states: list[str] = []

    def state() -> str:
        states.append(f"{len(states)} of 9" + " and so on" * 20)
        return states[-1]

    with Progress(state):
        deadline = time.monotonic() + 60
        while len(states) < 3 and time.monotonic() < deadline:
            time.sleep(0.01)
    return stream.getvalue()


@pytest.mark.usefixtures("soon")
def test_on_a_terminal_a_line_is_written_over_and_gone_at_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(Terminal(), monkeypatch)
    assert "\n" not in found
    first, second, *_, last = found.split("\r\033[K")[1:]
    assert (first[:6], second[:6], last) == ("0 of 9", "1 of 9", "")
    assert len(first) < 100


@pytest.mark.usefixtures("soon")
def test_in_a_log_lines_are_plain(monkeypatch: pytest.MonkeyPatch) -> None:
    found = shown(io.StringIO(), monkeypatch)
    assert [line[:6] for line in found.splitlines()][:2] == ["0 of 9", "1 of 9"]
    assert not {"\r", "\033"} & {*found}


def test_what_is_short_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress(lambda: "state"):
        pass
    assert capsys.readouterr() == ("", "")


@pytest.mark.thorough
def test_synthesis_counts_clusters_built_and_written(tmp_path: Path, root: Path) -> None:
    """In a process of its own, since the CDK answers only when a cluster is done."""
    code = """
import sys
from pathlib import Path
from blueprint.planning.planner import plan
from examples.bare import BARE
from dataclasses import replace
from tools import progress
progress.SILENT_SECONDS = progress._ELSEWHERE = 0.02
from tools.synthesis import synthesize
synthesize([plan(replace(BARE, name=f"bare-{n}")) for n in range(3)], Path(sys.argv[1]), validate=False, progress=True)
"""
    command = [sys.executable, "-c", code, str(tmp_path / "out")]
    told = subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stderr
    lines = [line for line in told.splitlines() if line.endswith("of 3 clusters")]
    assert lines[0] == "0 built of 3 clusters"
    assert {line.split()[1] for line in lines} == {"built", "written"}
    counts = [(line.split()[1], int(line.split()[0])) for line in lines]
    assert counts == sorted(counts)
