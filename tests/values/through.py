"""What follows from a plan: templates that pass all rules, and what people read of them. Output, or an exception."""

from __future__ import annotations

import json
import traceback
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from moto.iam.policy_validation import IAMPolicyDocumentValidator

from blueprint import iam
from blueprint.blueprint import Blueprint
from blueprint.contribution import Release
from blueprint.errors import BlueprintError
from blueprint.manifests import schema
from blueprint.planning.document import Plan
from blueprint.planning.file import dumped, loaded
from blueprint.planning.planner import plan
from blueprint.references import resolved
from blueprint.teams.workloads.kinds import KINDS
from blueprint.versions import SUPPORTED, minor
from tests.templates import plain
from tests.values.variants import Variant
from tools.access.matrix import matrix
from tools.access.render import as_markdown, as_text
from tools.assembly import Assembly, Stack, read
from tools.charts.results import Outcome, Unreachable
from tools.doctor.checks.needs import types_of
from tools.picture.page import page as picture_page
from tools.review import page as review_page
from tools.review.compose import review
from tools.review.dangers import dangers
from tools.review.drawing import drawn
from tools.review.fleet import ReviewedFleet, Touched
from tools.review.markdown import markdown
from tools.review.prices import prices
from tools.review.report import as_json as review_json
from tools.revision.differences import ClusterDifference, differences
from tools.status import FindingsError
from tools.synthesis import synthesize
from tools.upgrade.render import as_markdown as upgrade_markdown
from tools.upgrade.upgrade import upgrade

Ends = list[str]
"""What went wrong, each with the variant."""


def through(variants: Sequence[Variant], folder: Path) -> tuple[int, Ends]:
    """How many of the variants were synthesized, and each end that is no output.

    All in one synth of each side, since much of its time is its start; the names are v000 and so on.
    """
    named = {f"v{number:03}": variant for number, variant in enumerate(variants)}
    after = {name: plan(replace(variant.blueprint, name=name)) for name, variant in named.items()}
    before = {name: plan(replace(variant.cluster, name=name)) for name, variant in named.items()}
    ends: Ends = []
    assembly = _judged(after, named, folder / "after", ends)
    synthesize(list(before.values()), folder / "before", validate=False)
    base = {name: stacks for name, stacks in read(folder / "before").items() if name in assembly}
    found = {each.name: each for each in differences(base, assembly)}
    for name, stacks in assembly.items():
        try:
            _read(replace(named[name].blueprint, name=name), after[name], stacks)
            _compared(before[name], after[name], found.get(name))
        except Exception:  # noqa: BLE001  # that there is none is what is tested
            ends.append(f"{named[name]}\n{traceback.format_exc(limit=-4)}")
    return len(assembly), ends


def _judged(plans: Mapping[str, Plan], named: Mapping[str, Variant], out: Path, ends: Ends) -> Assembly:
    """The templates of those that pass all rules."""
    try:
        synthesize(list(plans.values()), out, validate=True)
    except FindingsError:
        findings = list(_findings(out))
        ends += [f"{named[name]}\n{rule} {path}" for name, rule, path in findings]
        failed = {name for name, _, _ in findings}
        return {name: stacks for name, stacks in read(out).items() if name not in failed}
    except RuntimeError as error:
        if len(plans) == 1:
            ends.append(f"{next(iter(named.values()))}\n{error}")
            return {}
    else:
        return read(out)
    found: dict[str, tuple[Stack, ...]] = {}
    for name, each in plans.items():  # one of them has no templates, and takes the others along
        found |= _judged({name: each}, {name: named[name]}, out / name, ends)
    return found


def _findings(out: Path) -> Iterator[tuple[str, str, str]]:
    """Cluster, rule and construct."""
    report = json.loads((out / "validation-report.json").read_text(encoding="utf-8"))
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                path = construct["constructPath"]
                yield path.partition("/")[0], violation["ruleName"], path


def _read(blueprint: Blueprint, planned: Plan, stacks: tuple[Stack, ...]) -> None:
    """By schemas of Kubernetes, checks of policies that were tried on IAM, and the tools that look at one cluster."""
    assert loaded(dumped(planned)) == planned
    for part in planned.parts:
        for manifest in part.contribution.objects:
            if (manifest["apiVersion"], manifest["kind"]) in _OF_KUBERNETES:
                assert list(schema.errors(plain(manifest), planned.facts.version)) == []
        for grant in part.contribution.every_grant:
            if grant.statements:
                document = resolved(iam.policy(grant.statements), defaultdict(_arn, partition="aws"))
                IAMPolicyDocumentValidator(json.dumps(document)).validate()
    picture_page(planned)
    as_text(matrix(planned)), as_markdown(matrix(planned))
    kinds = {resource["Type"] for stack in stacks for resource in stack.resources.values()}
    assert set(types_of(planned)) == {kind for kind in kinds if kind.startswith("AWS::")}
    for version in SUPPORTED:
        if minor(version) > minor(planned.facts.version):
            with suppress(BlueprintError):  # a report
                upgrade_markdown(upgrade(blueprint, version, _unreachable))


_OF_KUBERNETES = {(api, kind) for kind, api in KINDS.items()} | {
    *(("v1", "LimitRange"), ("v1", "ResourceQuota"), ("networking.k8s.io/v1", "NetworkPolicy")),
}


def _arn() -> str:
    return "arn:aws:iam::111111111111:role/any"


def _compared(before: Plan, after: Plan, found: ClusterDifference | None) -> None:
    """By those that look at a change."""
    if not found:
        return
    plans = (before, after)
    fleet, told = ReviewedFleet("0123456789ab", (Touched(found, plans),), ()), dangers(found, plans)
    document = review(fleet, told, _unreachable, prices())
    markdown(document, draw=drawn), review_page.page(document), json.dumps(review_json(fleet, told))


def _unreachable(releases: Sequence[Release], version: str) -> tuple[Outcome, ...]:
    return tuple(Unreachable("not in the tests") for _ in releases)
