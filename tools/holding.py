"""Which plans of the last run hold where only files of clusters have changed: of those that take nothing of them.

By what the files say, which nobody runs for that, and by their values, which are the same.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import sys
import sysconfig
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from blueprint.blueprint import Blueprint
from blueprint.inventory import files_of_clusters
from blueprint.planning.document import Plan
from blueprint.planning.file import SUFFIX, DocumentError, loaded
from tools.store import Store
from tools.unchanged import CommandRun

_INSTALLED = tuple(f"{sysconfig.get_path(name)}{os.sep}" for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_ADDRESS = " at 0x"
"""Of an object of which Python shows nothing else."""
_PLAIN = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


@dataclass(frozen=True)
class ClusterFiles:
    """The file of each cluster, with the clusters from whose files it takes something."""

    files: Mapping[str, Path]
    taken: Mapping[str, frozenset[str]]

    @classmethod
    def read(cls, folder: Path) -> ClusterFiles | None:
        """None where it cannot be told: one does more than to name values, or another module takes from one."""
        files = files_of_clusters(folder)
        own = frozenset(map(str, files.values()))
        try:
            taken = {name: frozenset(_taken(path, folder, plain=True)) for name, path in files.items()}
            for path in _others(folder, own):
                if {*_taken(path, folder)} & {*files}:
                    return None
        except (_UnclearError, OSError, SyntaxError, UnicodeDecodeError):
            return None
        return cls(files, taken)

    def untouched(self, changed: Collection[str]) -> frozenset[str]:
        """The clusters on which a change of these files has no bearing; none where one is no file of a cluster."""
        by_file = {str(path): name for name, path in self.files.items()}
        folders = {str(path.parent) for path in self.files.values()}  # one, into which somebody may put another file
        if not {*changed} <= {*by_file, *folders}:
            return frozenset()
        touched = {by_file[file] for file in changed if file in by_file}
        while more := {name for name, others in self.taken.items() if others & touched} - touched:
            touched |= more
        return frozenset(self.taken) - touched


def kept(keys: Mapping[str, str], values: Iterable[Blueprint], folder: Path) -> dict[str, str]:
    """What a run is to note of each cluster: the key of its entry in the store, with its value."""
    return {value.name: _noted(keys[value.name], value) for value in values} if ClusterFiles.read(folder) else {}


def held(run: CommandRun, store: Store, values: Iterable[Blueprint], folder: Path) -> dict[str, tuple[Plan, str]]:
    """The plans that hold, by cluster, with their documents."""
    if run.changed is None or not (files := ClusterFiles.read(folder)):
        return {}
    untouched, found = files.untouched(run.changed), {}
    for value in values:
        name = value.name
        if type(name) is str and name in run.kept and name in untouched:
            key = run.kept[name].partition(" ")[0]
            with suppress(OSError, DocumentError):  # another process makes room, or somebody has edited the entry
                if run.kept[name] == _noted(key, value) and (entry := store.find(key)):
                    document = (entry / f"{name}{SUFFIX}").read_text(encoding="utf-8")
                    found[name] = loaded(document), document
    return found


def _noted(key: str, value: Blueprint) -> str:
    """Something that is never the same again where a class of the user does not show what its values hold."""
    try:
        shown = repr(value)
    except Exception:  # noqa: BLE001  # whatever it may raise
        shown = _ADDRESS
    if _ADDRESS in shown:
        shown = os.urandom(16).hex()
    return f"{key} {hashlib.sha256(shown.encode()).hexdigest()}"


class _UnclearError(Exception):
    """What a file takes or does is more than can be read from it."""


def _others(folder: Path, own: frozenset[str]) -> Iterator[Path]:
    """Sources of modules in use that have a word for the folder in an import, but those of clusters and of packages."""
    word = re.compile(rf"^\s*(?:from|import)\b.*(?:\b{folder.name}\b|\.\.)", re.MULTILINE)
    for module in [*sys.modules.values()]:
        file = getattr(module, "__file__", None) or ""
        if file.endswith(".py") and file not in own and not file.startswith(_INSTALLED):
            path = Path(file)
            if word.search(path.read_text(encoding="utf-8")):
                yield path


def _taken(path: Path, folder: Path, *, plain: bool = False) -> Iterator[str]:
    """Names of clusters whose files a file imports; `plain` says that it may do nothing else than to name values."""
    tree = ast.parse(path.read_bytes())
    if plain and not all(isinstance(statement, _PLAIN) or _is_named(statement) for statement in tree.body):
        raise _UnclearError
    package = path.relative_to(folder.parent).parts[:-1] if path.is_relative_to(folder) else ()
    for node in ast.walk(tree):
        for module in _modules(node, package):
            if module[0] == folder.name:
                if len(module) == 1 or module[1] == "*":
                    raise _UnclearError
                yield module[1].replace("_", "-")


def _modules(node: ast.AST, package: tuple[str, ...]) -> list[list[str]]:
    """What a statement imports, by the parts of the names."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".") for alias in node.names]
    if not isinstance(node, ast.ImportFrom) or (node.level and not package):
        return []
    start = [*package[: len(package) + 1 - node.level]] if node.level else []
    return [
        [*start, *(node.module or "").split("."), alias.name] if node.module else [*start, alias.name]
        for alias in node.names
    ]


def _is_named(statement: ast.stmt) -> bool:
    """A value with a name, or a text that explains one."""
    if isinstance(statement, ast.Assign | ast.AnnAssign):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        return all(isinstance(target, ast.Name) for target in targets)
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
