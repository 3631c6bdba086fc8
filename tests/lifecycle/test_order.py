"""Order, at its worst: each resource alone with what it waits for, as if CloudFormation did all else later.

When a resource is made, all that it waits for is there, and when it is deleted, all that it waits for is there still;
of the rest nothing is certain. The emulator makes one resource after the other, so a whole deploy may be right by
chance. These are not, and whole lives go in both orders: here, and of the other kinds in test_kinds.py.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.lifecycle.lab import NOTHING, Lab, World, stacks
from tests.lifecycle.templates import ADDON, NODE_GROUP, alone
from tools.assembly import CHART, MANIFEST, objects

_DENY = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
_DEMANDING = (NODE_GROUP, ADDON, MANIFEST, CHART)
"""What needs more than its properties name."""


def demanding(world: World, stack: str) -> Iterator[str]:
    for id, resource in world.template(stack)["Resources"].items():
        if resource["Type"] in _DEMANDING:
            yield id


def lived(world: World, stack: str, template: Mapping[str, Any]) -> list[str]:
    """Why a stack could not be made and deleted again; empty when it could."""
    made = world.put(stack, template=template)
    reasons = world.reasons(stack)
    gone = world.delete(stack)
    if made == "CREATE_COMPLETE" and gone == "DELETE_COMPLETE":
        return []
    return reasons or world.reasons(stack)


@pytest.mark.parametrize("stack", ["cluster", "addons", "teams"])
def test_each_resource_waits_for_all_that_it_needs(lab: Lab, stack: str) -> None:
    world = lab.world()
    world.put_all(until=stacks(stack)[-2])
    found = list(demanding(world, stack))
    assert found
    failed = {id: lived(_fresh(world, stack), stack, alone(world.template(stack), id)) for id in found}
    assert {id: why for id, why in failed.items() if why} == {}


def _fresh(world: World, stack: str) -> World:
    """Without the log group that the cluster stack retains, which its next one would find in its way."""
    logs = world.account.client("logs")
    if stack == "cluster":
        for group in logs.describe_log_groups(logGroupNamePrefix="/aws/eks/")["logGroups"]:
            logs.delete_log_group(logGroupName=group["logGroupName"])
    return world


def _without(template: dict[str, Any], kinds: tuple[str, ...]) -> dict[str, Any]:
    """The template in which nothing waits for resources of some types, unless its properties name them."""
    broken = copy.deepcopy(template)
    resources = broken["Resources"]
    for resource in resources.values():
        resource["DependsOn"] = [each for each in resource.get("DependsOn", []) if resources[each]["Type"] not in kinds]
    return broken


@pytest.mark.parametrize(
    ("stack", "kind", "without", "why"),
    [
        ("cluster", NODE_GROUP, (ADDON,), "failed to join the kubernetes cluster: no kube-proxy, vpc-cni"),
        ("cluster", ADDON, (NODE_GROUP,), "has no node to run on"),
        ("addons", CHART, (MANIFEST,), "not found"),
        ("addons", MANIFEST, (CHART,), "ensure CRDs are installed first"),
        ("teams", MANIFEST, (MANIFEST,), "not found"),
    ],
)
def test_a_dependency_that_is_missing_is_noticed(
    lab: Lab, stack: str, kind: str, without: tuple[str, ...], why: str
) -> None:
    world = lab.world()
    world.put_all(until=stacks(stack)[-2])
    template = world.template(stack)
    found = [id for id in demanding(world, stack) if template["Resources"][id]["Type"] == kind]
    broken = _without(template, without)
    failed = {id: lived(_fresh(world, stack), stack, alone(broken, id)) for id in found}
    assert why in "\n".join(reason for reasons in failed.values() for reason in reasons), failed


_MISSING = [("cluster", ADDON), ("cluster", NODE_GROUP), ("addons", MANIFEST), ("addons", CHART), ("teams", MANIFEST)]


@pytest.mark.parametrize(("stack", "without"), _MISSING)
def test_a_deploy_that_is_right_in_one_order_by_chance_is_not_in_the_other(lab: Lab, stack: str, without: str) -> None:
    """Else both orders would be one, and whole lives in both no more than in one."""
    ended = {}
    for backwards in (False, True):
        world = lab.world()
        world.turn(backwards=backwards)
        world.put_all(until=stacks(stack)[-2])
        ended[backwards] = world.put(stack, template=_without(world.template(stack), (without,)))
    assert {*ended.values()} == {"CREATE_COMPLETE", "ROLLBACK_COMPLETE"}, ended


def test_a_whole_life_goes_backwards_too(lab: Lab) -> None:
    """With what comes, changes and goes in it."""
    world = lab.world()
    world.turn()
    for variant in ("base", "grown", "changed", "base", "upgraded"):
        world.put_all(variant)
    world.delete_all()
    assert world.contents() == NOTHING


def test_network_policies_stand_before_what_they_guard(lab: Lab) -> None:
    """In all that a workload waits for, the policy of its namespace that denies by default comes first."""
    template = lab.world().template("teams")
    workloads = 0
    for id in demanding(lab.world(), "teams"):
        before = alone(template, id)["Resources"]
        resource = before[id]
        sent = objects(resource) if resource["Type"] == MANIFEST else []
        pods = [each for each in sent if each["kind"] in ("CronJob", "Deployment", "Job", "StatefulSet")]
        spaces = {each["metadata"]["namespace"] for each in pods}
        if resource["Type"] == CHART:
            spaces = {resource["Properties"]["Namespace"]}
        # kubectl sends a manifest's objects in their order.
        first = sent.index(pods[0]) if pods else len(sent)
        manifests = [objects(each) for key, each in before.items() if each["Type"] == MANIFEST and key != id]
        earlier = [*(each for manifest in manifests for each in manifest), *sent[:first]]
        policies = [each for each in earlier if each["kind"] == "NetworkPolicy"]
        guarded = {each["metadata"]["namespace"] for each in policies if each["spec"] == _DENY}
        assert spaces <= guarded, (id, spaces - guarded)
        # A rule that names nobody lets everybody through.
        assert [
            each for each in policies if {} in (*each["spec"].get("ingress", ()), *each["spec"].get("egress", ()))
        ] == []
        workloads += len(spaces)
    assert workloads >= 2


def test_the_cluster_enforces_network_policies(lab: Lab) -> None:
    """Without its switch the CNI takes them and lets everything through."""
    world = lab.world()
    world.put_all(until="cluster")
    addon = world.account.client("eks").describe_addon(clusterName="lab", addonName="vpc-cni")["addon"]
    assert json.loads(addon["configurationValues"])["enableNetworkPolicy"] == "true"


def test_a_whole_cluster_goes_in_the_reverse_order_of_its_making(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    world.delete_all()
    for stack in stacks():
        events = world.events(stack)
        ids = set(world.template(stack)["Resources"])
        made = [each["LogicalResourceId"] for each in events if each["ResourceStatus"] == "CREATE_COMPLETE"]
        gone = ("DELETE_COMPLETE", "DELETE_SKIPPED")
        removed = [each["LogicalResourceId"] for each in events if each["ResourceStatus"] in gone]
        assert [id for id in removed if id in ids] == [id for id in reversed(made) if id in ids]
