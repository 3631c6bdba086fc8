"""What charts install: both sides rendered by the Helm that installs them."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprint.contribution import Release
from tools.charts.results import Failed, Outcome, Render, Rendered
from tools.review import pods
from tools.review.document import Block, Diff, Row, Section, Table, code, said
from tools.review.flat import changed, codes
from tools.review.fleet import SIDES, ReviewedFleet
from tools.review.manifests import Objects, come_and_gone, in_new_namespaces, name_in, title
from tools.review.sections.values import releases, rows_of

Pair = tuple[Release | None, Release | None]


@dataclass(frozen=True)
class _Case:
    """A release that differs, comes or goes, of clusters in which it does so alike."""

    clusters: tuple[str, ...]
    releases: Pair
    versions: tuple[str, str]
    """Of Kubernetes, before and after."""

    @property
    def name(self) -> str:
        return next(release.name for release in self.releases if release)


def section(fleet: ReviewedFleet, render: Render) -> Section:
    """One rendering for all clusters that change a release alike, with the values of the first of them."""
    cases = _cases(fleet)
    blocks: list[Block] = []
    missing: dict[str, list[str]] = {}
    for case, outcomes in zip(cases, _rendered(cases, render), strict=True):
        for outcome, release in zip(outcomes, case.releases, strict=True):
            if release and not isinstance(outcome, Rendered):
                word = "Helm refuses it" if isinstance(outcome, Failed) else "it cannot be had"
                chart = f"{release.chart.name} {release.chart.version}"
                missing.setdefault(f"{word}: {outcome.reason}", []).append(chart)
        before, after = outcomes
        if isinstance(before, Rendered) and isinstance(after, Rendered):
            blocks += _blocks(case, fleet.where(case.clusters), (before, after))
    if missing:
        rows = tuple(codes("", "\n".join(dict.fromkeys(charts)), why) for why, charts in missing.items())
        blocks.append(Table(("not rendered", "why"), rows))
    return Section("charts", "What charts install", tuple(blocks))


def _cases(fleet: ReviewedFleet) -> list[_Case]:
    found: dict[tuple[Any, ...], list[tuple[str, Pair, tuple[str, str]]]] = {}
    for touched in fleet.deployed:
        for before, after in releases(touched):
            pair: Pair = (before, after)
            charts = tuple(release and release.chart for release in pair)
            rows = rows_of(before, after) if before and after else ()
            if rows or charts[0] != charts[1] or touched.kubernetes[0] != touched.kubernetes[1]:
                name = next(release.name for release in pair if release)
                key = (name, charts, touched.kubernetes, rows)
                found.setdefault(key, []).append((touched.name, pair, touched.kubernetes))
    return [_Case(tuple(name for name, *_ in group), *group[0][1:]) for group in found.values()]


def _rendered(cases: Sequence[_Case], render: Render) -> list[tuple[Outcome, Outcome]]:
    """All releases of one Kubernetes version in one go; where there is no release, there is nothing."""
    wanted: dict[str, list[tuple[int, int, Release]]] = {}
    for number, case in enumerate(cases):
        for side, release in enumerate(case.releases):
            if release:
                wanted.setdefault(case.versions[side], []).append((number, side, release))
    found: dict[tuple[int, int], Outcome] = {}
    for version, group in wanted.items():
        outcomes = render([release for _, _, release in group], version)
        found |= {(number, side): outcome for (number, side, _), outcome in zip(group, outcomes, strict=True)}
    nothing = Rendered(())
    return [(found.get((number, 0), nothing), found.get((number, 1), nothing)) for number in range(len(cases))]


def _blocks(case: _Case, where: str, sides: tuple[Rendered, Rendered]) -> Iterator[Block]:
    name = f"{case.name} in {where}"
    try:
        before, after = map(_named, sides)
        whole = (*come_and_gone(before, after), *in_new_namespaces(before, after))
        rows = tuple(_rows(before, after))
        text = "\n".join(_differing(before, after))
    except (AttributeError, KeyError, TypeError):
        yield said("Not compared, since Kubernetes would refuse what it renders: ", code(name))
        return
    if not (rows or whole or text):
        yield said("Renders the same objects as before: ", code(name))
        return
    yield said("Rendered with the values of ", code(case.clusters[0]), ": ", code(name))
    if whole:
        yield Table(("kind", "namespace", "objects"), whole)
    if rows:
        yield Table(("what", "of", "before", "after"), rows)
    if text:
        added, removed = (sum(line.startswith(sign) for line in text.splitlines()) for sign in SIDES)
        yield Diff(f"Rendered objects of {name}", text, added, removed)


def _rows(before: Objects, after: Objects) -> Iterator[Row]:
    """Powers and privileges first, since they are what a new version must not slip in."""
    for what, facts in (("RBAC power", pods.powers), ("privilege", pods.privileges)):
        one, other = (dict.fromkeys(facts(side)) for side in (before, after))
        for owner, things in _by_owner(each for each in other if each not in one).items():
            yield codes("+", what, owner, "", things)
        for owner, things in _by_owner(each for each in one if each not in other).items():
            yield codes("-", what, owner, things, "")
    for sign, *change in changed(dict(pods.images(before)), dict(pods.images(after))):
        yield codes(sign, "image", *change)


def _by_owner(found: Iterable[tuple[str, str]]) -> dict[str, str]:
    things: dict[str, list[str]] = {}
    for owner, thing in found:
        things.setdefault(owner, []).append(thing)
    return {owner: "\n".join(each) for owner, each in things.items()}


def _named(side: Rendered) -> Objects:
    return {name_in(each): without_secrets(each) for each in side.objects}


def without_secrets(data: Any) -> Any:
    """Charts make certificates and passwords up each time they are rendered, and no review may show them."""
    if isinstance(data, list):
        return [without_secrets(each) for each in data]
    if not isinstance(data, Mapping):
        return data
    hidden = {"caBundle", *(("data", "stringData") if data.get("kind") == "Secret" else ())}
    return {
        key: "(not shown)" if key in hidden or str(key).startswith("checksum/") else without_secrets(value)
        for key, value in data.items()
    }


def _differing(before: Objects, after: Objects) -> Iterator[str]:
    """A unified diff of the objects on both sides."""
    for name in after:
        if name in before and before[name] != after[name]:
            old, new = (json.dumps(side[name], indent=1, sort_keys=True).splitlines() for side in (before, after))
            yield f"  {title(name)}"
            yield from list(difflib.unified_diff(old, new, lineterm="", n=2))[2:]
