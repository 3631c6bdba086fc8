"""The whole way to a version, worked out from a plan. Pure: what charts would install is asked of the caller."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from blueprint.addons import Addon, UpgradeSteps
from blueprint.asking import steps_of
from blueprint.auto_mode import AutoMode
from blueprint.blueprint import Blueprint
from blueprint.cluster import Cluster
from blueprint.eks import EKS_RULES
from blueprint.errors import BlueprintError, Problem, rendered
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.versions import EXTENDED_SUPPORT, SUPPORTED, minor
from tools.charts.results import Render
from tools.upgrade.findings import look
from tools.upgrade.model import Blocker, Minor, Upgrade
from tools.upgrade.steps import catch_up, control_plane, nodes
from tools.upgrade.way_back import way_back


def upgrade(blueprint: Blueprint, to: str, render: Render | None = None, fleet: Iterable[Blueprint] = ()) -> Upgrade:
    """One minor at a time, as EKS demands. `fleet` are clusters that may share values with this one.

    Raises BlueprintError when the cluster has mistakes or cannot go to the version. What stands in the way at a version
    is no error: it is a finding there. https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html
    """
    made, current = plan(blueprint), blueprint
    version = current.cluster.version
    if problem := _no_target(version, to):
        raise BlueprintError([problem])
    minors: list[Minor] = []
    first = catch_up(current)
    for number in range(minor(version) + 1, minor(to) + 1):
        then, now = f"1.{number}", current.cluster.version
        steps = [first] if first and not minors else []
        if steps:
            current = steps[0].blueprint
        found = look(made, now, control_plane(current, then).blueprint, render)
        asked = _own_steps(blueprint, made, now, then)
        before = current
        steps.append(control_plane(current, then, found.addons, asked))
        if rolled := nodes(steps[-1].blueprint, last=then == to):
            steps.append(rolled)
        current = steps[-1].blueprint
        back = way_back(before, then, found.addons, asked)
        minors.append(
            Minor(
                now,
                then,
                _support(current.cluster),
                (*_first(blueprint, made, asked), *found.findings),
                found.addons,
                found.charts,
                found.unchecked,
                tuple(steps),
                back,
            )
        )
    name, own = blueprint.name, blueprint.cluster
    shared = tuple(each.name for each in fleet if each.cluster is own and each.name != name)
    file = f"clusters/{name.replace('-', '_')}.py"
    follow = any(isinstance(each, AutoMode) for each in blueprint.compute) or any(
        addon.launches_nodes for _, addon in _running(blueprint, made)
    )
    return Upgrade(name, blueprint.account, blueprint.region, file, shared, version, to, tuple(minors), follow)


def _own_steps(blueprint: Blueprint, made: Plan, now: str, then: str) -> tuple[UpgradeSteps, ...]:
    """What the add-ons that run ask for."""
    facts = replace(made.facts, version=now)
    found = [(index, steps_of(addon, facts, then)) for index, addon in _running(blueprint, made)]
    wrong = [problem.below(("addons", index)) for index, steps in found if isinstance(steps, list) for problem in steps]
    if wrong:
        raise BlueprintError(wrong)
    return tuple(steps for _, steps in found if isinstance(steps, UpgradeSteps))


def _first(blueprint: Blueprint, made: Plan, asked: Iterable[UpgradeSteps]) -> Iterator[Blocker]:
    """What they want written first."""
    for (index, addon), steps in zip(_running(blueprint, made), asked, strict=True):
        for edit in steps.first:
            yield Blocker(f"{rendered(('addons', index, *edit.path))} ({addon.name})", edit.why, edit.write)


def _running(blueprint: Blueprint, made: Plan) -> list[tuple[int, Addon]]:
    skipped = {skip.name for skip in made.skipped}
    return [(index, addon) for index, addon in enumerate(blueprint.addons) if addon.name not in skipped]


def _no_target(version: str, to: str) -> Problem | None:
    if to not in SUPPORTED:
        rule = f"must be a Kubernetes version that EKS offers: {', '.join(SUPPORTED)}"
        newer = [each for each in SUPPORTED if minor(each) > minor(version)]
        return Problem(("TO",), to, rule, f"write TO={newer[0]}" if newer else f"there is none after {version} yet")
    if to == version:
        return Problem(("TO",), to, "the cluster's file names this version already", "name a newer one")
    if minor(to) < minor(version):
        rule = f"older than the cluster's {version}: {EKS_RULES.down.says}"
        fix = "read https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html; no deploy does it"
        return Problem(("TO",), to, rule, fix)
    return None


def _support(cluster: Cluster) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html"""
    version = cluster.version
    if version in EXTENDED_SUPPORT:
        return (
            f"{version} is in extended support, which costs more; at its end EKS upgrades the control plane by itself."
        )
    ends = (
        "EKS then upgrades the control plane by itself"
        if cluster.support_policy == "STANDARD"
        else "the cluster may then stay for 12 months more, which costs more"
    )
    policy = f'`support_policy="{cluster.support_policy}"`'
    return (
        f"{version} is in standard support; `aws eks describe-cluster-versions` says until when. With {policy}, {ends}."
    )
