"""What the tests say of a mutant, in a copy of the project: the folder itself is never touched.

First the tests that are named after the file, then those of each folder that can notice something, and what compares
with committed files at last: whoever accepts a snapshot too easily loses that one. Tests that try very many values are
left out. They take longer than all others together, and what only they notice deserves a quicker one.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from tools.mutants.mutations import Mutant
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
_SLOW = (
    "test_every_",
    "test_fuzz",
    "test_isolation",
    "test_create_only",
    "test_validation",
    "test_determinism",
    "lifecycle",
    "kubernetes/",
)
_SNAPSHOT, _OTHERS = "snapshot", "not snapshot"  # as markers of pytest
_UNWANTED = shutil.ignore_patterns(".git", ".venv*", ".*_cache", ".kubernetes", ".local", "node_modules", "cdk.out")
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


class Ran(NamedTuple):
    """What became of tests."""

    failed: str
    """The first that did."""
    said: str


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

    def prepare(self, folders: Iterable[str]) -> None:
        """Runs all these tests once as the project is: where one fails, no mutant can be judged."""
        tests = {path for folder in folders for where in self.folders[folder] for path in self._tests(where)}
        start = time.monotonic()
        for paths, marker in ((sorted(tests), _OTHERS), (self._tests("tests", _SNAPSHOT), _SNAPSHOT)):
            if (ran := self._pytest(paths, marker)).failed:
                raise CannotError(f"the tests fail without any mutant:\n{ran.said}")
        self.seconds = 60 + 3 * (time.monotonic() - start)

    def judge(self, mutant: Mutant) -> Judgement:
        """What the tests say; the copy is as before afterwards."""
        original = (self.root / mutant.path).read_text(encoding="utf-8")
        self._write(mutant.path, mutant.text)
        try:
            return self._judged(mutant)
        except subprocess.TimeoutExpired:
            return Judgement(MutantStatus.TIMED_OUT)
        finally:
            self._write(mutant.path, original)

    def _judged(self, mutant: Mutant) -> Judgement:
        module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        if self._run([sys.executable, "-c", f"import {module}"])[0]:
            return Judgement(MutantStatus.STILLBORN)
        wheres = [self._tests(where) for where in self.folders[folder_of(mutant.path, self.folders)]]
        named = [path for tests in wheres for path in tests if any(word in path for word in module.split(".")[1:])]
        for paths in (named, *wheres):
            if (ran := self._pytest(paths, _OTHERS)).failed:
                return Judgement(MutantStatus.NOTICED, ran.failed)
        failed = self._pytest(self._tests("tests", _SNAPSHOT), _SNAPSHOT).failed
        return Judgement(MutantStatus.SNAPSHOT if failed else MutantStatus.SURVIVED, failed)

    def _tests(self, folder: str, about: str = "") -> list[str]:
        files = (path for path in sorted((self.root / folder).rglob("test_*.py")) if about in path.read_text("utf-8"))
        names = (str(path.relative_to(self.root)) for path in files)
        return [name for name in names if not any(each in name for each in _SLOW)]

    def _pytest(self, paths: Sequence[str], marker: str) -> Ran:
        options = ("-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-m", marker)
        status, said = self._run([sys.executable, "-m", "pytest", *options, *paths]) if paths else (0, "")
        if status in (0, _NO_TESTS):
            return Ran("", said)
        found = re.search(r"^(?:FAILED|ERROR) (\S+)", said, re.MULTILINE)
        return Ran(found[1] if found else f"exit status {status}", said)

    def _run(self, command: Sequence[str]) -> tuple[int, str]:
        """Exit status and output; what it has started ends with it, also where it takes too long or is interrupted."""
        with subprocess.Popen(
            command, cwd=self.root, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
        ) as process:
            try:
                said, _ = process.communicate(timeout=self.seconds or None)
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        return process.returncode, said

    def _write(self, path: str, text: str) -> None:
        """With a time of its own: Python compares whole seconds before it takes an older .pyc file."""
        self._written += 1
        (self.root / path).write_text(text, encoding="utf-8")
        os.utime(self.root / path, (self._written, self._written))
