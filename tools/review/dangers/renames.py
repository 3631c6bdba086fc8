"""The same thing under another logical id: CloudFormation makes the new one, then deletes the old one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from tools.assembly import CHART, MANIFEST
from tools.resource_types import resource_type
from tools.review.dangers.danger import Danger, DangerRule, danger, surviving
from tools.review.dangers.names import keys, likeness, name_of
from tools.revision.differences import Change, ClusterDifference


def renamed(difference: ClusterDifference) -> list[tuple[Change, Change]]:
    """What goes under one logical id and comes under another."""
    created = [change for change in surviving(difference) if change.impact == "create"]
    found = []
    for old in surviving(difference):
        if old.impact in ("delete", "orphan"):
            new = next((each for each in created if _same(old, each)), None)
            if new:
                created.remove(new)
                found.append((old, new))
    return found


def renames_resource(difference: ClusterDifference) -> Iterator[Danger]:
    """Its old and its new construct, and what becomes of it."""
    order = [stack.stack.name for stack in difference.stacks]
    for pairs in _together(renamed(difference)):
        old, new = pairs[0]
        one, other = (change.path if len(pairs) == 1 else change.path.split("/")[0] for change in (old, new))
        moved = "" if old.stack.name == new.stack.name else f" of the {new.stack.name} stack"
        away = order.index(old.stack.name) < order.index(new.stack.name)
        whats = (
            f"deleted, and made again by a later stack: {_lost(each)}"
            if away and each.impact == "delete"
            else _what(each)
            for each, _ in pairs
        )
        what, why = "; ".join(dict.fromkeys(whats)), f"{one} is called {other}{moved} now"
        yield replace(danger("renames-resource", old, what, why, f"keep it where it was: {one}"), path=one)


def _together(pairs: Iterable[tuple[Change, Change]]) -> Iterable[list[tuple[Change, Change]]]:
    """All that one construct takes along under its new name, such as an add-on or a team."""
    found: dict[tuple[str, ...], list[tuple[Change, Change]]] = {}
    for old, new in pairs:
        tops = [(change.stack.name, change.path.split("/")[0]) for change in (old, new)]
        same = tops[0] == tops[1]
        found.setdefault((*tops[0], *tops[1], *([old.id] if same else [])), []).append((old, new))
    return found.values()


def _same(old: Change, new: Change) -> bool:
    if old.type != new.type or old.before is None or new.after is None:
        return False
    if old.type == MANIFEST:
        return bool(keys(old.before) & keys(new.after))
    name = name_of(old.before)
    if name or name_of(new.after):
        return name == name_of(new.after)
    return bool(resource_type(old.type).lost) and likeness(old.before) == likeness(new.after)


def _what(old: Change) -> str:
    """https://github.com/aws/aws-cdk/issues/4717 tells it of manifests."""
    if old.type == MANIFEST:
        return "its objects are applied, then deleted: they are gone until the manifest changes again"
    if old.type == CHART:
        return "the release is upgraded, then uninstalled: it is gone until the chart changes again"
    if name_of(old.before):
        return "the deploy fails: already exists, since the old one goes last"
    if old.impact == "orphan":
        return "a new one is made, and the old one stays in the account outside of any stack, with all that needs it"
    return f"a new one is made, and the old one goes: {_lost(old)}"


def _lost(old: Change) -> str:
    return resource_type(old.type).lost or "it is away meanwhile, with all that is in it"


RULES: tuple[DangerRule, ...] = (renames_resource,)
