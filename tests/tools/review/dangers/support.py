"""Small stacks that differ, with and without the diff engine."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from tools.assembly import MANIFEST, Stack
from tools.review.dangers import Danger, dangers
from tools.revision.differences import Change, ClusterDifference, Impact, StackDifference, differences

Resources = dict[str, Any]
Edit = Callable[[Resources], object]
Told = list[tuple[str, str]]
"""Rules and logical ids."""

STACK = Stack(
    cluster="dev",
    name="cluster",
    stack_name="dev-cluster",
    account="111111111111",
    region="us-west-2",
    termination_protection=True,
    template={"Resources": {}},
    paths={},
)


def resource(kind: str, properties: Mapping[str, Any] | None = None, **attributes: Any) -> dict[str, Any]:
    """One resource of a template."""
    return {"Type": kind, "Properties": dict(properties or {}), **attributes}


def manifest(*objects: Mapping[str, Any], prune: bool = True) -> dict[str, Any]:
    """A resource that applies objects, and prunes as `kubectl` does."""
    label = {"PruneLabel": "aws.cdk.eks/prune"} if prune else {}
    return resource(MANIFEST, {"Manifest": json.dumps(objects), **label})


def thing(kind: str, name: str, namespace: str = "", group: str = "", **more: Any) -> dict[str, Any]:
    """A Kubernetes object."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **more.pop("metadata", {})}
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **more}


def stack_of(resources: Resources, **more: Any) -> Stack:
    """The stack with these resources."""
    return replace(STACK, template={"Resources": resources, **more.pop("template", {})}, **more)


def edited(resources: Resources, edit: Edit) -> Resources:
    """A changed copy."""
    found = copy.deepcopy(resources)
    edit(found)
    return found


def differing(before: Resources, after: Resources, **stack: Any) -> ClusterDifference:
    """Without the engine: what is in both is updated in place."""
    return stacks_differing((stack_of(before, **stack), stack_of(after, **stack)))


def stacks_differing(*pairs: tuple[Stack | None, Stack | None]) -> ClusterDifference:
    """The same with several stacks, each before and after."""
    return ClusterDifference("dev", tuple(StackDifference(*pair, _changes(*pair)) for pair in pairs))


def found(difference: ClusterDifference) -> list[Danger]:
    """All dangers but that of objects which stay in the cluster: most that leaves a manifest does."""
    return [danger for danger in dangers(difference) if danger.rule != "keeps-objects"]


def told(difference: ClusterDifference) -> Told:
    """Which rules tell of which resources."""
    return [(danger.rule, danger.id) for danger in found(difference)]


def only(difference: ClusterDifference) -> Danger:
    """The one danger that there is."""
    (danger,) = found(difference)
    return danger


def judged(cases: Sequence[tuple[Resources, Resources]]) -> list[ClusterDifference | None]:
    """By the engine, all in one call; None where nothing differs."""
    before = {str(number): (stack_of(old, cluster=str(number)),) for number, (old, _) in enumerate(cases)}
    after = {str(number): (stack_of(new, cluster=str(number)),) for number, (_, new) in enumerate(cases)}
    found = {int(each.name): each for each in differences(before, after)}
    return [found.get(number) for number in range(len(cases))]


def _changes(before: Stack | None, after: Stack | None) -> tuple[Change, ...]:
    if before is None or after is None:
        (stack,) = (each for each in (before, after) if each)
        impact: Impact = "orphan" if before else "create"
        return tuple(
            Change(stack, id, id, impact, {}, each if before else None, None if before else each)
            for id, each in stack.resources.items()
        )
    ids = [
        id
        for id in dict.fromkeys((*before.resources, *after.resources))
        if before.resources.get(id) != after.resources.get(id)
    ]
    return tuple(_change(id, before, after) for id in ids)


def _change(id: str, before: Stack, after: Stack) -> Change:
    old, new = before.resources.get(id), after.resources.get(id)
    impact: Impact = "update"
    if old is None:
        impact = "create"
    elif new is None:
        impact = "orphan" if old.get("DeletionPolicy") == "Retain" else "delete"
    names = {*(old or {}).get("Properties", {}), *(new or {}).get("Properties", {})} if old and new else set()
    properties: dict[str, Impact] = {
        name: "update" for name in names if (old or {})["Properties"].get(name) != (new or {})["Properties"].get(name)
    }
    return Change(after, id, after.paths.get(id, id), impact, properties, old, new)
