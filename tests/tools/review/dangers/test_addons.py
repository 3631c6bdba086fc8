"""Add-ons that go, with what stands on them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blueprint.contribution import Contribution
from blueprint.planning.document import Part, Plan, Skipped
from tests.plans import planned
from tests.tools.review.dangers.support import Resources, resource, stack_of, stacks_differing
from tools.assembly import CHART
from tools.review.dangers import dangers
from tools.review.dangers.addons import Plans
from tools.revision.differences import ClusterDifference

LOST = "no pod finds another by its name"
HERE = Part("names", "Names", Contribution(), lost=LOST)
ALONE = Part("names", "Names", Contribution())
OTHER = Part("other", "Other", Contribution(), lost="nothing that counts here")
RESOURCES: Resources = {
    "Role": resource("AWS::IAM::Role"),
    "Chart": resource(CHART),
    "Other": resource(CHART),
}
PATHS = {"Role": "names/role", "Chart": "names/release-names", "Other": "other/release-names"}


def with_parts(*parts: Part, skipped: tuple[Skipped, ...] = ()) -> Plan:
    return replace(planned(), addons=parts, skipped=skipped)


def without(*ids: str) -> ClusterDifference:
    rest = {id: each for id, each in RESOURCES.items() if id not in ids}
    return stacks_differing((stack_of(RESOURCES, paths=PATHS), stack_of(rest, paths=PATHS)))


GONE = without("Role", "Chart")
SKIPPED = (Skipped("names", "Auto Mode brings them"),)
CASES: list[tuple[ClusterDifference, Plans, list[str]]] = [
    (GONE, (with_parts(HERE, OTHER), with_parts(OTHER)), ["Chart"]),
    (without("Role"), (with_parts(HERE), with_parts()), ["Role"]),
    (GONE, (with_parts(ALONE), with_parts()), []),
    (GONE, (with_parts(HERE), with_parts(ALONE)), []),
    (GONE, (with_parts(HERE), with_parts(skipped=SKIPPED)), []),
    (GONE, (with_parts(), with_parts(HERE)), []),
    (GONE, (None, with_parts()), []),
    (GONE, (with_parts(HERE), None), []),
]


@pytest.mark.parametrize(("difference", "plans", "expected"), CASES)
def test_removal(difference: ClusterDifference, plans: Plans, expected: list[str]) -> None:
    found = [danger for danger in dangers(difference, plans) if danger.rule == "removes-addon"]
    assert [danger.id for danger in found] == expected
    assert all(danger.what == f"names goes: {LOST}" for danger in found)


def test_every_addon_says_what_goes_with_it(plans: tuple[Plan, ...]) -> None:
    """One that people alone look at says nothing."""
    silent = {part.name for plan in plans for part in plan.addons if not part.lost}
    assert silent <= {"eks-node-monitoring-agent"}
