"""A blueprint, checked once: what is wrong with it, and a view without that, from which all else follows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any, TypeVar

from blueprint.access import Principal
from blueprint.addons import Addon
from blueprint.asking import Asked, answers_of
from blueprint.blueprint import Blueprint
from blueprint.cluster import Cluster
from blueprint.compute import Compute
from blueprint.errors import FieldPath, Problem
from blueprint.hints import lacking_in
from blueprint.network import NewNetwork
from blueprint.teams.contract import Team
from blueprint.value import Value, faults_of, problems_in
from blueprint.versions import DEFAULT

T = TypeVar("T")

# No rule finds anything wrong with these, whatever the user's other fields are: ranges for benchmarks (RFC 2544), in
# which no VPC and no Services are, and a region of which no key is a foreign one.
_STAND_IN = Blueprint(
    name="cluster",
    account="000000000000",
    region="",
    network=NewNetwork(cidr="198.18.0.0/16"),
    cluster=Cluster(version=DEFAULT, admins=(), service_cidr="198.19.0.0/16"),
    compute=(),
)


@dataclass(frozen=True)
class Checked:
    """What a blueprint says without its mistakes, and where it says that."""

    problems: tuple[Problem, ...]
    blueprint: Blueprint
    """Broken items are left out of their tuples, and other broken fields have a stand-in."""
    compute: Mapping[FieldPath, Compute]
    addons: Mapping[FieldPath, Addon]
    listed_addons: Mapping[FieldPath, Addon]
    """With those that have a wrong field: what an add-on is stands in its class."""
    teams: Mapping[FieldPath, Team]
    admins: Mapping[FieldPath, Principal]
    knows_all_addons: bool
    """Whether everything among the add-ons is one, so that what is not found there is missing indeed."""

    def knows(self, *path: str) -> bool:
        """Whether the view has the value that the user wrote in a field."""
        enclosing = [path[:length] for length in range(1, len(path) + 1)]
        return not any(problem.path in enclosing for problem in self.problems)

    def knows_all(self, field: str) -> bool:
        """Whether nothing is left out there, so that what is not found is missing indeed."""
        return not any(problem.path[:1] == (field,) for problem in self.problems)


def checked(blueprint: Blueprint) -> Checked:
    """Checks all values in it; what comes after reads the view and checks no value again."""
    problems = problems_in(blueprint)
    problems += _unfit([problem.path for problem in problems], blueprint)
    broken = [problem.path for problem in problems]
    listed = {path: addon for path, addon in _placed(blueprint.addons, ("addons",)).items() if _is_addon(addon)}
    cluster = blueprint.cluster if isinstance(blueprint.cluster, Cluster) else _STAND_IN.cluster
    return Checked(
        problems=tuple(problems),
        blueprint=_without(broken, blueprint, _STAND_IN, ()),
        compute=_unbroken(broken, blueprint.compute, ("compute",)),
        addons=_unbroken(broken, blueprint.addons, ("addons",)),
        listed_addons=listed,
        teams=_unbroken(broken, blueprint.teams, ("teams",)),
        admins=_unbroken(broken, cluster.admins, ("cluster", "admins")),
        knows_all_addons=type(blueprint.addons) is tuple and len(listed) == len(blueprint.addons),
    )


def _unfit(broken: Sequence[FieldPath], blueprint: Blueprint) -> list[Problem]:
    """Of add-ons, teams and their workloads, where fields are right, what their classes say wrong."""
    addons = {p: each for p, each in _unbroken(broken, blueprint.addons, ("addons",)).items() if _is_addon(each)}
    teams = _unbroken(broken, blueprint.teams, ("teams",))
    workloads = {
        (*path, "workloads", index): workload
        for path, team in teams.items()
        for index, workload in enumerate(getattr(team, "workloads", ()))
    }
    parts: dict[FieldPath, Asked] = {**addons, **workloads, **teams}
    return [problem.below(path) for path, part in parts.items() for problem in answers_of(part, addons.values())]


def _without(broken: Sequence[FieldPath], value: Any, stand_in: Any, path: FieldPath) -> Any:
    """The value with the other's in the place of what is broken in it."""
    if not _is_broken(broken, path):
        return value
    if isinstance(stand_in, Value) and isinstance(value, type(stand_in)):
        names = [field.name for field in fields(stand_in)]
        found = {name: _without(broken, getattr(value, name), getattr(stand_in, name), (*path, name)) for name in names}
        return replace(value, **found)
    if type(value) is tuple and path not in broken:
        return tuple(_unbroken(broken, value, path).values())
    return stand_in


def _unbroken(broken: Sequence[FieldPath], items: tuple[T, ...], path: FieldPath) -> dict[FieldPath, T]:
    return {own: item for own, item in _placed(items, path).items() if not _is_broken(broken, own)}


def _placed(items: tuple[T, ...], path: FieldPath) -> dict[FieldPath, T]:
    return {(*path, index): item for index, item in enumerate(items if type(items) is tuple else ())}


def _is_broken(broken: Sequence[FieldPath], path: FieldPath) -> bool:
    """Whether there is a mistake there, or in a part of it."""
    return any(each[: len(path)] == path for each in broken)


def _is_addon(value: object) -> bool:
    cls: Any = type(value)  # mypy takes a class whose instances define __hash__ for unhashable
    if not isinstance(value, Addon) or lacking_in(cls) or faults_of(cls):
        return False
    return isinstance(value.name, str)  # one that a user gives may be wrong
