"""Charts and objects that fail on the way, and the next attempt, which meets what was left."""

from __future__ import annotations

import re

import pytest

from tests.lifecycle.lab import Lab, World
from tests.lifecycle.templates import alone
from tools.assembly import CHART, MANIFEST, objects

IN_PROGRESS = "another operation (install/upgrade/rollback) is in progress"


def charts(world: World, stack: str, variant: str = "base") -> dict[str, tuple[str, str]]:
    """Name and version of the releases of a stack, by logical id."""
    resources = world.template(stack, variant)["Resources"]
    found = {id: resource["Properties"] for id, resource in resources.items() if resource["Type"] == CHART}
    return {id: (properties["Release"], properties["Version"]) for id, properties in found.items()}


@pytest.mark.parametrize("stack", ["addons", "teams"])
def test_a_release_that_does_not_become_ready_can_be_tried_again(lab: Lab, stack: str) -> None:
    world = lab.world()
    world.put_all(until="addons" if stack == "teams" else "cluster")
    before = world.contents()["releases"]
    found = charts(world, stack)
    assert found
    for id, release in found.items():
        template = alone(world.template(stack), id)
        world.stick(*release)
        assert world.put(stack, template=template) == "ROLLBACK_COMPLETE", release
        assert not any(IN_PROGRESS in reason for reason in world.reasons(stack)), (release, world.reasons(stack))
        assert world.delete(stack) == "DELETE_COMPLETE"
        assert world.contents()["releases"] == before
        world.stick(*release, stuck=False)
        assert world.put(stack, template=template) == "CREATE_COMPLETE", world.reasons(stack)
        assert world.delete(stack) == "DELETE_COMPLETE"


def test_a_newer_release_that_does_not_become_ready_gives_way_to_the_old_one(lab: Lab) -> None:
    world = lab.world()
    world.put_all("grown")
    before = world.contents()["releases"]
    world.stick("cert-manager", "1.20.0")
    assert world.put("addons", "changed") == "UPDATE_ROLLBACK_COMPLETE", world.reasons("addons")
    assert world.contents()["releases"] == before
    world.stick("cert-manager", "1.20.0", stuck=False)
    assert world.put("addons", "changed") == "UPDATE_COMPLETE", world.reasons("addons")


@pytest.mark.parametrize(
    ("timeout", "statuses"), [("900s", {"pending-install"}), ("15m0s", {"pending-install"}), ("600s", set())]
)
def test_a_wait_longer_than_the_function_lives_leaves_a_release_that_nobody_can_touch(
    lab: Lab, timeout: str, statuses: set[str]
) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    # It stands in a namespace that no rollback takes along.
    ((id, release),) = ((id, each) for id, each in charts(world, "addons").items() if each[0] == "karpenter")
    template = alone(world.template("addons"), id)
    template["Resources"][id]["Properties"]["Timeout"] = timeout
    world.stick(*release)
    assert world.put("addons", template=template) == "ROLLBACK_COMPLETE"
    assert {found["status"] for found in world.contents()["releases"]} == statuses
    assert any(IN_PROGRESS in reason for reason in world.reasons("addons")) == bool(statuses)
    world.delete("addons")
    world.stick(*release, stuck=False)
    again = world.put("addons", template=template)
    assert again == ("ROLLBACK_COMPLETE" if statuses else "CREATE_COMPLETE"), world.reasons("addons")


def test_an_upgrade_waits_twice(lab: Lab) -> None:
    world = lab.world()
    world.put_all("grown")
    id = next(id for id, (name, _) in charts(world, "addons", "changed").items() if name == "cert-manager")
    template = world.template("addons", "changed")
    template["Resources"][id]["Properties"]["Timeout"] = "600s"
    world.stick("cert-manager", "1.20.0")
    # What CloudFormation sends back meets the release as well.
    assert world.put("addons", template=template) == "UPDATE_ROLLBACK_FAILED"
    held = {found["name"]: found["status"] for found in world.contents()["releases"]}
    assert held["cert-manager"] == "pending-rollback"


@pytest.mark.parametrize("kind", [CHART, MANIFEST])
@pytest.mark.parametrize("stack", ["addons", "teams"])
def test_what_a_failed_create_left_does_not_stop_the_next_one(lab: Lab, stack: str, kind: str) -> None:
    """The CDK's provider ignores the Delete of a create that failed: nothing takes away what it made."""
    world = lab.world()
    world.put_all(until="addons" if stack == "teams" else "cluster")
    before = world.contents()
    resources = world.template(stack)["Resources"]
    for id in (id for id, resource in resources.items() if resource["Type"] == kind):
        template = alone(world.template(stack), id)
        # All but the one in question is there.
        rest = {key: resource for key, resource in template["Resources"].items() if key != id}
        if rest:
            world.put(stack, template={**template, "Resources": rest})
        world.fail_next(kind, "create", late=True)
        assert re.search("ROLLBACK_COMPLETE", world.put(stack, template=template)), id
        if kind == MANIFEST:
            left = [each["metadata"]["name"] for each in world.contents()["objects"]]
            assert {each["metadata"]["name"] for each in objects(resources[id])} <= set(left)
        if not rest:
            world.delete(stack)
        assert world.put(stack, template=template) in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), world.reasons(stack)
        assert world.delete(stack) == "DELETE_COMPLETE"
        assert world.contents() == before


def test_without_nat_charts_of_the_internet_do_not_come(lab: Lab) -> None:
    world = lab.world()
    world.put_all("isolated", until="cluster")
    id = next(id for id, (name, _) in charts(world, "addons").items() if name == "external-dns")
    assert world.put("addons", template=alone(world.template("addons"), id)) == "ROLLBACK_COMPLETE"
    assert any("cannot be reached" in reason for reason in world.reasons("addons")), world.reasons("addons")
