"""Where commands write, and what they may replace there: what they made themselves, by a mark in each folder."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app import ROOT
from tools.status import CannotError

MARK = ".eks-blueprints"
"""A file in each folder that a command writes; it names the command. `make clean` looks for it as well."""
PROJECT = frozenset(
    (
        *("addons", "bench", "blueprint", "clusters", "docs", "examples"),
        *("facts", "node_modules", "stacks", "teams", "tests", "tools"),
    )
)
"""The project's folders, in which no command writes what it replaces; those that begin with a dot are as well."""
ASSEMBLY = re.compile(
    r"manifest\.json|tree\.json|cdk\.out|validation-report\.json|read\..*\.lock|synth\.lock|asset\..*|assembly-.*"
    r"|.*\.(template|assets|metadata|plan)\.json|buildspec-.*\.yaml|Pipeline.*\.dot"
)
"""What aws-cdk-lib and the CLI write into a cloud assembly, and this project beside it."""
_LITTER = frozenset((".DS_Store", "Thumbs.db", "desktop.ini"))
"""What file managers leave wherever somebody looked."""


@dataclass(frozen=True)
class OutputFolder:
    """A folder that a command writes anew each time: it is missing, empty, or has the command's mark."""

    path: Path
    command: str
    """Of make."""
    option: str
    """By which a user names another folder: `--output`."""
    ours: re.Pattern[str]
    """Names of what the command writes there."""
    shared: str = ""
    """The folder of the project in which another program writes the same: `cdk` in `cdk.out`."""
    fixed: bool = False
    """Whether it is always this folder, and nobody may name another."""

    def check(self) -> None:
        """Raises CannotError for a folder with anything in it that the command did not make. Changes nothing."""
        if why := next(self._objections(), ""):
            fix = "move it away" if self.fixed else "name a new or an empty folder"
            raise CannotError(f"{self.option} {self.path} {why}: {fix}.")

    def _objections(self) -> Iterator[str]:
        path, root = self.path, ROOT.resolve()
        if path.is_symlink():
            yield f"is a link to {path.resolve()}"
        if path.exists() and not path.is_dir():
            yield "is no folder"
        real = path.resolve()
        if real == root or root.is_relative_to(real):
            yield "holds this project"
        elif real.is_relative_to(root) and not self.fixed and _is_of_project(real.relative_to(root).parts[0]):
            yield "is a folder of this project"
        if not real.exists():
            return
        try:
            names = sorted(entry.name for entry in real.iterdir())
        except OSError as error:
            yield f"cannot be read ({error.strerror})"
            return
        if foreign := [name for name in names if name not in _LITTER and not self._is_ours(name)]:
            yield f"holds more than make {self.command} writes, {foreign[0]} for example"
        if any(name not in _LITTER for name in names) and not self._is_marked(real):
            yield f"holds what make {self.command} did not write, {names[0]} for example"

    def _is_ours(self, name: str) -> bool:
        return name == MARK or self.ours.fullmatch(name) is not None

    def _is_marked(self, real: Path) -> bool:
        if self.shared and real == ROOT.resolve() / self.shared:
            return True
        mark = real / MARK
        return mark.is_file() and not mark.is_symlink() and mark.read_bytes() == self._mark.encode()

    @property
    def _mark(self) -> str:
        return f"make {self.command} wrote this folder, and writes it anew.\n"

    def begin(self) -> None:
        """Checks the folder, and marks it before anything is written into it."""
        self.check()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / MARK).write_text(self._mark, encoding="utf-8")
        except OSError as error:
            raise CannotError(f"{self.option} {self.path} cannot be written: {error.strerror}.") from None

    @contextmanager
    def anew(self) -> Iterator[None]:
        """Empties and marks it before something is written, and empties it again if that fails."""
        self.clear()
        self.begin()
        try:
            yield
        except BaseException:
            self.clear()
            raise

    def clear(self, *, keep: str = "") -> None:
        """Removes what an earlier run left, the mark too unless names stay, which `keep` is a regular expression of."""
        self.check()
        if not self.path.is_dir():
            return
        for entry in [*self.path.iterdir()]:
            if entry.name in _LITTER or entry.name == MARK or (keep and re.fullmatch(keep, entry.name)):
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        if not keep:
            (self.path / MARK).unlink(missing_ok=True)


def _is_of_project(name: str) -> bool:
    return name in PROJECT or name.startswith(".")


def refuse_links(path: Path, folder: Path) -> None:
    """Raises CannotError where a link stands on the way from a folder, itself included, to a file that is written."""
    for each in (path, *path.parents):
        if each.is_symlink():
            raise CannotError(f"{each} is a link to {each.resolve()}, and nothing is written there: remove it.")
        if each == folder:
            return
