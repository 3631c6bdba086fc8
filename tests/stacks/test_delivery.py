"""What stays in the templates of a cluster whose charts and objects come from Git, and the way there and back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.core import CORE
from addons.flux import Flux
from addons.karpenter import Karpenter
from blueprint import ArgoCdDelivery, Blueprint, FluxDelivery, KubectlProvider
from blueprint.delivery import Delivery
from blueprint.planning.document import Plan
from blueprint.planning.file import dumped
from blueprint.planning.planner import plan
from tests.blueprint.examples import SMALL, TEAM
from tools.assembly import CHART, MANIFEST, Assembly, Stack, objects, read, text
from tools.gitops.assembly import is_from_git, with_git
from tools.review.dangers import Danger, dangers
from tools.revision.differences import differences
from tools.synthesis import synthesize

ADDONS = (*CORE, Karpenter(), ArgoCd(domain="argocd.example.com"), Flux())
BASE = replace(SMALL, addons=ADDONS, teams=(TEAM,))
DELIVERIES: dict[str, Delivery] = {
    "kubectl": KubectlProvider(),
    "retained": KubectlProvider(retain=True),
    "argo-cd": ArgoCdDelivery("https://git.example.com/platform"),
    "argo-cd retained": ArgoCdDelivery("https://git.example.com/platform", retain=True),
    "flux": FluxDelivery("https://git.example.com/platform"),
}
PLANS = {name: plan(replace(BASE, delivery=delivery)) for name, delivery in DELIVERIES.items()}
IN_CLUSTER = (CHART, MANIFEST)


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    """The same cluster, delivered each way."""
    found = {}
    for name, made in PLANS.items():
        folder = tmp_path_factory.mktemp("way")
        synthesize([made], folder, validate=False)
        found[name] = read(folder)
    return found


def of(assembly: Assembly, name: str) -> Stack:
    (stacks,) = assembly.values()
    return next(stack for stack in stacks if stack.name == name)


def kinds(stack: Stack) -> list[str]:
    return sorted(one["kind"] for resource in stack.of_type(MANIFEST).values() for one in objects(resource))


@pytest.mark.parametrize(("way", "charts"), [("argo-cd", ["argo-cd"]), ("flux", ["flux"])])
def test_charts_and_objects_leave_but_for_the_engine(ways: dict[str, Assembly], way: str, charts: list[str]) -> None:
    addons, teams = (of(ways[way], name) for name in ("addons", "teams"))
    assert [each["Properties"]["Release"] for each in addons.of_type(CHART).values()] == charts
    assert teams.of_type(CHART) == {}
    root = ["Application"] if way == "argo-cd" else ["ConfigMap", "Kustomization"]
    first = ["AppProject", "Secret"] if way == "argo-cd" else ["GitRepository"]
    assert kinds(addons) == sorted(["Namespace", *first, *root])
    assert kinds(teams) == root[-1:]


@pytest.mark.parametrize("way", DELIVERIES)
def test_what_is_aws_s_is_the_same_whoever_delivers(ways: dict[str, Assembly], way: str) -> None:
    """Under the same logical ids, so that nothing is made anew."""
    for name in ("network", "cluster", "addons", "teams"):
        before, after = (
            {id: each["Type"] for id, each in of(ways[one], name).resources.items() if each["Type"] not in IN_CLUSTER}
            for one in ("kubectl", way)
        )
        assert before == after


@pytest.mark.parametrize(("way", "kept"), [("kubectl", False), ("retained", True), ("argo-cd retained", True)])
def test_what_is_retained(ways: dict[str, Assembly], way: str, kept: bool) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-deletionpolicy.html"""
    found = [each for name in ("addons", "teams") for each in of(ways[way], name).resources.values()]
    policies = {each["DeletionPolicy"] for each in found if each["Type"] in IN_CLUSTER}
    assert policies == {"Retain" if kept else "Delete"}


