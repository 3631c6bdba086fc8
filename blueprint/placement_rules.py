"""Rules about where add-ons run: every pod has a place, its port is free there, and the CPUs are enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from blueprint.contribution import merged, nested
from blueprint.errors import Problem, Quoted
from blueprint.planning import placement
from blueprint.planning.placement import Place, Placement
from blueprint.quantity import amount

if TYPE_CHECKING:
    from blueprint.planning.draft import Draft


_MOST_OBSTACLES = 3


def problems(parts: Sequence[Draft], workloads: Sequence[Placement]) -> Iterator[Problem]:
    """Every problem, with the path of the add-on whose pods it is about."""
    for part in parts:
        own = [each for each in workloads if each.part == part.name]
        if lost := [each for each in own if not each.places and each.waits]:
            yield _no_place(part, lost)
        elif part.contribution.managed_addons and any(_come_too_late(each) for each in own if each.waits):
            rule = f"EKS installs {part.name} before any node that it could run on is launched"
            yield Problem(part.path, part.name, rule, "add a group of nodes, or a FargateProfile for its pods")
        for each in own:
            yield from _on_fargate(part, each)
            if amount(each.workload.cpu) is None:
                rule = f"the CPU request of {each.workload.name} must be a Kubernetes quantity"
                yield Problem(part.path, each.workload.cpu, rule, 'write for example "500m"')
    if short := placement.shortage(workloads):
        names = ", ".join(short.groups)
        rule = (
            f"{', '.join(short.parts)} can run on {names} only and ask for {short.asked / 1000:.2f} CPUs, of which its "
            f"nodes have {short.there / 1000:.2f} left at first"
        )
        yield Problem(("compute",), Quoted(names), rule, "raise min, or take larger instance types")


def _come_too_late(placed: Placement) -> bool:
    """Whether all its nodes come with a later stack; pools of Auto Mode stand before the add-ons that EKS installs."""
    return placed.kinds == {"launched"} and not any(place.of_auto_mode for place in placed.places)


def _no_place(part: Draft, lost: Sequence[Placement]) -> Problem:
    names = ", ".join(each.workload.name for each in lost)
    obstacles = dict.fromkeys(obstacle for each in lost for _, obstacle in each.obstacles)
    if not obstacles:
        namespace = lost[0].workload.namespace
        rule = f"pods of {part.name} in {namespace} have nowhere to run: the cluster has Fargate only"
        fix = f'add FargateSelector("{namespace}") to a FargateProfile, or add nodes'
        return Problem(part.path, namespace, rule, fix)
    more = f"; and {len(obstacles) - _MOST_OBSTACLES} more" if len(obstacles) > _MOST_OBSTACLES else ""
    rule = f"no node takes its pods: {'; '.join(list(obstacles)[:_MOST_OBSTACLES])}{more}"
    field = part.fields.values
    tainted = [place for each in lost for place, _ in each.obstacles if place.taints and not place.windows]
    if not tainted:
        return Problem(part.path, Quoted(names), rule, f"add nodes with that label, or correct {field}")
    fix = f"add nodes without a taint, or tolerate it: {field}={_tolerating(tainted[0], lost)}"
    return Problem(part.path, Quoted(names), rule, fix)


def _tolerating(place: Place, lost: Sequence[Placement]) -> str:
    """Values with which the pods run there, as a user writes them."""
    tolerations = [{"key": taint.key, "operator": "Exists"} for taint in place.taints]
    paths = dict.fromkeys(each.workload.tolerations_at[-1] for each in lost if each.workload.tolerations_at)
    values: Mapping[str, Any] = {}
    for path in paths:
        values = merged(values, nested(path.split("."), tolerations))
    return str(values).replace("'", '"')


def _on_fargate(part: Draft, placed: Placement) -> Iterator[Problem]:
    """What EKS gives to Fargate must be able to run there."""
    workload = placed.workload
    if placed.kinds != {"fargate"}:
        return
    profile = placed.places[0].name
    if not workload.on_fargate:
        rule = f"{workload.name} cannot run on Fargate, where the profile {profile} puts it"
        yield Problem(part.path, workload.name, rule, "narrow the profile's selectors by labels, and add nodes")
    for port in sorted(set(workload.ports) & set(placement.TAKEN_ON_FARGATE)):
        rule = f"{workload.name} listens on {port}, which {placement.TAKEN_ON_FARGATE[port]} has on each Fargate node"
        yield Problem(part.path, port, rule, "give it another port, or narrow the profile's selectors by labels")
