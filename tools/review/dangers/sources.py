"""Charts that come from somebody else than before: what they install runs with the rights that it had."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from tools.assembly import CHART, Template, text
from tools.review.dangers.danger import Danger, DangerRule, at, danger, step, surviving
from tools.revision.differences import ClusterDifference

_RULE = "changes-source"
_OWN = re.compile(r"oci://(\d{12})\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/")


def charts(difference: ClusterDifference) -> Iterator[Danger]:
    """A release of another chart, or from another address; a registry of the cluster's own account is no stranger's."""
    for change in surviving(difference):
        if change.type != CHART or not change.before or not change.after:
            continue
        before, after = (_source(each) for each in (change.before, change.after))
        own = _OWN.match(after["Repository"])
        moved = before["Repository"] != after["Repository"] and not (own and own[1] == change.stack.account)
        if moved or before["Chart"] != after["Chart"]:
            what = "another chart is installed in its place" if not moved else "it comes from another address"
            why = "; ".join(step(name, before[name], after[name]) for name in before if before[name] != after[name])
            fix = "ask who keeps the chart there, read it, or mirror it in a registry of the account"
            yield danger(_RULE, change, what, why, fix)


def _source(chart: Template) -> Mapping[str, str]:
    """Of an OCI chart the address has its name; neither is the version."""
    return {name: text(at(chart, name) or "") for name in ("Repository", "Chart")}


RULES: tuple[DangerRule, ...] = (charts,)
