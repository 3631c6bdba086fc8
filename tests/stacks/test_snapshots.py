"""What stacks and add-ons consist of. `make snapshots` accepts a change; read the diff before."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from blueprint.planning.document import Plan
from tests.stacks.fleet import FLEET, plans_of_examples
from tests.templates import readable
from tools.assembly import Assembly, Stack

PLANS = plans_of_examples()
_IN_TEMPLATES = [plan for plan in PLANS.values() if not plan.delivery]
ADDONS = {
    part.name: plan
    for plan in (*(plan for plan in PLANS.values() if plan.delivery), *reversed(_IN_TEMPLATES))
    for part in plan.addons
    if part.contribution.managed_addons or part.contribution.reaches_cluster
}
"""The add-ons of the examples, each with one that has it, in its templates if there is such a one."""


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """One JSON file for each test."""
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("name", ["network", "cluster", "teams"])
def test_stack(name: str, assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    """Whole, of one cluster; what it has of add-ons stands below."""
    (stack,) = (each for each in assembly["prod"] if each.name == name)
    own = {id: body for id, body in stack.resources.items() if _addon(stack, id) not in ADDONS}
    assert readable({**stack.template, "Resources": own}) == snapshot


@pytest.mark.parametrize("addon", sorted(ADDONS))
def test_what_an_addon_adds(addon: str, assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    """Its resources, by the paths of their constructs."""
    plan = ADDONS[addon]
    found = {
        f"{stack.name}/{stack.paths[id]}": body
        for stack in assembly[plan.facts.name]
        for id, body in stack.resources.items()
        if _addon(stack, id) == addon
    }
    assert found
    assert _without_versions(readable(found), plan, addon) == snapshot


@pytest.mark.parametrize("name", ["network", "cluster", "addons", "teams"])
def test_logical_ids(name: str, assembly: Assembly, snapshot: SnapshotAssertion) -> None:
    """Of all examples: what gets another id is made anew, and deleted."""
    stacks = [stack for cluster in assembly.values() for stack in cluster if stack.name == name]
    assert sorted({id for stack in stacks for id in stack.resources}) == snapshot


def test_the_examples_have_every_kind_of_cluster() -> None:
    replicas = {"dev", "prod", "prod-eu"}
    assert set(PLANS) - replicas == {blueprint.name for blueprint in FLEET}


def _addon(stack: Stack, id: str) -> str:
    """Whose a resource is: `vpc-cni` of `Addons/vpc-cni:role`, or of `vpc-cni/objects` in the stack of add-ons."""
    first, _, rest = stack.paths.get(id, id).partition("/")
    if stack.name == "addons":
        return first
    return rest.partition(":")[0] if first in ("Addons", "AddonsBeforeNodes") else ""


def _without_versions(data: Any, plan: Plan, addon: str) -> Any:
    """They move each week, and stand in the lock."""
    (part,) = (part for part in plan.addons if part.name == addon)
    installed = part.contribution
    versions = [each.version for each in installed.managed_addons]
    versions += [each.chart.version for each in installed.releases]
    pattern = "|".join(rf'(?<="){re.escape(version)}(?=")' for version in versions)
    return json.loads(re.sub(pattern, "<version>", json.dumps(data))) if versions else data
