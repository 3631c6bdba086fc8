"""Whether a command would write again what is there: all that it read and wrote is as after the run before.

By what the file system says of a file, and not by what is in it. A run that is not needed ends before the project's
modules are loaded, so only those of Python itself are imported here.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import platform
import sys
import sysconfig
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib.util import source_from_cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / ".synthesized"
VARIABLE = "BLUEPRINTS_STORE"
"""Names another folder: a review keeps what it synthesizes of a base where the project keeps its own."""
LEFT_OUT = frozenset(
    {
        *("cdk.out", "docs", "node_modules", "tests"),
        *("pipeline", "plans", "registry-cache", "review", "roles", "traffic"),
    }
)
"""Of the project's folders, those from which no cluster is read."""
NOTHING = frozenset(("_", "OLDPWD", "SHLVL"))
"""Variables that a shell sets anew for each command."""
TICK_SECONDS = 2
"""The coarsest clock of a file system: a file that is as young may be written again, and look the same.
https://git-scm.com/docs/racy-git"""
Seen = Mapping[str, tuple[int, ...]]


class CommandRun:
    """A command with what it may read, which is the project, the environment, the day, and whatever else it opens."""

    def __init__(self, words: Sequence[str], out: Path, root: Path = ROOT) -> None:
        self._words, self._out, self._root = [*words, str(out.absolute())], out, root
        self._read, self._opened, self._began = self._files(), set[str](), time.time()
        self._variables = {name: value for name, value in os.environ.items() if name not in NOTHING}
        self.changed: frozenset[str] | None = None
        """Names of files that are others than in the last run, when `before` has looked; None where more may be."""
        self.kept: Mapping[str, str] = {}
        """What the last run kept of each cluster."""
        name = hashlib.sha256("\0".join(self._words).encode()).hexdigest()[:16]
        self.name = f"run-{name}.json"

    def before(self, folder: Path) -> str | None:
        """What the last run said, where this one would write the same again."""
        try:
            said = json.loads((folder / self.name).read_text(encoding="utf-8"))
            if said["given"] != self._given():
                return None
            before = {name: tuple(seen) for name, seen in said["seen"].items()}
            now = self._all_seen(said["others"])
            self.kept, changed = dict(said["kept"]), {name for name, _ in before.items() ^ now.items()}
            self.changed, text = frozenset(changed), str(said["text"])
            self._opened |= {*said["others"]}  # what this run finds to hold was read from these
            return None if changed or said["written"] != self._written() else text
        except (OSError, ValueError, KeyError, TypeError, AttributeError):  # there is none
            return None

    @contextmanager
    def watched(self) -> Iterator[None]:
        """What is opened meanwhile counts. Python offers no way to take such a hook away again."""
        watching = True

        def hook(event: str, arguments: tuple[object, ...]) -> None:
            if watching and event in {"open", "os.listdir", "os.scandir"} and isinstance(arguments[0], str):
                self._opened.add(arguments[0])

        sys.addaudithook(hook)
        try:
            yield
        finally:
            watching = False

    def record(self, text: str, kept: Mapping[str, str]) -> str | None:
        """What is to be noted of a run that said this, and what it kept of each cluster.

        None where somebody saved a file since shortly before it.
        """
        others = self._others()
        times = (changed for seen in (*self._read.values(), *map(_seen, others)) for changed in seen[:2])
        if self._files() != self._read or max(times, default=0) > (self._began - TICK_SECONDS) * 1e9:
            return None
        found = {"given": self._given(), "seen": self._all_seen(others), "others": others, "written": self._written()}
        return json.dumps({**found, "text": text, "kept": {**kept}})

    def _files(self) -> Seen:
        inside = f"{self._out.absolute()}{os.sep}"
        return {name: seen for name, seen in files(self._root).items() if not name.startswith(inside)}

    def _others(self) -> list[str]:
        """Beside the project's files, and beside Python with its packages."""
        own = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib"))
        known = {*self._read, *(str(Path(name).parent) for name in self._read)}
        absolute = {str(Path(_source(name)).absolute()) for name in self._opened}
        return sorted(name for name in absolute - known if not f"{name}{os.sep}".startswith(own))

    def _given(self) -> str:
        today = dt.datetime.now(tz=dt.UTC).date().isoformat()
        given = [self._words, str(Path.cwd()), platform.python_version(), packages(), today, self._variables]
        return hashlib.sha256(json.dumps(given, sort_keys=True).encode()).hexdigest()

    def _all_seen(self, others: Sequence[str]) -> dict[str, tuple[int, ...]]:
        return {**self._read, **{name: _seen(name) for name in others}}

    def _written(self) -> str:
        """Without what changes when somebody links to an asset, which a store does."""
        there = files(self._out, ()) if self._out.exists() else {}
        seen = sorted((name, written, size) for name, (written, _, size) in there.items())
        return hashlib.sha256(json.dumps(seen).encode()).hexdigest()


def place() -> Path:
    """The folder of what is kept, unless another one is named."""
    return Path(os.environ.get(VARIABLE) or FOLDER)


def packages() -> list[str]:
    """Names and versions of all that is installed."""
    return sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))


def files(root: Path, left_out: Sequence[str] | frozenset[str] = LEFT_OUT) -> Seen:
    """What the file system says of all files there, by name."""
    found: dict[str, tuple[int, ...]] = {}
    top = str(root.absolute())
    left = [top]
    while left:
        folder = left.pop()
        with suppress(OSError), os.scandir(folder) as entries:  # it goes at the same time, or nobody may read it
            for entry in entries:
                if entry.name.startswith((".", "__pycache__")) or (entry.name in left_out and folder == top):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    left.append(entry.path)
                elif not entry.name.endswith(".pyc") and (seen := _seen(entry.path)):
                    found[entry.path] = seen
    return found


def _source(name: str) -> str:
    """Of a file that Python compiled, which it opens in the place of what somebody edits."""
    try:
        return source_from_cache(name) if name.endswith(".pyc") else name
    except ValueError:  # it is nowhere else
        return name


def _seen(name: str) -> tuple[int, ...]:
    """Times of the content and of all else, and size; nothing of a file that is not there."""
    try:
        stat = Path(name).stat()
    except OSError:  # editors write another file, and rename it
        return ()
    return stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size
