"""What a plan at the target says: what it refuses, which add-ons move, which charts and objects fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from blueprint.addons import Addon, EksAddon, EksAddonByName
from blueprint.blueprint import Blueprint
from blueprint.contribution import Release, release_notes
from blueprint.errors import BlueprintError, Problem, shown
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.references import resolved
from tools.charts.results import Failed, Outcome, Render, Rendered, Unreachable
from tools.placeholders import Placeholders
from tools.upgrade.apis import unserved
from tools.upgrade.model import AddonMove, Blocker, ChartCheck


class Found(NamedTuple):
    """All that is known about the target."""

    findings: tuple[Blocker, ...]
    addons: tuple[AddonMove, ...]
    charts: tuple[ChartCheck, ...]
    unchecked: tuple[str, ...]


def look(made: Plan, now: str, target: Blueprint, render: Render | None) -> Found:
    """`made` is the plan as it is today, `now` the version before, `target` the blueprint with the next version."""
    then = target.cluster.version
    problems: tuple[Problem, ...] = ()
    try:
        planned = plan(target, "")
    except BlueprintError as error:
        # What it would install is not known, so what it installs today is judged.
        planned, problems = made, error.problems
    releases = [release for part in planned.parts for release in part.contribution.releases]
    outcomes = list(render(releases, then)) if render else [Unreachable("nobody rendered it")] * len(releases)
    findings = [finding for problem in problems for finding in _refused(problem, target)]
    findings += _objects(planned, now, then)
    for release, outcome in zip(releases, outcomes, strict=True):
        findings += _release(release, outcome, now, then)
    charts = tuple(_check(release, outcome) for release, outcome in zip(releases, outcomes, strict=True))
    addons, unchecked = tuple(_addons(made, target, now, then)), tuple(_unchecked(planned))
    return Found(tuple(dict.fromkeys(findings)), addons, charts, unchecked)


def _refused(problem: Problem, target: Blueprint) -> Iterator[Blocker]:
    match problem.path:
        case ("addons", int(index), *field):
            addon: Addon | None = target.addons[index]
        case field:
            addon = None
    if isinstance(addon, EksAddon) and addon.version is None and field == ["version"]:
        return  # its versions are those of one Kubernetes version, so it moves together with the control plane
    where = f"{problem.place} ({addon.name})" if addon else problem.place
    value = "" if problem.value is None else f"; it is {shown(problem.value)}"
    yield Blocker(where, f"{problem.rule}{value}", problem.fix)


def _objects(planned: Plan, now: str, then: str) -> Iterator[Blocker]:
    for part in planned.parts:
        for one in part.contribution.every_object:
            yield from unserved(part.name, resolved(one, Placeholders(partition="aws")), now, then)


def _release(release: Release, outcome: Outcome, now: str, then: str) -> Iterator[Blocker]:
    where = f"chart of {release.namespace}/{release.name}"
    if isinstance(outcome, Failed):
        chart = f"{release.chart.name} {release.chart.version}"
        yield Blocker(where, f"{chart} cannot be installed on {then}: {outcome.reason}", "take another chart version")
    elif isinstance(outcome, Rendered):
        for one in outcome.objects:
            yield from unserved(where, one, now, then)


def _check(release: Release, outcome: Outcome) -> ChartCheck:
    if isinstance(outcome, Rendered):
        says = f", says {outcome.kube_version}" if outcome.kube_version else ", names no versions"
        result = f"renders{says}"
    else:
        result = f"{'refused' if isinstance(outcome, Failed) else 'not checked'}: {outcome.reason}"
    chart = release.chart
    if isinstance(outcome, Unreachable) and chart.kubernetes:
        result = f"{result}; says {chart.kubernetes}"
    return ChartCheck(f"{release.namespace}/{release.name}", chart.name, chart.version, result, chart.compatibility)


def _addons(made: Plan, target: Blueprint, now: str, then: str) -> Iterator[AddonMove]:
    skipped = {skip.name for skip in made.skipped}
    addons = [
        each for each in target.addons if isinstance(each, EksAddon | EksAddonByName) and each.name not in skipped
    ]
    for addon in sorted(addons, key=lambda each: (not each.before_nodes, each.name)):
        pinned = addon.version is not None
        known = addon.versions if isinstance(addon, EksAddon) else {}
        before, after = (addon.version or known.get(version) for version in (now, then))
        notes = release_notes(addon.notes, after or "") if isinstance(addon, EksAddon) else ""
        yield AddonMove(addon.name, before or "none known", after, pinned, addon.before_nodes, notes)


def _unchecked(planned: Plan) -> Iterator[str]:
    for part in planned.parts:
        if names := part.contribution.from_git:
            yield f"What is installed from Git for `{part.name}`: {_listed(names)}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
