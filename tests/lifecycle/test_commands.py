"""`make local` and `make local-destroy`, and what becomes of them when something dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tools.local import commands, process
from tools.local.cdk import Result
from tools.local.errors import LocalError
from tools.local.process import Emulator

_PROTECTED = "from tests.lifecycle.cluster import PROTECTED as LAB\n"
_HOLDER = """
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # which a job in the background starts without
from pathlib import Path
from tools.local import commands
commands.CLUSTERS = Path(sys.argv[2])
sys.path.insert(0, str(commands.CLUSTERS.parent))
from tools.__main__ import main
from tools.commands import local
local.FOLDER = Path(sys.argv[1])
sys.exit(main(["local", "lab"]))
"""
_GUARD = """
import shutil, sys
from pathlib import Path
from tools.local import process
sys.stdin.read()
if state := process.load(Path(sys.argv[1], "run")):
    state.emulator.stop()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an inventory of one cluster, `fleet`, and room for a `run`.

    An emulator that may outlive its command would outlive these tests too, if they are killed. So another process waits
    for their end and removes it.
    """
    folder = Path(tempfile.mkdtemp(prefix="eks-lifecycle-"))
    with subprocess.Popen(
        [sys.executable, "-c", _GUARD, str(folder)], cwd=process.ROOT, stdin=subprocess.PIPE, start_new_session=True
    ):
        (folder / "fleet").mkdir()
        (folder / "fleet" / "lab.py").write_text(_PROTECTED, encoding="utf-8")
        monkeypatch.setattr(commands, "CLUSTERS", folder / "fleet")
        monkeypatch.syspath_prepend(str(folder))
        monkeypatch.delitem(sys.modules, "fleet", raising=False)
        monkeypatch.delitem(sys.modules, "fleet.lab", raising=False)
        yield folder
    assert not folder.exists()


def deploy(folder: Path) -> str:
    return commands.deploy(folder, "lab", port=None, charts=None, as_json=False)


def processes(of: Path) -> list[str]:
    """The command lines of all processes that name the folder."""
    listed = subprocess.run(["ps", "-axww", "-o", "command="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(of) in line and "pytest" not in line]


def soon(condition: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.1)
    return False


def test_a_protected_cluster_is_deployed_updated_and_removed(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = place / "run"
    shown = deploy(run)
    assert "deletion protection on" in shown
    assert "podinfo 6.9.2 (only recorded: its chart is not at hand)" in shown
    first = process.load(run)
    assert first
    # In this process nothing holds it any more: the command has ended.
    assert first.emulator.alive()
    assert "make local-destroy removes it." in deploy(run)
    assert process.load(run) == first
    assert capsys.readouterr().err.count("Starting the emulator") == 1
    answer = commands.destroy(run, [], keep=False)
    assert "lab is protected against deletion" in capsys.readouterr().err
    assert "lab is gone" in answer
    assert "The emulator has ended" in answer
    assert not run.exists()
    assert processes(run) == []


def test_a_protected_cluster_whose_addons_fail_can_be_removed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Protection is turned off without another deploy of what fails."""
    run = place / "run"
    check = commands._check

    def failing(result: Result, emulator: Emulator, command: str) -> None:
        if command == "cdk bootstrap":
            emulator.post("fail-next?account=111111111111&type=Custom::AWSCDK-EKS-HelmChart&operation=create")
        check(result, emulator, command)

    monkeypatch.setattr(commands, "_check", failing)
    with pytest.raises(LocalError, match="fails because a test asked for it"):
        deploy(run)
    state = process.load(run)
    assert state
    state.emulator.post("fail-next?account=111111111111&type=Custom::AWSCDK-EKS-HelmChart&operation=create")
    assert "lab is gone" in commands.destroy(run, [], keep=False)
    assert not run.exists()


def test_an_emulator_ends_by_force_whatever_is_in_it(place: Path) -> None:
    run = place / "run"
    with commands._alone(run):  # as each command begins: it marks the folder
        started = process.start(run)
    process.State(started.emulator, {"lab": process.Deployed("lab", "111111111111", "us-west-2")}).save()
    started.stay()
    assert "No stack was destroyed" in commands.destroy(run, [], keep=False, force=True)
    started.process.wait(timeout=15)
    assert not run.exists()


def test_an_emulator_that_died_is_recognised(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = place / "run"
    with commands._alone(run):  # as each command begins: it marks the folder
        started = process.start(run)
    process.State(started.emulator, {"lab": process.Deployed("lab", "111111111111", "us-west-2")}).save()
    started.stay()
    os.kill(started.emulator.pid, signal.SIGKILL)
    started.process.wait()
    assert "nothing to remove" in commands.destroy(run, [], keep=False)
    assert "is gone, with all that was in it" in capsys.readouterr().err


def test_an_emulator_that_dies_during_a_command_is_named(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = place / "run"
    say = commands._say

    def killing(text: str) -> None:
        say(text)
        state = process.load(run)
        if text.startswith("Bootstrapping") and state:
            os.kill(state.emulator.pid, signal.SIGKILL)

    monkeypatch.setattr(commands, "_say", killing)
    with pytest.raises(LocalError, match=r"The emulator died during cdk bootstrap\. Its log ends with:"):
        deploy(run)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_interrupted_run_leaves_no_process_and_no_file(place: Path, ending: signal.Signals) -> None:
    run = place / "run"
    command = [sys.executable, "-c", _HOLDER, str(run), str(place / "fleet")]
    with subprocess.Popen(command, cwd=process.ROOT, stderr=subprocess.PIPE, text=True) as holder:
        assert holder.stderr
        # Interrupted while the CLI is at work.
        for line in holder.stderr:
            if line.startswith("Bootstrapping"):
                break
        assert soon(lambda: any("tools.local.leash" in line for line in processes(run)))
        holder.send_signal(ending)
        said = holder.stderr.read()
    assert holder.returncode == (130 if ending != signal.SIGKILL else -signal.SIGKILL)
    assert ("Interrupted." in said) == (ending != signal.SIGKILL)
    assert soon(lambda: processes(run) == []), processes(run)
    assert soon(lambda: not run.exists()), list(run.rglob("*"))
