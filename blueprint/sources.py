"""Files that users write are compiled each time they are imported.

Python takes a `.pyc` for up to date by the time and the size of its source, so that a second edit within a second, of
the same length, would go by unseen: https://docs.python.org/3/reference/import.html#cached-bytecode-invalidation
"""

from __future__ import annotations

import sys
import types
from importlib import machinery
from pathlib import Path

FLEET_FILE = "fleet.py"
"""The one file in `clusters/` that is no cluster's."""

_folders: set[Path] = set()


class _FromSource(machinery.SourceFileLoader):
    def get_code(self, fullname: str) -> types.CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


_hook = machinery.FileFinder.path_hook((_FromSource, [".py"]))


def _finder(path: str) -> machinery.FileFinder:
    """A hook of imports. https://docs.python.org/3/library/sys.html#sys.path_hooks"""
    if not _is_within(path, _folders):
        raise ImportError(path)
    found: machinery.FileFinder = _hook(path)  # type: ignore[assignment]  # typeshed says less than path_hook does
    return found


def _is_within(path: str, folders: set[Path]) -> bool:
    folder = Path(path).resolve()
    return not folders.isdisjoint((folder, *folder.parents))


def compile_from_source(*folders: Path) -> None:
    """From now on, no module in these folders or below them comes from a `.pyc`."""
    fresh = {folder.resolve() for folder in folders} - _folders
    _folders.update(fresh)
    if _finder not in sys.path_hooks:
        sys.path_hooks.insert(0, _finder)
    for path in [path for path in sys.path_importer_cache if _is_within(path, fresh)]:
        del sys.path_importer_cache[path]
