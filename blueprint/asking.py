"""What add-ons, teams and workloads answer. Whoever wrote one may be wrong, and then a report says so."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any, get_type_hints

from blueprint.addons import Addon, UpgradeSteps
from blueprint.contribution import Contribution
from blueprint.errors import BlueprintError, Problem
from blueprint.facts import ClusterFacts
from blueprint.faults import FAILS, place, told
from blueprint.off_aws import OffAws
from blueprint.teams.contract import Team
from blueprint.teams.workloads import TeamWorkload
from blueprint.value import misfits

Asked = Addon | Team | TeamWorkload


def answers_of(part: Asked, others: Iterable[Addon] = ()) -> Iterator[Problem]:
    """What is wrong with what the part says of itself and, an add-on, of the others of its cluster.

    A plan reads these answers in many places, so each is asked once before; paths are from the part.
    """
    contracts: tuple[type[Asked], ...] = (Addon, Team, TeamWorkload)
    contract: Any = next(each for each in contracts if isinstance(part, each))  # mypy takes it for unhashable
    for name, hint in _answers(contract).items():
        yield from _asked(part, name, hint)
    if isinstance(part, Addon):
        for other in others:
            if found := _asked(part, "follows", bool, other):
                yield from found
                return


def contribution_of(part: Addon | Team, facts: ClusterFacts) -> Contribution | list[Problem]:
    """What the part adds to the cluster, or what is wrong with it, with paths from the part."""
    hook = "problems_on"
    try:
        if unfit := list(part.problems_on(facts)):
            strange = [each for each in unfit if not isinstance(each, Problem)][:1]
            return [_problem(part, hook, each, "must give Problems", "yield Problem(…)") for each in strange] or unfit
        hook = "contribute"
        made: object = part.contribute(facts)
        if not isinstance(made, Contribution):
            return [_problem(part, hook, made, "must give a Contribution", "return one at its end")]
        for name, hint in _fields().items():
            for found in misfits(getattr(made, name), hint, (name,)):
                return [_problem(part, hook, found.value, f"gives {name}, which {found.rule}", found.fix)]
        return made.portable()
    except BlueprintError as error:
        return list(error.problems)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's code may raise
        return [_failed(part, hook, error)]


def off_aws_of(addon: Addon, facts: ClusterFacts, brought: Contribution) -> OffAws | list[Problem]:
    """What becomes of the add-on where there is no AWS, or what is wrong with that."""
    return _asked(addon, "off_aws", OffAws, facts, brought) or addon.off_aws(facts, brought)


def steps_of(addon: Addon, facts: ClusterFacts, to: str) -> UpgradeSteps | list[Problem]:
    """What the add-on asks of people who upgrade its cluster, or what is wrong with that."""
    return _asked(addon, "upgrade_steps", UpgradeSteps, facts, to) or addon.upgrade_steps(facts, to)


@cache
def _fields() -> dict[str, Any]:
    return get_type_hints(Contribution, include_extras=True)


@cache
def _answers(contract: type[Asked]) -> dict[str, Any]:
    """Members of the contract that answer without being told of a cluster, and what they must give."""
    found = {}
    for name, member in vars(contract).items():
        function = member.fget if isinstance(member, property) else member
        if not inspect.isfunction(function) or name == "problems" or name.startswith("_"):
            continue
        if [*inspect.signature(function).parameters] == ["self"]:
            found[name] = get_type_hints(function, include_extras=True)["return"]
    return found


def _asked(part: Asked, hook: str, hint: Any, *about: object) -> list[Problem]:
    try:
        member = getattr(part, hook)
        given = member(*about) if inspect.ismethod(member) else member
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001  # whatever a user's code may raise
        return [_failed(part, hook, error)]
    unfit = misfits(given, hint, ())
    return [_problem(part, hook, found.value, f"gives what {found.rule}", found.fix) for found in unfit[:1]]


def _failed(part: Asked, hook: str, error: BaseException) -> Problem:
    return _problem(part, hook, told(error), FAILS, f"correct {place(error) or 'what its methods give'}")


def _problem(part: Asked, hook: str, value: object, rule: str, fix: str) -> Problem:
    return Problem((), value, f"{type(part).__name__}.{hook}() {rule}", fix)