def test_the_first_objects_come_last_and_know_what_aws_decided(ways: dict[str, Assembly]) -> None:
    addons = of(ways["argo-cd"], "addons")
    (id,) = (id for id, path in addons.paths.items() if path.startswith("Git/"))
    first = addons.resources[id]
    others = {other for other, each in addons.resources.items() if each["Type"] != MANIFEST} - {"CDKMetadata"}
    assert {*first["DependsOn"]} >= others
    (root,) = (one for one in objects(first) if one["kind"] == "Application")
    facts = root["spec"]["source"]["helm"]["valuesObject"]["facts"]
    queue = facts["queue-name:karpenter-interruption"]
    assert queue.endswith(".QueueName}")
    assert addons.resources[queue[2:].partition(".")[0]]["Type"] == "AWS::SQS::Queue"
    assert "${blueprint:" not in json.dumps([*map(text, (each["Properties"]["Manifest"] for each in (first,)))])


def told(ways: dict[str, Assembly], before: str, after: str) -> list[Danger]:
    """What the guard and the review would be told."""
    pair = (PLANS[before], PLANS[after])
    old, new = (
        with_git(ways[name], {made.facts.name: dumped(made)}) for name, made in zip((before, after), pair, strict=True)
    )
    return [each for one in differences(old, new) for each in dangers(one, pair)]


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        ("kubectl", "retained", None),
        ("retained", "argo-cd", None),
        ("retained", "flux", None),
        ("argo-cd retained", "kubectl", None),
        ("kubectl", "argo-cd", "retain=True"),
        ("kubectl", "flux", "retain=True"),
        ("argo-cd", "kubectl", "retain=True"),
        ("argo-cd", "flux", "KubectlProvider()"),
    ],
)
@pytest.mark.thorough
def test_the_way_takes_two_deploys(ways: dict[str, Assembly], before: str, after: str, refused: str | None) -> None:
    """What stays of an engine that is left is said, with the command that removes it."""
    found = [each for each in told(ways, before, after) if each.rule != "keeps-objects"]
    assert [each.rule for each in found] == (["changes-delivery"] if refused else [])
    assert all(str(refused) in each.fix for each in found)


def edited(blueprint: Blueprint) -> tuple[Plan, Plan]:
    return PLANS["argo-cd"], plan(replace(blueprint, delivery=DELIVERIES["argo-cd"]))


def told_of_git(ways: dict[str, Assembly], blueprint: Blueprint) -> list[Danger]:
    """Of a change of which templates show nothing but the first objects."""
    pair = edited(blueprint)
    old, new = (with_git(ways["argo-cd"], {made.facts.name: dumped(made)}) for made in pair)
    return [each for one in differences(old, new) for each in dangers(one, pair)]


def test_changes_in_git_are_told_as_those_in_templates_are(ways: dict[str, Assembly]) -> None:
    """An add-on that goes, and a quota: https://argo-cd.readthedocs.io/en/stable/user-guide/auto_sync/ (pruning)"""
    without = tuple(addon for addon in ADDONS if not isinstance(addon, Karpenter))
    assert "removes-addon" in [each.rule for each in told_of_git(ways, replace(BASE, addons=without))]
    assert told_of_git(ways, BASE) == []


def test_a_namespace_that_leaves_git_is_said_to_stay(ways: dict[str, Assembly]) -> None:
    """Flux does not prune it, and Argo CD asks somebody first."""
    found = told_of_git(ways, replace(BASE, teams=()))
    assert not [each for each in found if each.rule == "deletes-state"]


def test_only_git_adds_resources(ways: dict[str, Assembly]) -> None:
    documents = {made.facts.name: dumped(made) for made in (PLANS["kubectl"],)}
    assert with_git(ways["kubectl"], documents) == ways["kubectl"]
    assert with_git(ways["argo-cd"], {}) == ways["argo-cd"]
    extended = with_git(ways["argo-cd"], {"dev": dumped(PLANS["argo-cd"])})
    more: dict[str, Any] = {id: each for id, each in of(extended, "addons").resources.items() if is_from_git(id)}
    assert {each["Properties"].get("Release") for each in more.values()} >= {"karpenter", "karpenter-crd"}
    assert Path(next(iter(of(extended, "teams").paths.values()))).parts
