"""The clusters of a fleet: one file in `clusters/` for each, named after it."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Sequence
from pathlib import Path

from blueprint.blueprint import Blueprint
from blueprint.errors import Problem, Quoted
from blueprint.plan import Plan, plans


def planned(directory: Path, only: Sequence[str] = ()) -> tuple[Plan, ...]:
    """The plans of the clusters in a directory, or of those named in `only`, and then no other file is imported.

    Raises BlueprintError with the mistakes of all files.
    """
    paths = [path for path in sorted(directory.glob("*.py")) if path.stem != "__init__"]
    files = {path.stem.replace("_", "-"): path for path in paths if path.stem.isidentifier()}
    problems = [
        Problem(_shown(path), path.stem, "the file name must be a Python name", "use letters, digits and _: prod_eu.py")
        for path in paths
        if not path.stem.isidentifier()
    ]
    if not paths:
        problems.append(Problem(f"{directory.name}/", Quoted("<empty>"), "a fleet has a cluster", "add a file for one"))
    for name in only:
        if name not in files:
            rule = f"no file in {directory.name}/ is of this cluster"
            problems.append(Problem("CLUSTER", name, rule, f"write one of {', '.join(files)}"))
    fleet: dict[str, Blueprint] = {}
    for name in only or files:
        if name in files:
            found = _blueprint(files[name], name)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                fleet |= found
    return plans(fleet, problems)


def _blueprint(path: Path, name: str) -> dict[str, Blueprint] | Problem:
    """The file's blueprint by its place; Blueprint values that it imports from other files have other names."""
    try:
        module = importlib.import_module(f"{path.parent.name}.{path.stem}")
    except Exception as error:  # noqa: BLE001  # whatever a user's file may raise
        return _import_problem(path, error)
    blueprints = {key: value for key, value in vars(module).items() if isinstance(value, Blueprint)}
    for key, value in blueprints.items():
        if value.name == name:
            return {f"{_shown(path)}: {key}": value}
    names = ", ".join(f"{key} is named {value.name!r}" for key, value in blueprints.items())
    rule = f"the file must define the blueprint of the cluster {name!r}"
    return Problem(
        _shown(path), Quoted(names or "<no Blueprint>"), rule, f'write Blueprint(name="{name}", …), or rename the file'
    )


def _import_problem(path: Path, error: Exception) -> Problem:
    """Python's own words, with the line of the user's file and no traceback."""
    lines = [
        frame.lineno for frame in traceback.extract_tb(error.__traceback__) if Path(frame.filename) == path.resolve()
    ]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    place = f"{_shown(path)}:{line}" if line else _shown(path)
    value = Quoted(f"{type(error).__name__}: {error}")
    return Problem(place, value, "Python cannot import the file", "correct what it names")


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
