"""What a saved file changes, told at once: whatever is saved, and never from what was there before."""

from __future__ import annotations

import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread

import pytest

from tools.assembly import Stack
from tools.live.turn import MOST, told
from tools.live.warm import forget
from tools.unchanged import files

CODE = ("addons", "app.py", "blueprint", "cdk.json", "facts", "stacks", "teams", "tools")
CLUSTER = """from dataclasses import replace

from examples.bare import BARE

LAB = replace(BARE, name="lab", tags={"size": "small"})
"""


class Live:
    """The command in a project of its own, and the lines that it prints."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.process = subprocess.Popen(
            (sys.executable, "-m", "tools", "live", "lab"),
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "BLUEPRINTS": "clusters"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: SimpleQueue[str] = SimpleQueue()
        Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stdout
        for line in self.process.stdout:
            self._lines.put(line.rstrip("\n"))

    def until(self, words: str) -> list[str]:
        """What it prints up to a line with these words."""
        found: list[str] = []
        while not found or words not in found[-1]:
            try:
                found.append(self._lines.get(timeout=60))
            except Empty:
                raise AssertionError("\n".join(found)) from None
        return found

    def save(self, name: str, before: str, after: str) -> None:
        """As an editor does: another file, renamed."""
        path = self.root / name
        text = path.read_text(encoding="utf-8")
        assert text.count(before) == 1
        new = path.with_suffix(".new")
        new.write_text(text.replace(before, after), encoding="utf-8")
        new.rename(path)


@pytest.fixture
def live(root: Path, tmp_path: Path) -> Iterator[Live]:
    project = tmp_path / "project"
    for name in (*CODE, "examples"):
        if (root / name).is_dir():
            shutil.copytree(root / name, project / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            project.mkdir(exist_ok=True)
            shutil.copy(root / name, project / name)
    (project / "clusters").mkdir()
    (project / "clusters" / "lab.py").write_text(CLUSTER)
    running = Live(project)
    try:
        yield running
    finally:
        if running.process.poll() is None:
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="nothing forks here")
@pytest.mark.thorough
def test_a_day_with_it(live: Live) -> None:
    live.until("lab: synthesized")
    live.until("in ")
    live.save("clusters/lab.py", '"small"', '"large"')
    told = live.until("in ")
    assert any("Tags.size: small -> large" in line for line in told), told
    live.save("clusters/lab.py", '"large"', "3")
    assert any('write it as text: "3"' in line for line in live.until("fix"))
    live.save("clusters/lab.py", "3", '"large"')
    assert "nothing changes" in live.until("in "), "as it was before the mistake"
    # The project's own code: as many bytes, and in the same second as what Python compiled of it.
    code = live.root / "stacks" / "cluster.py"
    live.save("stacks/cluster.py", "Makes kubectl use this", "Makes kubectl use that")
    assert any("use this cluster -> Makes kubectl use that" in line for line in live.until("in "))
    live.save("stacks/cluster.py", "Makes kubectl use that", "Makes kubectl use this")
    assert any("use that cluster -> Makes kubectl use this" in line for line in live.until("in "))
    code.write_text(code.read_text() + "(((")
    live.until("SyntaxError")
    code.write_text(code.read_text().removesuffix("((("))
    assert "nothing changes" in live.until("in ")
    # Nobody can go on with a kernel to which a process spoke that is no more.
    live.save("clusters/lab.py", "LAB =", "import os; os.kill(os.getpid(), 9); LAB =")
    live.until("It ended with -9")
    live.save("clusters/lab.py", "import os; os.kill(os.getpid(), 9); LAB =", "LAB =")
    live.until("lab: synthesized")
    live.until("in ")
    live.process.send_signal(signal.SIGINT)
    assert live.process.wait(30) == 130
    for _ in range(100):  # the kernel ends when nobody speaks to it any more
        try:
            os.killpg(live.process.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.1)
    raise AssertionError("a process is left")


def stack(**properties: object) -> dict[str, tuple[Stack, ...]]:
    resources = {"Id": {"Type": "AWS::X::Y", "Properties": properties}} if properties else {}
    one = Stack(
        cluster="a",
        name="network",
        stack_name="a-network",
        account="1",
        region="r",
        termination_protection=False,
        template={"Resources": resources},
        paths={"Id": "Vpc"},
    )
    return {"a": (one,)}


SAID = "AWS::X::Y  network/Vpc"


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (stack(A=1), stack(A=1), []),
        (stack(), stack(A=1), ["a:", f"  + {SAID}"]),
        (stack(A=1), {}, ["a:", f"  - {SAID}"]),
        (stack(A=1), stack(A=2), ["a:", f"  ~ {SAID}  Properties.A: 1 -> 2"]),
        (stack(A=1), stack(A=1, B={"C": "x"}), ["a:", f"  + {SAID}  Properties.B.C: x"]),
        (
            stack(Tags=[{"Key": "a", "Value": "1"}, {"Key": "c", "Value": "3"}]),
            stack(Tags=[{"Key": "b", "Value": "2"}, {"Key": "c", "Value": "3"}]),
            ["a:", f"  - {SAID}  Properties.Tags.a: 1", f"  + {SAID}  Properties.Tags.b: 2"],
        ),
        (
            stack(Values={"Fn::Join": ["", ['{"vpc": "', {"Ref": "Vpc"}, '", "n": 1}']]}),
            stack(Values={"Fn::Join": ["", ['{"vpc": "', {"Ref": "Vpc"}, '", "n": 2}']]}),
            ["a:", f"  ~ {SAID}  Properties.Values.n: 1 -> 2"],
        ),
        (
            stack(Manifest='[{"kind": "A", "metadata": {"name": "x"}, "n": 1}]'),
            stack(
                Manifest='[{"kind": "B", "metadata": {"name": "y"}}, {"kind": "A", "metadata": {"name": "x"}, "n": 2}]'
            ),
            [
                "a:",
                f"  ~ {SAID}  Properties.Manifest.A/x.n: 1 -> 2",
                f"  + {SAID}  Properties.Manifest.B/y.kind: B",
                f"  + {SAID}  Properties.Manifest.B/y.metadata.name: y",
            ],
        ),
        (stack(A="{not"), stack(A="{json"), ["a:", f"  ~ {SAID}  Properties.A: {{not -> {{json"]),
    ],
)
def test_what_differs_is_said_as_a_person_reads_it(before: object, after: object, expected: list[str]) -> None:
    assert list(told(before, after)) == expected  # type: ignore[arg-type]  # assemblies


def test_what_is_much_is_cut(tmp_path: Path) -> None:
    many = {f"K{number:02}": "x" * 500 for number in range(MOST + 5)}
    _, *lines, last = told(stack(A=1), stack(A=1, **many))
    assert len(lines) == MOST
    assert {len(line) for line in lines} == {160}
    assert last == "  … and 5 more: make review shows all"


def test_which_files_are_looked_at(tmp_path: Path) -> None:
    for name in (
        "a.py",
        "folder/b.yaml",
        "folder/docs/c.yaml",
        ".git/c",
        "node_modules/d.js",
        "cdk.out/e.json",
        "x/__pycache__/f.pyc",
        "g.pyc",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    seen = files(tmp_path)
    assert {Path(name).name for name in seen} == {"a.py", "b.yaml", "c.yaml"}
    os.utime(tmp_path / "a.py", ns=(1, 1))
    assert files(tmp_path) != seen


def test_what_python_compiled_is_forgotten(tmp_path: Path) -> None:
    compiled = Path(importlib.util.cache_from_source(str(tmp_path / "a.py")))
    compiled.parent.mkdir()
    compiled.touch()
    forget([str(tmp_path / "a.py"), str(tmp_path / "b.py"), str(tmp_path / "c.toml")])
    assert not compiled.exists()
