"""Quotas and limits that give a namespace much more than it had.

https://kubernetes.io/docs/concepts/policy/resource-quotas, https://kubernetes.io/docs/concepts/policy/limit-range
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from blueprint.quantity import amount
from tools.review.dangers.danger import Weaknesses, step

_Object = Mapping[str, Any]

MUCH = 4
"""So many times as much is more than growth: teams double what they have, and those who run a cluster for several give
none of them four times as much in one step without adding nodes. A slip of the hand is a zero more: ten times."""


_CUSTOM = re.compile(r"count/[a-z0-9-]+\.(?!.*k8s\.io$)[a-z0-9-]+(\.[a-z0-9-]+)+")


def weaker_quota(before: _Object, after: _Object) -> Weaknesses:
    """What may be claimed without end, or much more of it."""
    one, other = (each.get("spec", {}) for each in (before, after))
    before, after = (each.get("hard") or {} for each in (one, other))
    # Of custom objects there is a limit for as long as a role of the team may make them.
    known = {name: each for name, each in before.items() if name in after or not _CUSTOM.fullmatch(name)}
    yield from _more("hard", known, after)
    for name in ("scopes", "scopeSelector"):
        if other.get(name) and other.get(name) != one.get(name):
            yield "it counts less than before", step(name, one.get(name), other[name])


def weaker_limits(before: _Object, after: _Object) -> Weaknesses:
    """What a container gets that does not say, and the most that it may say."""
    one, other = ({each["type"]: each for each in found.get("spec", {}).get("limits", ())} for found in (before, after))
    for kind, old in one.items():
        new = other.get(kind, {})
        for what in ("default", "max"):
            yield from _more(f"{kind}.{what}", old.get(what) or {}, new.get(what) or {})


def _more(name: str, before: Mapping[str, str], after: Mapping[str, str]) -> Weaknesses:
    for resource, old in before.items():
        if resource not in after:
            yield f"no limit of {resource} holds any more", step(f"{name}.{resource}", old, None)
            continue
        least, most = (amount(str(each)) for each in (old, after[resource]))
        if least is None or most is None or most <= least:
            continue
        if least == 0 or most > MUCH * least:
            times = f"{float(most / least):.3g} times as much" if least else "what there was none of"
            yield f"{resource}: {times}", step(f"{name}.{resource}", old, after[resource])
