"""Clusters whose picture changes, before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from blueprint.planning.document import Plan
from tools.picture.things import described
from tools.review.document import Block, Picture, Section, said
from tools.review.fleet import ReviewedFleet

_MOST = 5


def section(fleet: ReviewedFleet) -> Section:
    """One cluster stands for all that change alike."""
    pictures: dict[tuple[Any, Any], Picture] = {}
    alike: dict[tuple[Any, Any], list[str]] = {}
    for touched in fleet.deployed:
        before, after = (side.plan if side else None for side in touched.sides)
        drawn = _drawn(before), _drawn(after)
        if drawn[0] != drawn[1]:
            pictures.setdefault(drawn, Picture(touched.name, before, after))
            alike.setdefault(drawn, []).append(touched.name)
    blocks: list[Block] = [*list(pictures.values())[:_MOST]]
    blocks += [
        said(f"{names[0]} is drawn for {fleet.where(names)}, which change alike.")
        for names in list(alike.values())[:_MOST]
        if len(names) > 1
    ]
    if left := [name for names in list(alike.values())[_MOST:] for name in names]:
        blocks.append(said(f"Not drawn: {fleet.where(left)}."))
    return Section("pictures", "Pictures", tuple(blocks), open=False)


def _drawn(plan: Plan | None) -> Any:
    """What a picture shows of a cluster, without what is its own."""
    if not plan:
        return None
    alike = replace(plan, network=replace(plan.network, cidrs=(), subnets=()))
    return repr(described(alike)), len(plan.network.subnets)
