"""Add-ons that go, and with them what others stand on, as each says of itself in the plan."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.planning.document import Part, Plan
from tools.assembly import CHART
from tools.review.dangers.danger import Danger, danger
from tools.revision.differences import Change, ClusterDifference

Plans = tuple[Plan | None, Plan | None]
"""Of a cluster before and after, as far as there is one and it can be read."""

_RULE = "removes-addon"
_ADDON = "AWS::EKS::Addon"


def removed(difference: ClusterDifference, plans: Plans) -> Iterator[Danger]:
    """One that is in the plan no more, unless Auto Mode brings its work."""
    before, after = plans
    if before is None or after is None:
        return
    stays = {part.name for part in after.addons} | {skipped.name for skipped in after.skipped}
    for part in before.addons:
        if part.lost and part.name not in stays and (change := _change(difference, part)):
            why = f"{part.name} is no longer among the add-ons"
            fix = "first move away what stands on it, and remove it in a change of its own"
            yield danger(_RULE, change, f"{part.name} goes: {part.lost}", why, fix)


def _change(difference: ClusterDifference, part: Part) -> Change | None:
    """The resource that goes with it: what EKS or Helm installs, or any of its own."""
    own = [each for each in difference.changes if part.name in each.path.split("/") and each.after is None]
    return next((each for each in own if each.type in (_ADDON, CHART)), own[0] if own else None)
