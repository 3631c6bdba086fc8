"""What guarded resources of AWS, and no longer does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from tools.assembly import CHART, MANIFEST, Template, text
from tools.resource_types import resource_type
from tools.review.dangers.addons import Plans
from tools.review.dangers.danger import Danger, DangerRule, at, danger, danger_of, on, step, surviving, was_and_is
from tools.review.dangers.names import without_references
from tools.revision.differences import Change, ClusterDifference

_RULE = "removes-protection"
_ROLE = "AWS::IAM::Role"
_STACK = "AWS::CloudFormation::Stack"


def _off(before: Any, after: Any) -> bool:
    return on(before) and not on(after)


def _disabled(before: Any, after: Any) -> bool:
    return bool(before == "ENABLED" != after)


def _gone(before: Any, after: Any) -> bool:
    return before is not None and after is None


def _shorter(before: Any, after: Any) -> bool:
    """Days; nothing is for ever."""
    return after is not None and (before is None or float(after) < float(before))


def _fewer(before: Any, after: Any) -> bool:
    """Days; nothing is none."""
    return before is not None and after is not None and float(after) < float(before)


def _fewer_types(before: Any, after: Any) -> bool:
    return bool(_log_types(before) - _log_types(after))


def _tokens(before: Any, after: Any) -> bool:
    return bool(before == "required" != after)


def _more_hops(before: Any, after: Any) -> bool:
    return before is not None and after is not None and int(after) > int(before)


def _plain_volume(before: Any, after: Any) -> bool:
    return bool(_encrypted(before) and _volumes(after) - _encrypted(after))


WEAKER: Mapping[str, Callable[[Any, Any], bool]] = {
    "off": _off,
    "disabled": _disabled,
    "gone": _gone,
    "shorter": _shorter,
    "fewer": _fewer,
    "fewer log types": _fewer_types,
    "optional tokens": _tokens,
    "more hops": _more_hops,
    "unencrypted volumes": _plain_volume,
}
"""By the names in `facts/resources.toml`, whether the value after protects less than the one before."""
_KEEPING = ("Retain", "RetainExceptOnCreate", "Snapshot")


def settings(difference: ClusterDifference) -> Iterator[Danger]:
    """Properties that protect."""
    for change in surviving(difference):
        for check in resource_type(change.type).weaker if change.before and change.after else ():
            before, after = was_and_is(change, *check.path)
            if WEAKER[check.when](before, after):
                yield danger(
                    _RULE, change, check.means, step(".".join(check.path), before, after), "leave it as it was"
                )


def removals(difference: ClusterDifference) -> Iterator[Danger]:
    """Resources that protect what stays."""
    gone = {change.id for change in surviving(difference) if change.impact in ("delete", "orphan")}
    for change in surviving(difference):
        guarded = at(change.before, "ResourceId")
        with_it = isinstance(guarded, Mapping) and guarded.get("Ref") in gone
        guards = resource_type(change.type).guards
        if guards and change.id in gone and not with_it:
            yield danger(_RULE, change, guards, "it is no longer in the app", "keep it")


def boundaries(difference: ClusterDifference) -> Iterator[Danger]:
    """Roles that lose their permissions boundary or get another, and one without where every role had one.

    Whether another allows more, no template says. A stack in which some roles have none says nothing of new ones.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/access_policies_boundaries.html
    """
    bounded = {
        stack.stack.name
        for stack in difference.stacks
        if stack.before and (roles := stack.before.of_type(_ROLE)) and all(map(_boundary, roles.values()))
    }
    gone = [change for change in surviving(difference) if change.type == _ROLE and change.after is None]
    for change in surviving(difference):
        if change.type != _ROLE or change.after is None:
            continue
        before, after = change.before or _assumed_alike(change, gone), change.after
        why = step("PermissionsBoundary", *(_boundary(role) or None for role in (before, after)))
        if _boundary(before) and not _boundary(after):
            yield danger(_RULE, change, "no permissions boundary limits it any longer", why, "keep it")
        elif _boundary(before) and _boundary(before) != _boundary(after):
            what, fix = "another permissions boundary limits it, which may allow more", "compare the two policies"
            yield danger(_RULE, change, what, why, fix)
        elif before is None and not _boundary(after) and change.stack.name in bounded:
            what = "no permissions boundary limits it, and one limited every role of the stack"
            yield danger(_RULE, change, what, why, "give it the boundary of the others")


def retention(difference: ClusterDifference, plans: Plans = (None, None)) -> Iterator[Danger]:
    """What is kept when its resource or stack goes; charts and manifests are on the way to another delivery only.

    Once of a cluster that retained everything.
    """
    before, after = plans
    if before is not None and after is not None and before.retain and not after.retain:
        what = "what its stacks made is deleted with them, but for keys, logs and the like"
        why = step("retain", True, False)
        yield Danger(_RULE, difference.name, "*", "retain", "retain", _STACK, what, why, "leave it on")
        return
    for change in surviving(difference):
        if change.type in (CHART, MANIFEST):
            continue
        for name in ("DeletionPolicy", "UpdateReplacePolicy"):
            before, after = ((resource or {}).get(name) for resource in (change.before, change.after))
            if change.after and before in _KEEPING and after not in _KEEPING:
                what = (
                    "it is deleted with its stack" if name == "DeletionPolicy" else "it is deleted when it is replaced"
                )
                yield danger(_RULE, change, what, step(name, before, after or "Delete"), f"leave {name} as it was")


def termination_protection(difference: ClusterDifference) -> Iterator[Danger]:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-protect-stacks.html"""
    for stack in difference.stacks:
        before, after = stack.before, stack.after
        if before and after and before.termination_protection and not after.termination_protection:
            why = step("termination protection", True, False)
            yield danger_of(_RULE, after, after.stack_name, _STACK, "the stack can be deleted", why, "leave it on")


def _boundary(role: Template | None) -> str:
    found = at(role, "PermissionsBoundary")
    return text(found) if found else ""


def _assumed_alike(new: Change, gone: Iterable[Change]) -> Template | None:
    """What the same service account or service assumed before, under another logical id."""
    return next((old.before for old in gone if _trust(old.before) == _trust(new.after)), None)


def _trust(role: Template | None) -> Any:
    return without_references(at(role, "AssumeRolePolicyDocument"))


def _log_types(logging: Any) -> set[str]:
    return {each["Type"] for each in (logging or {}).get("EnabledTypes", ())}


def _encrypted(volumes: Any) -> set[str]:
    return {each["DeviceName"] for each in volumes or () if on(each.get("Ebs", {}).get("Encrypted"))}


def _volumes(volumes: Any) -> set[str]:
    return {each["DeviceName"] for each in volumes or () if "Ebs" in each}


RULES: tuple[DangerRule, ...] = (settings, removals, boundaries, termination_protection)
