"""A failure in each resource type of each stack: its stack rolls back, the others stand, the next deploy succeeds."""

from __future__ import annotations

import re

import pytest

from tests.lifecycle.lab import Lab, World, stacks


def types(world: World, stack: str) -> list[str]:
    """The resource types of a stack."""
    return sorted({resource["Type"] for resource in world.template(stack)["Resources"].values()})


def left_behind(world: World, stack: str) -> set[str]:
    """What rollbacks of a stack did not remove, but for the logs of functions: no other stack gets their names."""
    kept = (event for event in world.events(stack) if event["ResourceStatus"] in ("DELETE_SKIPPED", "DELETE_FAILED"))
    ids = {event["LogicalResourceId"] for event in kept}
    return {id for id in ids if not re.fullmatch(r"Kubectl(Handler|Providerframework\w+)LogGroup\w+", id)}


@pytest.mark.parametrize("stack", stacks())
def test_a_failed_create_leaves_nothing_and_the_next_one_succeeds(lab: Lab, stack: str) -> None:
    world = lab.world()
    before = stacks(stack)[:-1]
    for each in before:
        assert world.put(each) == "CREATE_COMPLETE", world.reasons(each)
    standing = {each: world.resources(each) for each in before}
    held = world.contents()
    found = types(world, stack)
    assert found
    for kind in found:
        world.fail_next(kind, "create")
        assert world.put(stack) == "ROLLBACK_COMPLETE", kind
        assert any(kind in reason for reason in world.reasons(stack)), (kind, world.reasons(stack))
        assert left_behind(world, stack) == set(), kind
        assert world.resources(stack) == {}, kind
        assert world.contents() == held, kind
        assert {each: world.resources(each) for each in before} == standing, kind
        assert world.delete(stack) == "DELETE_COMPLETE"
    assert world.put(stack) == "CREATE_COMPLETE", world.reasons(stack)


@pytest.mark.parametrize(
    ("stack", "variant"), [("cluster", "upgraded"), ("cluster", "grown"), ("addons", "grown"), ("teams", "grown")]
)
def test_a_failed_update_goes_back_to_what_was(lab: Lab, stack: str, variant: str) -> None:
    world = lab.world()
    world.put_all()
    before, held = world.resources(stack), world.contents()
    base, changed = world.template(stack)["Resources"], world.template(stack, variant)["Resources"]
    made = {changed[id]["Type"] for id in changed.keys() - base.keys()}
    both = changed.keys() & base.keys()
    updated = {changed[id]["Type"] for id in both if changed[id].get("Properties") != base[id].get("Properties")}
    # Any change of a layer makes another one.
    replaced = updated & {"AWS::Lambda::LayerVersion"}
    failures = [(kind, "create") for kind in sorted(made | replaced)]
    failures += [(kind, "update") for kind in sorted(updated - replaced)]
    assert failures
    for kind, operation in failures:
        world.fail_next(kind, operation)
        assert world.put(stack, variant) == "UPDATE_ROLLBACK_COMPLETE", (kind, operation, world.reasons(stack))
        assert world.resources(stack) == before, (kind, operation)
        assert world.contents() == held, (kind, operation)
        for other in stacks():
            assert world.status(other) in ("CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    assert world.put(stack, variant) == "UPDATE_COMPLETE", world.reasons(stack)
