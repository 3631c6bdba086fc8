"""Clusters whose picture changes, before and after."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from tools.contents import Contents
from tools.review.document import Picture, Section
from tools.review.fleet import Fleet

_MOST = 5


def section(fleet: Fleet) -> Section:
    """One cluster for all that change alike."""
    found: dict[tuple[Any, Any], Picture] = {}
    for touched in fleet.deployed:
        before, after = (side.contents if side else None for side in touched.sides)
        drawn = _drawn(before), _drawn(after)
        if drawn[0] != drawn[1]:
            found.setdefault(drawn, Picture(touched.name, before, after))
    return Section("pictures", "Pictures", tuple(found.values())[:_MOST], open=False)


def _drawn(contents: Contents | None) -> Any:
    """What a picture shows of a cluster, without what is its own."""
    if not contents:
        return None
    releases = tuple((each.part, each.release.name, each.release.chart) for each in contents.releases)
    alike = replace(contents, name="", account="", region="", cidr="", subnets=(), objects={}, releases=())
    return repr(alike), len(contents.subnets), releases
