"""Another delivery: what leaves the templates is uninstalled, unless CloudFormation was told to leave it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from blueprint.planning.document import GitDelivery, Plan
from tools.assembly import CHART, MANIFEST
from tools.gitops.assembly import is_from_git
from tools.review.dangers.addons import Plans
from tools.review.dangers.danger import Danger, danger_of
from tools.revision.differences import ClusterDifference

_TOLD = frozenset({"changes-owner", "renames-resource"})
"""Rules that tell the same of each object and release that goes from a template to Git, or back."""
_NAMES = {None: "KubectlProvider", "argoproj.io": "ArgoCdDelivery", "fluxcd.io": "FluxDelivery"}


def changes_delivery(difference: ClusterDifference, plans: Plans) -> Iterator[Danger]:
    """Once of a cluster, with the first thing that would go."""
    before, after = plans
    if before is None or after is None or not _differ(before, after):
        return
    gone = [
        change
        for change in difference.changes
        if change.type in (CHART, MANIFEST) and change.impact == "delete" and not is_from_git(change.id)
    ]
    old, new = (_NAMES[plan.delivery.engine if plan.delivery else None] for plan in plans if plan)
    if before.delivery and after.delivery:
        what = "two engines would keep the same objects: the first one stays, with all that it has to apply"
        fix = "go by way of delivery=KubectlProvider(), in deploys of their own"
        yield _danger(difference, what, f"{old} becomes {new}", fix)
    elif after.delivery and after.delivery.hub and not gone:
        what = (
            "the function with kubectl goes before the stacks of add-ons and teams, which refer to it: the deploy fails"
        )
        fix = f"deploy these two alone first: cdk deploy --exclusively '{before.facts.name}/teams' '…/addons'"
        yield _danger(difference, what, f"{old} becomes {new} of a hub", fix)
    elif gone:
        what = f"{len(gone)} charts and manifests are uninstalled, {gone[0].path} for example, and come again later"
        fix = f"first deploy delivery={old}(…, retain=True), which leaves them in the cluster, and then change it"
        yield _danger(difference, what, f"{old} becomes {new}", fix)


def without_what_moves(found: Iterable[Danger], plans: Plans) -> Iterator[Danger]:
    """The dangers, without those that tell of one move what `changes_delivery` tells of all."""
    before, after = plans
    moves = before is not None and after is not None and _differ(before, after)
    yield from (each for each in found if not (moves and each.rule in _TOLD))


def _differ(before: Plan, after: Plan) -> bool:
    return _engine(before.delivery) != _engine(after.delivery)


def _engine(delivery: GitDelivery | None) -> tuple[str, str] | None:
    """Which it is, and of which cluster."""
    return (delivery.engine, delivery.hub) if delivery else None


def _danger(difference: ClusterDifference, what: str, why: str, fix: str) -> Danger:
    stack = difference.stacks[-1].stack
    return danger_of("changes-delivery", stack, "delivery", MANIFEST, what, why, fix)
