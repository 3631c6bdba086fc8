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
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import IO, NamedTuple, cast

from tools.mutants.mutations import Mutant
from tools.mutants.selection import Selection
from tools.mutants.server import BROKEN
from tools.status import CannotError

_BY_TOOLS = ("tests/tools/gitops", "tests/tools/pipelines", "tests/tools/doctor")
"""Tests of tools that hold what the product plans."""
FOLDERS: Mapping[str, tuple[str, ...]] = {
    "blueprint/addons": ("tests/addons", "tests/blueprint", "tests/permissions", "tests/stacks", *_BY_TOOLS),
    "blueprint/teams": ("tests/teams", "tests/isolation", "tests/blueprint", "tests/stacks", *_BY_TOOLS),
    "blueprint": ("tests/blueprint", "tests/addons", "tests/teams", "tests/permissions", "tests/stacks", *_BY_TOOLS),
    "addons": ("tests/addons", "tests/permissions", "tests/blueprint", "tests/stacks", *_BY_TOOLS),
    "stacks": ("tests/stacks", "tests/permissions", *_BY_TOOLS),
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
        self.root = Path(shutil.copytree(root, copy, ignore=_UNWANTED, dirs_exist_ok=True)).resolve()
        for name in (".venv", "node_modules"):
            (self.root / name).symlink_to(root / name)
        for arguments in (("init", "--quiet"), ("add", "--all")):  # as some tests ask Git which files there are
            subprocess.run(("git", *arguments), cwd=self.root, check=True)
        self.folders = folders
        self.grace = 60.0
        """Seconds that tests may take longer than they should."""
        self._written = 0
        self._output, self._without = self.root / ".output-of-pytest", self.root / ".without-tests"
        self._server: subprocess.Popen[str] | None = None
        self._selections: dict[str, Selection] = {}

    def prepare(self, folders: Iterable[str]) -> None:
        """Runs all these tests once as the project is: where one fails, no mutant can be judged."""
        tests = {path for folder in folders for where in self.folders[folder] for path in self._tests(where)}
        for paths, marker in ((sorted(tests), _OTHERS), (self._tests("tests", _SNAPSHOT), _SNAPSHOT)):
            folder = self.root / f".reached-{marker.replace(' ', '-')}"
            folder.mkdir(exist_ok=True)
            # A process of its own for each folder: the CDK's remembers every construct that it ever made.
            for _, some in groupby(paths, key=lambda path: path.split("/")[:2]):
                if self._pytest([*some], "-m", marker, "--reached", str(folder)):
                    raise CannotError(f"the tests fail without any mutant:\n{self._said()}")
            self._selections[marker] = Selection(folder)

    def judge(self, mutant: Mutant) -> Judgement:
        """What the tests say; the copy is as before afterwards."""
        original = (self.root / mutant.path).read_text(encoding="utf-8")
        self._write(mutant.path, mutant.text)
        try:
            return self._judged(mutant, original)
        except TimeoutError:
            return Judgement(MutantStatus.TIMED_OUT)
        except ImportError:
            return Judgement(MutantStatus.STILLBORN)
        finally:
            self._write(mutant.path, original)

    def _judged(self, mutant: Mutant, text: str) -> Judgement:
        module = mutant.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        own = self.folders[folder_of(mutant.path, self.folders)]
        kinds = (_OTHERS, own, MutantStatus.NOTICED), (_SNAPSHOT, ("tests",), MutantStatus.SNAPSHOT)
        for marker, folders, found in kinds:
            for files, without, seconds in self._selections[marker].runs(mutant, text, folders):
                self._without.write_text(json.dumps(without), encoding="utf-8")
                options, within = ("-m", marker, "--without", str(self._without)), self.grace + 10 * seconds
                if failed := self._pytest(files, *options, module=module, within=within):
                    return Judgement(found, failed)
        return Judgement(MutantStatus.SURVIVED)

    def _tests(self, folder: str, about: str = "") -> list[str]:
        files = (path for path in sorted((self.root / folder).rglob("test_*.py")) if about in path.read_text("utf-8"))
        names = (str(path.relative_to(self.root)) for path in files)
        return [name for name in names if not _LEFT_OUT.search(name)]

    def _pytest(self, paths: Sequence[str], *options: str, module: str = "", within: float | None = None) -> str:
        """The first test that fails, after the module is imported."""
        words = ("-x", "-q", "--tb=short", "-p", "no:cacheprovider", "-p", "reach", *options, *paths)
        status = self._run(within, module, *words) if paths else 0
        if status == BROKEN:
            raise ImportError(module)
        if status in (0, _NO_TESTS):
            return ""
        found = re.search(r"^(?:FAILED|ERROR) (\S+)", self._said(), re.MULTILINE)
        return found[1] if found else f"exit status {status}"

    def _said(self) -> str:
        return self._output.read_text(encoding="utf-8", errors="replace")

    def _run(self, within: float | None, *words: str) -> int:
        """The exit status, by the server."""
        server = self._server = self._server or subprocess.Popen(
            (sys.executable, _SERVER, self._output),
            cwd=self.root,
            env={**os.environ, "BLUEPRINTS": "examples"},  # as tests have it, before anything is imported
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        asked, answers = cast("IO[str]", server.stdin), cast("IO[str]", server.stdout)
        try:
            print(json.dumps(words), file=asked, flush=True)
            if select.select([answers], [], [], within)[0]:
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
