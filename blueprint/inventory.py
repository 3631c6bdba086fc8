"""The clusters of a fleet: one file in `clusters/` for each, named after it."""

from __future__ import annotations

import ast
import importlib
import re
import traceback
from collections.abc import Sequence
from pathlib import Path

import blueprint
import blueprint.addons
import blueprint.teams
from blueprint import team_files
from blueprint.blueprint import Blueprint
from blueprint.errors import BlueprintError, Problem, Quoted, shown
from blueprint.faults import no_way_out, told
from blueprint.planning.document import Plan
from blueprint.planning.planner import plans
from blueprint.sources import compile_from_source


def planned(directory: Path, only: Sequence[str] = ()) -> tuple[Plan, ...]:
    """The plans of the clusters in a directory, or of those named in `only`, and then no other file is imported.

    Raises BlueprintError with the mistakes of all files.
    """
    return plans(*blueprints(directory, only))


def blueprints(directory: Path, only: Sequence[str] = ()) -> tuple[dict[str, Blueprint], list[Problem]]:
    """The same clusters as they are written, by their places in the files, and what is wrong with the files.

    Nothing is imported while a file of a team is more than data.
    """
    compile_from_source(directory)
    paths = [path for path in sorted(directory.glob("*.py")) if path.stem != "__init__"]
    files = {path.stem.replace("_", "-"): path for path in paths if path.stem.isidentifier()}
    rule, fix = "the file name must be a Python name", "use letters, digits and _: prod_eu.py"
    problems = [Problem((), path.stem, rule, fix, _shown(path)) for path in paths if not path.stem.isidentifier()]
    if not paths:
        rule, fix = "no cluster files", "add a file for one"
        problems.append(Problem((), Quoted("<empty>"), rule, fix, f"{directory.name}/"))
    for name in only:
        if name not in files:
            rule = f"unknown cluster: no file in {directory.name}/ is named after it"
            problems.append(Problem(("CLUSTER",), name, rule, f"write one of {', '.join(files) or '<none>'}"))
    code = team_files.problems(directory.parent / team_files.FOLDER)
    fleet: dict[str, Blueprint] = {}
    for name in () if code else only or files:
        if name in files:
            found, unfit = _blueprint(files[name], name)
            fleet |= found
            told = set(map(str, problems))
            problems.extend(each for each in unfit if str(each) not in told)
    return fleet, [*problems, *code]


def _blueprint(path: Path, name: str) -> tuple[dict[str, Blueprint], list[Problem]]:
    """The file's blueprint by its place; Blueprint values that it imports from other files have other names.

    One with a wrong name comes with a problem, so that its other mistakes are reported as well.
    """
    try:
        with no_way_out():
            module = importlib.import_module(f"{path.parent.name}.{path.stem}")
    except BlueprintError as error:  # of a file that several clusters share
        return {}, list(error.problems)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's file may raise
        return {}, [_import_problem(path, error)]
    blueprints = {key: value for key, value in vars(module).items() if isinstance(value, Blueprint)}
    named = {key: value for key, value in blueprints.items() if isinstance(value.name, str) and value.name == name}
    if len(set(map(id, named.values()))) == 1:
        mine, imported = next(iter(named.values())), _imported(path)
        others = [key for key, value in blueprints.items() if value is not mine and key not in imported]
        rule, fix = "a file holds one cluster, and nothing would deploy this one", "move it to a file of its name"
        unused = [
            Problem((), Quoted(key), rule, f"{fix}, or call it _{key}", _shown(path))
            for key in others
            if not key.startswith("_")
        ]
        return {f"{_shown(path)}: {key}": value for key, value in list(named.items())[:1]}, unused
    names = ", ".join(f"{key} is named {shown(value.name)}" for key, value in blueprints.items())
    rule = f"the file must define one blueprint of the cluster {name!r}"
    fix = f'write Blueprint(name="{name}", …), or rename the file'
    # What it imports stands first, so the last is the one that the file is for.
    own = {f"{_shown(path)}: {key}": value for key, value in list(blueprints.items())[-1:]}
    return own, [Problem((), Quoted(names or "<no Blueprint>"), rule, fix, _shown(path))]


def _imported(path: Path) -> set[str]:
    """Names that the file has from others."""
    tree = ast.parse(path.read_bytes())
    found = (alias for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names)
    return {alias.asname or alias.name for alias in found}


def _import_problem(path: Path, error: BaseException) -> Problem:
    """Python's own words, with the line of the user's file and no traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    if isinstance(error, SyntaxError) and error.filename and Path(error.filename).resolve() == path.resolve():
        lines.append(error.lineno)
    place = f"{_shown(path)}:{lines[-1]}" if lines and lines[-1] else _shown(path)
    fix = _import_of(error.name, path.parents[1]) if isinstance(error, NameError) and error.name else ""
    return Problem((), told(error), "Python cannot import the file", fix or "correct it", place)


def _import_of(name: str, root: Path) -> str:
    """The line that a file lacks for a name of the model, of an add-on or of a team; nothing is imported for that."""
    for package in (blueprint, blueprint.addons, blueprint.teams):
        if name in package.__all__:
            return f"add: from {package.__name__} import {name}"
    stated = re.compile(rf"^(class {re.escape(name)}\b|{re.escape(name)} = )", re.MULTILINE)
    for file in (file for folder in ("addons", "teams") for file in sorted((root / folder).rglob("*.py"))):
        if stated.search(file.read_text(encoding="utf-8", errors="replace")):
            module = ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
            return f"add: from {module} import {name}"
    return ""


def _shown(path: Path) -> str:
    return f"{path.parent.name}/{path.name}"
