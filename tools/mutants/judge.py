"""What the tests say of a mutant, in a copy of the project: the folder itself is never touched.

First the tests that are named after the file, then those of each folder that can notice something, and what compares
with committed files at last: whoever accepts a snapshot too easily loses that one. Tests that try very many values are
left out. They take longer than all others together, and what only they notice deserves a quicker one.
"""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import IO, NamedTuple, cast

from tools.mutants.mutations import Mutant
from tools.mutants.server import BROKEN
from tools.status import CannotError

FOLDERS: Mapping[str, tuple[str, ...]] = {
    "blueprint/addons": ("tests/addons", "tests/blueprint", "tests/permissions", "tests/stacks"),
    "blueprint/teams": ("tests/teams", "tests/isolation", "tests/blueprint", "tests/stacks"),
    "blueprint": ("tests/blueprint", "tests/addons", "tests/teams", "tests/permissions", "tests/stacks"),
    "addons": ("tests/addons", "tests/permissions", "tests/blueprint", "tests/stacks"),
    "stacks": ("tests/stacks", "tests/permissions"),
    "tools": ("tests/tools",),
}
"""Where the tests are that can notice a mistake in a folder, the likeliest first."""
_LEFT_OUT = re.compile(
    "test_(every_|fuzz|isolation|create_only|validation|determinism)|tests/(lifecycle|kubernetes)/"
    "|test_structure"  # about the text of files
)
_SNAPSHOT, _OTHERS = "snapshot", "not snapshot"  # as markers of pytest
_UNWANTED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".kubernetes", ".local", "node_modules", "cdk.out")
_SERVER = Path(__file__).with_name("server.py")
_NO_TESTS = 5  # https://docs.pytest.org/en/stable/reference/exit-codes.html


class MutantStatus(StrEnum):
    """What became of a mutant."""

    NOTICED = "noticed"
    SNAPSHOT = "by a snapshot"
    SURVIVED = "survived"
    TIMED_OUT = "timed out"
    STILLBORN = "not imported"
    """Python does not even import it, so it says nothing about tests."""


class Judgement(NamedTuple):
    """Its status, and the test that led to it."""

    status: MutantStatus
    by: str = ""


def folder_of(path: str, folders: Iterable[str] = FOLDERS) -> str:
    """The folder whose tests judge a file."""
    found = [folder for folder in folders if path.startswith(f"{folder}/")]
    if not found:
        raise CannotError(f"{path} lies in none of {', '.join(folders)}")
    return max(found, key=len)


class Judge:
    """Has a copy of the project, which it changes."""

    def __init__(self, root: Path, copy: Path, folders: Mapping[str, tuple[str, ...]] = FOLDERS) -> None:
        self.root = Path(shutil.copytree(root, copy, ignore=_UNWANTED, dirs_exist_ok=True))
        for name in (".venv", "node_modules"):
            (self.root / name).symlink_to(root / name)
        self.folders = folders
        self.seconds = 0.0
        """Nothing may take longer."""
        self._written = 0
        self._output = self.root / ".output-of-pytest"
        self._server: subprocess.Popen[str] | None = None

    def prepare(self, folders: Iterable[str]) -> None:
        """Runs all these tests once as the project is: where one fails, no mutant can be judged."""
        tests = {path for folder in folders for where in self.folders[folder] for path in self._tests(where)}
        start = time.monotonic()
        for paths, marker in ((sorted(tests), _OTHERS), (self._tests("tests", _SNAPSHOT), _SNAPSHOT)):
            if self._pytest(paths, marker):
                raise CannotError(f"the tests fail without any mutant:\n{self._said()}")
        self.seconds = 60 + 3 * (time.monotonic() - start)

    def judge(self, mutant: Mutant) -> Judgement:
        """What the tests say; the copy is as before afterwards."""
        original = (self.root / mutant.path).read_text(encoding="utf-8")
        self._write(mutant.path, mutant.text)
        try:
            return self._judged(mutant)
        except TimeoutError:
            return Judgement(MutantStatus.TIMED_OUT)
        finally:
            self._write(mutant.path, original)

    def _judged(self, mutant: Mutant) -> Judgement:
        module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if self._run(module, "--version") == BROKEN:
            return Judgement(MutantStatus.STILLBORN)
        wheres = [self._tests(where) for where in self.folders[folder_of(mutant.path, self.folders)]]
        named = [path for tests in wheres for path in tests if any(word in path for word in module.split(".")[1:])]
        for paths in (named, *wheres):
            if failed := self._pytest(paths, _OTHERS):
                return Judgement(MutantStatus.NOTICED, failed)
        failed = self._pytest(self._tests("tests", _SNAPSHOT), _SNAPSHOT)
        return Judgement(MutantStatus.SNAPSHOT if failed else MutantStatus.SURVIVED, failed)

    def _tests(self, folder: str, about: str = "") -> list[str]:
        files = (path for path in sorted((self.root / folder).rglob("test_*.py")) if about in path.read_text("utf-8"))
        names = (str(path.relative_to(self.root)) for path in files)
        return [name for name in names if not _LEFT_OUT.search(name)]

    def _pytest(self, paths: Sequence[str], marker: str) -> str:
        """The first test that fails."""
        options = ("-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-m", marker)
        status = self._run("", *options, *paths) if paths else 0
        if status in (0, _NO_TESTS):
            return ""
        found = re.search(r"^(?:FAILED|ERROR) (\S+)", self._said(), re.MULTILINE)
        return found[1] if found else f"exit status {status}"

    def _said(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def _run(self, *words: str) -> int:
        """The exit status, by the server."""
        server = self._server = self._server or subprocess.Popen(
            (sys.executable, _SERVER, self._output),
            cwd=self.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        asked, answers = cast("IO[str]", server.stdin), cast("IO[str]", server.stdout)
        try:
            print(json.dumps(words), file=asked, flush=True)
            if select.select([answers], [], [], self.seconds or None)[0]:
                return int(answers.readline())
        except BaseException:
            self.close()
            raise
        self.close()
        raise TimeoutError

    def close(self) -> None:
        """Ends the server, and all that runs there."""
        if self._server is not None:
            with self._server as server:
                os.killpg(server.pid, signal.SIGKILL)
            self._server = None

    def _write(self, path: str, text: str) -> None:
        """With a time of its own: Python compares whole seconds before it takes an older .pyc file."""
        self._written += 1
        (self.root / path).write_text(text, encoding="utf-8")
        os.utime(self.root / path, (self._written, self._written))
