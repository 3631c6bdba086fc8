"""What a change of each field does to a deployed cluster, by the CDK's diff engine and the rules about dangers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from blueprint.blueprint import Blueprint
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plan
from blueprint.value import Value
from tests.templates import renamed
from tests.values.variants import Change, Variant, options, spots
from tools.assembly import read
from tools.review.dangers import dangers
from tools.revision.differences import differences
from tools.synthesis import synthesize

Field = tuple[str, str]
"""Names of a class and of a field."""

MADE_ANEW = ("create-only", "deletes-state", "moves", "renames-resource", "replaces-state")
"""Rules that tell of it."""
_BATCH = 40


def variants(cls: type[Value], field: str, most: int) -> Iterator[Variant]:
    """So many other values of a field that are planned, if there are so many."""
    found = 0
    for spot in spots()[cls][:3]:
        for value in options(cls, field):
            if found < most and value != getattr(spot.value, field):
                variant = Variant(spot.cluster, (Change(spot, field, value),))
                if _is_planned(variant):
                    found += 1
                    yield variant


def made_anew(variants: Iterable[Variant], folder: Path) -> Mapping[Field, set[str]]:
    """Types of resources, of each field that makes some anew."""
    found: dict[Field, set[str]] = defaultdict(set)
    for number, batch in enumerate(_batches(variants)):
        named = {f"new{index:03}": variant for index, variant in enumerate(batch)}
        clusters = {f"old{index:03}": cluster for index, cluster in enumerate(_distinct(batch))}
        of = {name: next(old for old, each in clusters.items() if each == v.cluster) for name, v in named.items()}
        every = {**clusters, **{name: variant.blueprint for name, variant in named.items()}}
        plans = {name: plan(replace(blueprint, name=name)) for name, blueprint in every.items()}
        out = folder / str(number)
        synthesize(list(plans.values()), out, validate=False)
        assembly = {name: renamed(stacks) for name, stacks in read(out).items()}
        before, after = {name: assembly[of[name]] for name in named}, {name: assembly[name] for name in named}
        for difference in differences(before, after):
            both = plans[of[difference.name]], plans[difference.name]
            for change in named[difference.name].changes:
                kinds = {danger.type for danger in dangers(difference, both) if danger.rule in MADE_ANEW}
                found[type(change.spot.value).__name__, change.field] |= kinds
    return {field: kinds for field, kinds in found.items() if kinds}


def _distinct(variants: Iterable[Variant]) -> list[Blueprint]:
    """The clusters without changes, each once."""
    found: list[Blueprint] = []
    for variant in variants:
        if variant.cluster not in found:
            found.append(variant.cluster)
    return found


def _batches(variants: Iterable[Variant]) -> Iterator[list[Variant]]:
    listed = list(variants)
    yield from (listed[start : start + _BATCH] for start in range(0, len(listed), _BATCH))


def _is_planned(variant: Variant) -> bool:
    try:
        plan(variant.blueprint)
    except BlueprintError:
        return False
    return True
