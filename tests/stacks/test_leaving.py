"""A cluster whose stacks retain all that they made: docs/leaving.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from tests.blueprint.examples import SMALL
from tests.stacks.fleet import fleet_plans
from tests.templates import Template, Templates, synthesized

POLICIES = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}
"""https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-deletionpolicy.html"""
KINDS = ("managed", "argo-delivery", "flux-delivery", "argo-spoke", "existing-vpc", "capabilities")
"""Those that differ in who delivers, and in whose the network is."""


def split(template: Template) -> tuple[dict[str, Any], dict[str, Mapping[str, Any]]]:
    """The template without policies, and these by logical ids."""
    resources = template["Resources"]
    rest = {id: {key: of[key] for key in of if key not in POLICIES} for id, of in resources.items()}
    return {**template, "Resources": rest}, {id: {key: of.get(key) for key in POLICIES} for id, of in resources.items()}


def check(before: Templates, plans: Sequence[Plan], out: Path) -> None:
    after = synthesized([replace(each, retain=True) for each in plans], out)
    names = {each.facts.name for each in plans}
    assert after.keys() == {place for place in before if place[0] in names}
    for place, template in after.items():
        was, _ = split(before[place])
        rest, policies = split(template)
        assert rest == was, place
        assert {id: found for id, found in policies.items() if found != POLICIES} == {}, place


def test_each_resource_has_both_policies_and_nothing_else_differs(fleet: Templates, tmp_path: Path) -> None:
    check(fleet, [fleet_plans()[name] for name in KINDS], tmp_path)


@pytest.mark.thorough
def test_so_it_is_of_every_kind_of_cluster(fleet: Templates, tmp_path: Path) -> None:
    check(fleet, [*fleet_plans().values()], tmp_path)


def test_without_it_most_of_a_cluster_goes_with_its_stacks(fleet: Templates) -> None:
    policies = [each for (cluster, _), one in fleet.items() if cluster == "managed" for each in split(one)[1].values()]
    kept = [each for each in policies if each == POLICIES]
    assert 0 < len(kept) < len(policies) / 4


def test_the_blueprint_says_so() -> None:
    assert [plan(replace(SMALL, retain=said)).retain for said in (False, True)] == [False, True]
