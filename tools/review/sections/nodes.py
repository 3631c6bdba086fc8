"""Nodes that a change replaces: which, how many, and what may hold them back."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from blueprint.planning.document import AutoModeNodes
from tools.assembly import Stack, Template
from tools.review.dangers.danger import at
from tools.review.dangers.updates import new_nodes
from tools.review.document import Block, Cell, Row, Section, Table, said
from tools.review.flat import codes
from tools.review.fleet import ReviewedFleet, Side
from tools.review.manifests import title
from tools.revision.differences import StackDifference

_GROUP = "AWS::EKS::Nodegroup"
_SELF_MANAGED = "AWS::AutoScaling::AutoScalingGroup"
_TEMPLATE = "AWS::EC2::LaunchTemplate"
_BUDGET = "PodDisruptionBudget.policy"
# Behavioural fields, which do not: https://karpenter.sh/docs/concepts/disruption/#drift
_DRIFTING: Mapping[str, tuple[str, ...]] = {
    "EC2NodeClass.karpenter.k8s.aws": ("spec",),
    "NodeClass.eks.amazonaws.com": ("spec",),
    "NodePool.karpenter.sh": ("spec", "template"),
}
_NO_POOLS = AutoModeNodes("", (), None)
_EVICTION = "https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html"


def section(fleet: ReviewedFleet) -> Section:
    """Of the clusters that were and will be."""
    rows: list[tuple[str, Row]] = []
    budgets: list[tuple[str, Row]] = []
    for touched in fleet.deployed:
        before, after = touched.sides
        if before and after:
            replaced = [*_groups(touched.difference.stacks), *_launched(before, after)]
            rows += [(touched.name, row) for row in replaced]
            budgets += [(touched.name, row) for row in _budgets(after)] if replaced else []
    if not rows:
        return Section("nodes", "Nodes that are replaced", ())
    words = "EKS waits 15 minutes for the pods of a node, then the update fails with PodEvictionFailure: "
    blocks: list[Block] = [
        Table(("nodes", "how many", "because of", "how", "clusters"), fleet.grouped(rows)),
        said(words, Cell("how a group is updated", _EVICTION), ". Charts may bring budgets that no manifest shows."),
    ]
    if budgets:
        blocks.append(Table(("budget", "says", "clusters"), fleet.grouped(budgets), "Budgets of our manifests"))
    return Section("nodes", "Nodes that are replaced", tuple(blocks))


def _groups(stacks: Iterable[StackDifference]) -> Iterator[Row]:
    for stack in stacks:
        if not (stack.before and stack.after):
            continue
        impacts = {change.id: change for change in stack.changes}
        for id, after in stack.after.of_type(_GROUP).items():
            before, change = stack.before.resources.get(id), impacts.get(id)
            sizes = at(after, "ScalingConfig") or {}
            count = _count(sizes.get("MinSize"), sizes.get("MaxSize"))
            if before and change and change.impact in ("replace", "may-replace"):
                how = "a new group comes, then the old one is drained"
                yield codes("~", _name(stack.after, id), count, "\n".join(change.properties), how)
            elif before and (why := [*new_nodes(stack, before, after)]):
                share = at(after, "UpdateConfig", "MaxUnavailablePercentage")
                how = f"one after the other, at most {share} % at once" if share else "one after the other"
                yield codes("~", _name(stack.after, id), count, "\n".join(why), how)
        templates = {change.id for change in stack.changes if change.type == _TEMPLATE and change.impact == "update"}
        kept = {id: one for id, one in stack.after.of_type(_SELF_MANAGED).items() if id in stack.before.resources}
        yield from _self_managed(stack.after, kept, templates)


def _self_managed(stack: Stack, groups: Mapping[str, Template], templates: set[str]) -> Iterator[Row]:
    """Auto Scaling groups, of which CloudFormation makes the nodes anew when their launch templates move."""
    for id, group in groups.items():
        used = at(group, "MixedInstancesPolicy", "LaunchTemplate", "LaunchTemplateSpecification", "LaunchTemplateId")
        used = used or at(group, "LaunchTemplate", "LaunchTemplateId")
        if isinstance(used, Mapping) and used.get("Ref") in templates:
            policy = (group.get("UpdatePolicy") or {}).get("AutoScalingRollingUpdate")
            how = "one batch after the other" if policy else "when somebody terminates them: it has no update policy"
            count = _count(at(group, "MinSize"), at(group, "MaxSize"))
            yield codes("~", _name(stack, id), count, "a new version of its launch template", how)


def _launched(before: Side, after: Side) -> Iterator[Row]:
    """Nodes of a class or pool drift when what they are made from is no longer what it was."""
    how = "they drift, and are replaced within the budgets of their pool"
    for name, manifest in after.objects.items():
        path = _DRIFTING.get(name[0])
        if path and name in before.objects and _part(before.objects[name], path) != _part(manifest, path):
            yield codes("~", title(name), "those that run", ".".join(path), how)
    yield from _gone(before, after)
    old, new = (side.plan.control_plane.version for side in (before, after))
    if old != new:
        why = f"Kubernetes {old} -> {new}"
        for part in after.plan.parts:
            if part.contribution.launched_nodes:
                yield codes("~", f"nodes launched by {part.name}", "those that run", why, how)
        if after.plan.control_plane.auto_mode:
            yield codes("~", "nodes of Auto Mode", "those that run", why, how)


def _gone(before: Side, after: Side) -> Iterator[Row]:
    """Nodes whose pool goes. https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html"""
    how = "they are drained, and no other pool of that name takes their pods"
    for name in before.objects:
        if name[0] == "NodePool.karpenter.sh" and name not in after.objects:
            yield codes("-", title(name), "those that run", "it is no longer in the manifest", how)
    of_eks = [(side.plan.control_plane.auto_mode or _NO_POOLS).node_pools for side in (before, after)]
    for pool in of_eks[0]:
        if pool not in of_eks[1]:
            yield codes("-", f"built-in node pool {pool} of Auto Mode", "those that run", "EKS deletes it", how)


def _budgets(side: Side) -> Iterator[Row]:
    """A budget that never lets a pod go is a danger to every node below one."""
    for name, manifest in side.objects.items():
        if name[0] == _BUDGET:
            spec = manifest.get("spec") or {}
            said = [f"{key} {spec[key]}" for key in ("minAvailable", "maxUnavailable") if key in spec]
            never = spec.get("maxUnavailable") in (0, "0%") or spec.get("minAvailable") == "100%"
            yield codes("!" if never else "~", title(name), ", ".join(said))


def _part(manifest: Mapping[str, Any], path: tuple[str, ...]) -> Any:
    found: Any = manifest
    for key in path:
        found = (found or {}).get(key)
    return found


def _name(stack: Stack, id: str) -> str:
    return stack.paths.get(id, id).removeprefix("Compute/").removesuffix("/Nodes")


def _count(least: Any, most: Any) -> str:
    return str(least) if least == most else f"{least} to {most}"
