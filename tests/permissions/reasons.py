"""Reasons in the files of `identities/`: what lacks one, and which are no longer true."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from tests.permissions.evaluator import actions
from tests.permissions.roles import Role
from tests.permissions.tables import Identity, Source


def spare_without_reason(identity: Identity, roles: Sequence[Role]) -> Iterator[str]:
    """What the roles may do and the software does not call."""
    called = {action for row in identity.calls for action in row.by}
    used: set[str] = set()
    for role in roles:
        for action, policy in _granted(role):
            if action not in called:
                reasons = {action, policy, "*"} & set(identity.spare)
                used |= reasons
                if not reasons:
                    yield f"{role}: {action} is not called: remove it, or say in [spare] why it stays"
    for name in identity.spare.keys() - used:
        yield f"[spare] {name} is no longer true"


def differences_without_reason(identity: Identity, roles: Sequence[Role]) -> Iterator[str]:
    """What upstream's policy allows and the roles do not, and the reverse."""
    if not (upstream := identity.upstream):
        return
    theirs, used = set(upstream.actions), set()
    for role in roles:
        ours = dict(_granted(role))
        for action in theirs - ours.keys() - upstream.lacks.keys():
            yield f"{role}: upstream allows {action}: allow it, or say in [upstream.lacks] why not"
        for action in ours.keys() - theirs:
            reasons = {action, ours[action]} & upstream.adds.keys()
            used |= reasons
            if not reasons:
                yield f"{role}: upstream does not allow {action}: remove it, or say in [upstream.adds] why it is there"
        for action in upstream.lacks.keys() - (theirs - ours.keys()):
            yield f"{role}: [upstream.lacks] {action} is no longer true"
    for name in upstream.adds.keys() - used:
        yield f"[upstream.adds] {name} is no longer true"


def outdated(source: Source, installed: Mapping[str, Collection[str]]) -> list[str]:
    """What is wrong with the revision that was read, for what is installed now."""
    if not source.pinned_by:
        return []
    read = f"{source.repository} was read at {source.revision}"
    now = {_number(version) for version in installed[source.pinned_by]}
    if now != {_number(source.pins)}:
        versions = ", ".join(sorted(now))
        todo = "read its policy and its calls, mend the file, then change `revision` and `pins`"
        return [f"{read} for {source.pins}, and {source.pinned_by} is {versions} now: {todo}"]
    if (_number(source.revision) == _number(source.pins)) == bool(source.because):
        return [f"{read} for {source.pins}: say in `because` why these differ where they do, and only there"]
    return []


def _granted(role: Role) -> Iterator[tuple[str, str]]:
    """Each action with the policy of AWS that it comes from, if any."""
    for name, document in role.managed.items():
        yield from ((action, name) for action in actions([document]))
    yield from ((action, "") for action in actions(role.inline))


def _number(version: str) -> str:
    """1.22.4 of v1.22.4-eksbuild.3: the same software, built again by EKS."""
    return re.sub(r"^v|-eksbuild\.\d+$", "", version)
