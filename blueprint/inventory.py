"""The clusters of a fleet: one file in `clusters/` for each, named after it, and `clusters/fleet.py` for all."""

from __future__ import annotations

import ast
import importlib
import re
import traceback
import types
from collections.abc import Mapping, Sequence
from pathlib import Path

from blueprint import fleet_rules, team_files
from blueprint.blueprint import Blueprint
from blueprint.errors import BlueprintError, Problem, Quoted, shown
from blueprint.faults import no_way_out, told
from blueprint.fleet import Fleet
from blueprint.import_fixes import fix_of
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan, fleet_plan
from blueprint.planning.planner import plans
from blueprint.sources import FLEET_FILE, compile_from_source
from blueprint.value import in_order, problems_in


def planned(directory: Path, only: Sequence[str] = ()) -> tuple[Plan, ...]:
    """The plans of the clusters in a directory, or of those named in `only`, and then no other file is imported.

    Raises BlueprintError with the mistakes of all files.
    """
    return plans(*blueprints(directory, only))


def planned_fleet(directory: Path) -> FleetPlan:
    """The fleet of a directory, with the plans of all its clusters.

    Raises BlueprintError with the mistakes of all files.
    """
    found, problems = blueprints(directory)
    by_name = {each.name: each for each in found.values() if isinstance(each.name, str)}
    fleet, of_fleet = _fleet(directory, by_name)
    told = set(map(str, problems))
    more = [each for each in of_fleet if str(each) not in told]
    made = {plan.facts.name: plan for plan in plans(found, [*problems, *more])}
    return fleet_plan(fleet, by_name, made)


def blueprints(directory: Path, only: Sequence[str] = ()) -> tuple[dict[str, Blueprint], list[Problem]]:
    """The same clusters as they are written, by their places in the files, and what is wrong with the files.

    Nothing is imported while a file of a team is more than data.
    """
    compile_from_source(directory)
    paths = _paths(directory)
    files = files_of_clusters(directory)
    rule = "the file name must be a Python name, and in lowercase as the name of a cluster"
    fix = "use lowercase letters, digits and _: prod_eu.py"
    problems = [Problem((), path.stem, rule, fix, _shown(path)) for path in paths if not _NAME.fullmatch(path.stem)]
    if not paths:
        rule, fix = "no cluster files", "add a file for one"
        problems.append(Problem((), Quoted("<empty>"), rule, fix, f"{directory.name}/"))
    for name in only:
        if name not in files:
            rule = f"unknown cluster: no file in {directory.name}/ is named after it"
            stray = next(
                (path for path in _lower(directory) if path.name.partition(".")[0].replace("_", "-") == name), None
            )
            fix = f"write one of {', '.join(files) or '<none>'}"
            if stray:
                fix = f"move {stray.relative_to(directory.parent)} to {directory.name}/{name.replace('-', '_')}.py"
            problems.append(Problem(("CLUSTER",), name, rule, fix))
    code = _code_of_teams(directory)
    fleet: dict[str, Blueprint] = {}
    for name in () if code else only or files:
        if name in files:
            found, unfit = _blueprint(files[name], name)
            fleet |= found
            told = set(map(str, problems))
            problems.extend(each for each in unfit if str(each) not in told)
    return fleet, [*problems, *code]


_NAME = re.compile(r"[a-z_][a-z0-9_]*", re.ASCII)


def _paths(directory: Path) -> list[Path]:
    return [path for path in sorted(directory.glob("*.py")) if path.name not in ("__init__.py", FLEET_FILE)]


def files_of_clusters(directory: Path) -> dict[str, Path]:
    """The files of clusters, by the names of these."""
    return {path.stem.replace("_", "-"): path for path in _paths(directory) if _NAME.fullmatch(path.stem)}


def _code_of_teams(directory: Path) -> list[Problem]:
    return team_files.problems(_root(directory / FLEET_FILE) / team_files.FOLDER)


def _fleet(directory: Path, clusters: Mapping[str, Blueprint]) -> tuple[Fleet, list[Problem]]:
    """The one value of its file, and what is wrong with it; an empty one where there is none."""
    path, nothing = directory / FLEET_FILE, Fleet(environments=())
    if _code_of_teams(directory):  # which is told already, and nothing is imported then
        return nothing, []
    if not path.is_file():
        rule = "nobody has said in which order changes reach the clusters"
        return nothing, [Problem((), Quoted("<missing>"), rule, "write FLEET = Fleet(…) there", _shown(path))]
    module = _imported_module(path)
    if not isinstance(module, types.ModuleType):
        return nothing, module
    fleets = {key: value for key, value in vars(module).items() if isinstance(value, Fleet)}
    if len({*map(id, fleets.values())}) != 1:
        rule, fix = "the file must define one fleet", "write FLEET = Fleet(environments=(…))"
        return nothing, [Problem((), Quoted(", ".join(fleets) or "<no Fleet>"), rule, fix, _shown(path))]
    (name, fleet), *_ = fleets.items()
    found = problems_in(fleet)
    found += [*fleet_rules.between_values(fleet, files_of_clusters(directory)), *fleet_rules.overlaps(fleet, clusters)]
    found += fleet_rules.out_of_reach(fleet, clusters)
    return fleet, [problem.below((f"{_shown(path)}: {name}",)) for problem in in_order(fleet, found)]


def _lower(directory: Path) -> list[Path]:
    """Files that Python does not find as a cluster's: in a folder of the directory, or with another ending."""
    found = (path for path in directory.rglob("*.py*") if path.suffix != ".pyc")
    return sorted(path for path in found if path.parent != directory or path.suffix != ".py")


def _blueprint(path: Path, name: str) -> tuple[dict[str, Blueprint], list[Problem]]:
    """The file's blueprint by its place; Blueprint values that it imports from other files have other names.

    One with a wrong name comes with a problem, so that its other mistakes are reported as well.
    """
    module = _imported_module(path)
    if not isinstance(module, types.ModuleType):
        return {}, module
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


def _imported_module(path: Path) -> types.ModuleType | list[Problem]:
    """Runs the file, or says why that cannot be."""
    try:
        with no_way_out():
            return importlib.import_module(".".join(path.relative_to(_root(path)).with_suffix("").parts))
    except BlueprintError as error:  # of a file that several share
        return list(error.problems)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's file may raise
        return [_import_problem(path, error)]


def _imported(path: Path) -> set[str]:
    """Names that the file has from others."""
    tree = ast.parse(path.read_bytes())
    found = (alias for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names)
    return {alias.asname or alias.name for alias in found}


def _import_problem(path: Path, error: BaseException) -> Problem:
    """Python's own words, with the line of the user's file and no traceback."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if Path(frame.filename).resolve() == path.resolve()]
    place = f"{_shown(path)}:{lines[-1]}" if lines and lines[-1] else _shown(path)
    if isinstance(error, SyntaxError) and error.filename:
        root, file = _root(path).resolve(), Path(error.filename).resolve()
        # Also of an add-on that it imports.
        if file.is_relative_to(root) and file.suffix == ".py":
            place = f"{file.relative_to(root)}:{error.lineno}" if error.lineno else str(file.relative_to(root))
    fix = fix_of(error, _root(path)) or "correct it"
    return Problem((), told(error), "Python cannot import the file", fix, place)


def _shown(path: Path) -> str:
    return path.relative_to(_root(path)).as_posix()


def _root(path: Path) -> Path:
    """The project's folder: the first above the file's own that is no package."""
    return next(folder for folder in path.parents[1:] if not (folder / "__init__.py").exists())
