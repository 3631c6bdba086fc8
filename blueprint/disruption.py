"""When Karpenter may take nodes away. https://karpenter.sh/docs/concepts/disruption

Patterns are those of the definition, karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.sh_nodepools.yaml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from blueprint.errors import Problem
from blueprint.fields import UNIQUE, matches
from blueprint.value import Rule, Value

_NAMED = ("annually", "yearly", "monthly", "weekly", "daily", "midnight", "hourly")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    *((0, 59, ()), (0, 23, ()), (1, 31, ())),
    *((1, 12, _MONTHS), (0, 6, _DAYS)),
)
"""First, last and names of: minute, hour, day of the month, month, day of the week."""


def _is_schedule(text: str) -> bool:
    """As Karpenter reads it, which blocks all disruption by what it cannot read.

    https://github.com/robfig/cron/blob/v3.0.1/parser.go (ParseStandard, getRange); karpenter pkg/apis/v1/nodepool.go
    """
    if text.startswith("@"):
        return text[1:] in _NAMED
    fields = text.split(" ")
    return len(fields) == len(_FIELDS) and all(
        _is_range(part, *bounds) for field, bounds in zip(fields, _FIELDS, strict=True) for part in field.split(",")
    )


def _is_range(text: str, first: int, last: int, names: tuple[str, ...]) -> bool:
    found = re.fullmatch(r"(?:[*?]|(\w+)(?:-(\w+))?)(?:/([1-9]\d*))?", text, re.ASCII)
    if found is None:
        return False

    def number(word: str) -> int:
        if word.lower() in names:
            return names.index(word.lower()) + first
        return int(word) if word.isdecimal() else -1

    start, end, _ = found.groups()
    if start is None:
        return True
    return first <= number(start) <= number(end or start) <= last


Schedule = Annotated[
    str,
    Rule(
        _is_schedule,
        "must be a schedule of cron: minute, hour, day of the month, month, day of the week, in UTC",
        'write for example "0 9 * * mon-fri", or "@daily"',
    ),
]
Hours = Annotated[
    str,
    matches(r"(?!0)\d+[hm]|(?!0)\d+h\d+m", "must be hours and minutes", 'write for example "8h", "90m" or "1h30m"'),
]
QuietTime = Annotated[
    str,
    matches(
        r"(\d+[smh])+|Never",
        "must be a time in hours, minutes and seconds, or Never",
        'write for example "5m", "1h30m" or "Never"',
    ),
]
ConsolidationPolicy = Literal["WhenEmpty", "WhenEmptyOrUnderutilized", "Balanced"]


class DisruptionBudget(Value):
    """How many nodes of a pool may go at a time when it is Karpenter that wants them away.

    Of several that are in force, the strictest counts. None holds back what replaces nodes by force: their age
    (`expire_after_hours`), interruptions of spot capacity, repair.
    """

    nodes: Annotated[
        str,
        matches(r"(100|\d{1,2})%|\d+", "must be a number of nodes, or a percentage", 'write for example "10%" or "0"'),
    ] = "10%"
    """At most so many, as a number or a part of the pool's nodes; 0 holds all back."""
    reasons: Annotated[tuple[Literal["Drifted", "Empty", "Underutilized"], ...], UNIQUE] = ()
    """All when empty. Drifted is what a new image is rolled out by."""
    schedule: Schedule | None = None
    """When it comes into force, in UTC; always in force without. At other times it holds nothing back."""
    duration: Hours | None = None
    """How long it then stays in force."""

    def problems(self) -> Iterator[Problem]:
        if (self.schedule is None) is not (self.duration is None):
            missing = "duration" if self.duration is None else "schedule"
            rule = "schedule and duration go together"
            yield Problem((missing,), None, rule, 'write for example schedule="0 9 * * mon-fri", duration="8h"')

    def document(self) -> dict[str, Any]:
        """An entry of a NodePool's `budgets`."""
        found: dict[str, Any] = {"nodes": self.nodes}
        if self.reasons:
            found["reasons"] = sorted(self.reasons)
        if self.schedule:
            found |= {"schedule": self.schedule, "duration": self.duration}
        return found
