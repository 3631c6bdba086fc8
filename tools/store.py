"""Synthesized clusters, kept beside the project: the bytes of what did not change, without another synthesis.

An entry is found by a hash of all that its bytes depend on: the plan, the files that turn plans into templates, the
packages, the context and the environment. Several processes may use a store at once.
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
import re
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from app import ROOT
from tools.merged import assets_of, share
from tools.outputs import OutputFolder
from tools.status import CannotError
from tools.unchanged import FOLDER, VARIABLE, packages, place

LIMIT = 512 * 2**20
"""Bytes of all entries, without assets: those of two hundred clusters as large as the production example."""
RUNS = 100
"""Of so many ways to call a command is known what the last run of each has read and written."""
RENDERER = ("app.py", "cdk.json", "blueprint", "stacks", "tools/synthesis.py", "requirements.txt")
"""What turns a plan into templates. All else reaches them through the plan only."""
BESIDE = ("facts", "cdk.context.json", "package.json", "tools/merged.py")
"""Files on which an entry depends as well, though no template is known to."""
NAMES = ("CDK_", "JSII_", "NODE_", "BLUEPRINTS")
"""What variables begin with that the CDK, jsii, Node.js or this project read."""
WITHOUT = (
    *("CDK_OUTDIR", "JSII_RUNTIME_PACKAGE_CACHE_ROOT", "NODE_COMPILE_CACHE", "BLUEPRINTS", VARIABLE),
    "CDK_VALIDATION",
)
"""Of these, what says where something is read or written, since of the clusters the plan tells; and what each synthesis
sets for itself."""

_ENTRY = re.compile("[0-9a-f]{64}")
_RUN = re.compile(r"run-[0-9a-f]{16}\.json")
_OURS = re.compile(rf"{_ENTRY.pattern}|{_RUN.pattern}|\.?asset\..*|new-.*")


class Store:
    """Entries by key, each the files of one cluster's assembly; assets, which are named after their content, once.

    Raises CannotError for a folder with anything in it that no store has made: what is old is removed there.
    """

    def __init__(self, context: Mapping[str, Any], folder: Path | None = None, root: Path = ROOT) -> None:
        self.folder = folder or place()
        self._own = OutputFolder(self.folder, "synth", VARIABLE, _OURS, fixed=self.folder == FOLDER)
        self._own.check()
        given = {
            "files": fingerprint(root, (*RENDERER, *BESIDE)),
            "packages": packages(),
            "python": platform.python_version(),
            "environment": {
                name: value for name, value in os.environ.items() if name.startswith(NAMES) and name not in WITHOUT
            },
            "context": context,
        }
        self._given = json.dumps(given, sort_keys=True)

    def key(self, document: str, *, judged: bool = False) -> str:
        """Of the cluster with this plan; another one where rules judge it: what they accept stands beside templates."""
        return hashlib.sha256(f"{self._given}\0{judged}\0{document}".encode()).hexdigest()

    def find(self, key: str) -> Path | None:
        """The entry, which nobody may change; its assets are beside it. None where there is none."""
        entry = self.folder / key
        try:
            os.utime(entry)  # so that it is the last to make room
            return entry if all((self.folder / name).exists() for name in assets_of(entry)) else None
        except OSError:
            return None

    def keep(self, key: str, part: Path) -> None:
        """Keeps what was synthesized into a folder, where that can be: no synthesis fails for want of room."""
        with suppress(OSError, shutil.Error, CannotError):
            self._own.begin()
            for name in assets_of(part):
                share(part / name, self.folder / name)
            with tempfile.TemporaryDirectory(dir=self.folder, prefix="new-", ignore_cleanup_errors=True) as new:
                entry = Path(new) / key
                ignored = shutil.ignore_patterns("asset.*")
                shutil.copytree(part, entry, ignore=ignored)  # with times, by which it is told that nothing changed
                entry.rename(self.folder / key)  # fails where another process was first

    def note(self, name: str, run: str) -> None:
        """Keeps what is known of a run, where that can be."""
        with suppress(OSError, CannotError):
            self._own.begin()
            new = self.folder / f"new-{os.getpid()}"
            new.write_text(run, encoding="utf-8")
            new.replace(self.folder / name)

    def make_room(self, limit: int = LIMIT) -> None:
        """Removes what was not used for longest, until the rest is small enough."""
        with suppress(OSError, CannotError):
            self._own.check()
            entries = [path for path in self.folder.iterdir() if _ENTRY.fullmatch(path.name)]
            size, used = 0, set[str]()
            for entry in sorted(entries, key=lambda path: path.stat().st_mtime, reverse=True):
                size += sum(path.stat().st_size for path in entry.rglob("*") if path.is_file())
                if size > limit:
                    shutil.rmtree(entry, ignore_errors=True)
                else:
                    used |= {*assets_of(entry)}
            runs = sorted(self.folder.glob("run-*.json"), key=lambda path: path.stat().st_mtime, reverse=True)
            for run in runs[RUNS:]:
                run.unlink()
            for path in self.folder.glob("asset.*"):
                if path.name not in used:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()


def fingerprint(folder: Path, names: Sequence[str] = RENDERER) -> str:
    """A hash of files there, by their names and content."""
    found = hashlib.sha256()
    for path in sorted(path for name in names for path in (folder / name, *(folder / name).rglob("*"))):
        if path.is_file() and path.suffix != ".pyc":
            found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes() + b"\0")
    return found.hexdigest()
