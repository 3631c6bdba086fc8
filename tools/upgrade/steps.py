"""The pull requests that take a cluster to the next minor.

The control plane and the add-ons go first and the nodes in a deploy of their own. One deploy could do both, since nodes
follow `cluster.version` and come after the control plane. But a group that cannot be drained fails the stack, and then
CloudFormation takes nodes and add-ons back and not the control plane; and a control plane can only go back while no
node is newer. https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html and
https://docs.aws.amazon.com/eks/latest/best-practices/rollback-cluster-upgrades.html
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from blueprint.addons import UpgradeSteps
from blueprint.auto_mode import AutoMode
from blueprint.blueprint import Blueprint
from blueprint.compute import Compute
from blueprint.fargate import FargateProfile
from blueprint.managed_nodes import ManagedNodes
from blueprint.nodes import Nodes
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.versions import kubectl_layer
from tools.upgrade import commands
from tools.upgrade.model import AddonMove, Edit, Step

IndexedNodes = tuple[int, Nodes]
"""With its place in `compute`."""
_ANY_RELEASE = ".0-20000000"
"""Of an image whose release nobody knows yet."""


def catch_up(current: Blueprint) -> Step | None:
    """Nodes that stayed behind come to the version of the cluster first, so that all begin at one.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateClusterVersion.html
    """
    version = current.cluster.version
    behind = [(index, each) for index, each in _groups(current) if each.own_version not in (None, version)]
    return _nodes(current, behind, version) if behind else None


def control_plane(
    current: Blueprint, then: str, moves: Sequence[AddonMove] = (), own: Sequence[UpgradeSteps] = ()
) -> Step:
    """The control plane, then the add-ons of EKS; nodes are told to stay. `own` is what add-ons ask for."""
    now = current.cluster.version
    stay = [(index, each) for index, each in _groups(current) if each.own_version is None]
    edits = [Edit("cluster.version", _text(now), _text(then))]
    edits += [Edit(f"compute[{index}].version", None, _text(now), each.name) for index, each in stay]
    unknown = {each.name for each in moves if each.then is None}
    for index, addon in enumerate(current.addons):
        if addon.name in unknown:
            edits.append(Edit(f"addons[{index}].version", None, f"one that EKS offers for {then}", addon.name))
    kept = _with_nodes(current, [index for index, _ in stay], now)
    return Step(
        f"Control plane{' and add-ons of EKS' if any(each.moves for each in moves) else ''} to {then}",
        tuple(edits),
        tuple(commands.before_control_plane(current, then, moves, own)),
        tuple(_happens(current, now, then, moves, own)),
        tuple(commands.after_control_plane(current)),
        replace(kept, cluster=replace(kept.cluster, version=then)),
    )


def nodes(current: Blueprint, *, last: bool) -> Step | None:
    """The nodes of the blueprint, to the version that the control plane has already."""
    groups = _groups(current)
    return _nodes(current, groups, None if last else current.cluster.version) if groups else None


def _nodes(current: Blueprint, groups: Sequence[IndexedNodes], named: str | None) -> Step:
    """`named` is what the groups say then; None: they follow the cluster again."""
    version = current.cluster.version
    values = [each for _, each in groups]
    then = _with_nodes(current, [index for index, _ in groups], named)
    happens = []
    if managed := [each.name for each in values if isinstance(each, ManagedNodes)]:
        happens.append(
            f"EKS replaces the nodes of {_listed(managed)}: new ones first, then it drains the old. Disruption budgets "
            "are respected: one that allows no disruption fails the deploy."
        )
    if own := [each.name for each in values if isinstance(each, SelfManagedNodes)]:
        names = _listed(own)
        happens.append(
            f"The Auto Scaling group ends the instances of {names} one by one, five minutes apart, and starts others "
            f"with the image of {version}. Nothing drains them: drain each before its turn where pods need it."
        )
    return Step(
        f"Nodes to {version}",
        tuple(edit for index, each in groups for edit in _edits(index, each, then.compute[index])),
        tuple(commands.before_nodes(current, values, version)),
        tuple(happens),
        tuple(commands.after_nodes(values)),
        then,
    )


def _groups(blueprint: Blueprint) -> list[IndexedNodes]:
    return [(index, each) for index, each in enumerate(blueprint.compute) if isinstance(each, Nodes)]


def _with_nodes(blueprint: Blueprint, indexes: Collection[int], version: str | None) -> Blueprint:
    """A group with a fixed image gets one of the version."""

    def of_version(group: Compute) -> Compute:
        if isinstance(group, Nodes) and group.family == "AL2023" and group.release_version:
            image = f"{version or blueprint.cluster.version}{_ANY_RELEASE}"
            return replace(group, version=None, release_version=image)
        return replace(group, version=version) if isinstance(group, Nodes) else group

    compute = (of_version(each) if index in indexes else each for index, each in enumerate(blueprint.compute))
    return replace(blueprint, compute=tuple(compute))


def _edits(index: int, now: Compute, then: Compute) -> Iterator[Edit]:
    for field in ("release_version", "version"):
        old, new = getattr(now, field, None), getattr(then, field, None)
        if old != new:
            yield Edit(f"compute[{index}].{field}", _text(old), _text(new), now.name)


def _text(value: str | None) -> str | None:
    """As Python writes it."""
    if value and value.endswith(_ANY_RELEASE):
        return f"a release of {value.removesuffix(_ANY_RELEASE)}"
    return f'"{value}"' if value else None


def _happens(
    current: Blueprint, now: str, then: str, moves: Sequence[AddonMove], own: Sequence[UpgradeSteps]
) -> Iterator[str]:
    """In the order of the dependencies in stacks/cluster.py."""
    yield f"EKS updates the control plane to {then}. The API stays reachable. It takes minutes and cannot be stopped."
    kinds = {type(each) for each in current.compute}
    groups = [each.name for _, each in _groups(current)]
    early = [each for each in moves if each.moves and each.before_nodes]
    late = [each for each in moves if each.moves and not each.before_nodes]
    if early:
        yield f"EKS updates {_listed([each.name for each in early])}."
    if groups:
        # https://kubernetes.io/releases/version-skew-policy/#kubelet
        yield f"Nothing changes for the nodes of {_listed(groups)}: at {now} they are older by one minor, of three."
    if late:
        yield f"EKS updates {_listed([each.name for each in late])}."
    if kubectl_layer(then) != kubectl_layer(now):
        yield f"The function that installs charts and objects gets kubectl 1.{kubectl_layer(then)} and its Helm."
    for steps in own:
        yield from steps.happens
    if AutoMode in kinds:
        yield f"EKS replaces the nodes of Auto Mode by itself, and respects disruption budgets; they come up at {then}."
    if FargateProfile in kinds:
        moved = ", as those of add-ons are that EKS updates" if late else ""
        yield f"Pods on Fargate stay at {now} until they are made anew{moved}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
