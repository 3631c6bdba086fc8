"""What an add-on or a team answers about a cluster. Whoever wrote it may be wrong, and then a report says so."""

from __future__ import annotations

import traceback
from functools import cache
from pathlib import Path
from typing import Any, get_type_hints

from blueprint.addons import Addon
from blueprint.contribution import Contribution
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.facts import ClusterFacts
from blueprint.teams.contract import Team
from blueprint.value import misfits

_OWN = Path(__file__).parents[1]
"""Where no add-on and no team of a user stands."""


def contribution_of(part: Addon | Team, facts: ClusterFacts) -> Contribution | list[Problem]:
    """What the part adds to the cluster, or what is wrong with it, with paths from the part."""
    hook = "problems_on"
    try:
        if unfit := list(part.problems_on(facts)):
            strange = [each for each in unfit if not isinstance(each, Problem)]
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
    except (Exception, SystemExit) as error:  # noqa: BLE001  # whatever a user's code may raise
        words = f"{type(error).__name__}: {_words(error)}"
        return [_problem(part, hook, Quoted(words), FAILS, f"correct {_place(error) or 'what its methods give'}")]


FAILS = "does not come to an end"
"""Of a hook: the rule that it breaks by raising."""


@cache
def _fields() -> dict[str, Any]:
    return get_type_hints(Contribution)


def _problem(part: Addon | Team, hook: str, value: object, rule: str, fix: str) -> Problem:
    return Problem((), value, f"{type(part).__name__}.{hook}() {rule}", fix)


def _words(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001  # a user's own __str__ may fail
        return "its str() fails"


def _place(error: BaseException) -> str:
    """The last line that is not of this project's model: `addons/podinfo.py:12`; empty where there is none."""
    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame for frame in frames if _OWN not in Path(frame.filename).parents]
    if not theirs:
        return ""
    path = Path(theirs[-1].filename)
    return f"{path.parent.name}/{path.name}:{theirs[-1].lineno}"
