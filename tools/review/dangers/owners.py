"""Host names and namespaces that go from one owner to another, as the plans say whose each is.

What changes hands is in use: clients, cookies and certificates of a name, Secrets and pods of a namespace.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.hosts import wildcards
from blueprint.planning.document import Part, Plan
from tools.review.dangers.addons import Plans
from tools.review.dangers.danger import Danger, danger
from tools.revision.differences import Change, ClusterDifference

_RULE = "changes-team"


def given_away(difference: ClusterDifference, plans: Plans) -> Iterator[Danger]:
    """What another had before. Not what nobody had, nor what somebody gives up, nor what a renamed team keeps."""
    before, after = plans
    if before is None or after is None:
        return
    yield from _hosts(difference, before, after)
    yield from _namespaces(difference, before, after)


def renamed_teams(before: Plan, after: Plan) -> Mapping[str, str]:
    """By its old name, the new name of a team: one goes, and one comes with people of it and nobody else."""
    old, new = ({team.name for team in plan.teams} for plan in (before, after))
    found: dict[str, str] = {}
    for name in (team.name for team in before.teams if team.name not in new):
        heirs = (
            team.name
            for team in after.teams
            if team.name not in old and team.name not in found.values() and _inherits(before, name, after, team.name)
        )
        if heir := next(heirs, None):
            found[name] = heir
    return found


def _inherits(before: Plan, name: str, after: Plan, heir: str) -> bool:
    """Nobody has a role in the heir who had none in the other."""
    old, new = _people(before, name), _people(after, heir)
    return bool(new) and new <= old


def _people(plan: Plan, team: str) -> set[str]:
    groups = f"team:{team}:"
    return {entry.principal for entry in plan.people if any(each.startswith(groups) for each in entry.groups)}


def _hosts(difference: ClusterDifference, before: Plan, after: Plan) -> Iterator[Danger]:
    renamed = renamed_teams(before, after)
    known = {part.name: part.contribution.hosts for part in before.parts}
    for part in after.parts:
        for host in part.contribution.hosts:
            own = known.get(part.name, ())
            if {host, *wildcards(host)} & {*own}:
                continue
            for old in before.parts:
                if old.name == part.name or renamed.get(old.name) == part.name:
                    continue
                for theirs in old.contribution.hosts:
                    if theirs == host or theirs in wildcards(host) or host in wildcards(theirs):
                        yield _host(difference, host, theirs, old, part)


def _host(difference: ClusterDifference, host: str, theirs: str, old: Part, new: Part) -> Danger:
    what = f"the host {host} goes from {old.name} to {new.name}, which then answers for it and gets its certificates"
    why = f"{theirs} was a host of {old.name}"
    fix = f"ask {old.name}, and delete what serves the name there first"
    return danger(_RULE, _resource(difference, new.name, old.name), what, why, fix)


def _namespaces(difference: ClusterDifference, before: Plan, after: Plan) -> Iterator[Danger]:
    renamed = renamed_teams(before, after)
    owners = {space: part.name for part in before.parts for space in part.namespaces}
    for team in after.teams:
        for space in team.namespaces:
            owner = owners.get(space, team.name)
            if team.name not in (owner, renamed.get(owner)):
                what = (
                    f"the namespace {space} goes from {owner} to {team.name} with all that is in it: its people read "
                    f"the Secrets and act as the service accounts, and the rules of {owner} hold there no longer"
                )
                fix = "give the team a namespace of its own, and move there what it needs"
                yield danger(_RULE, _resource(difference, space, team.name), what, f"{owner} had it", fix)


def _resource(difference: ClusterDifference, *names: str) -> Change:
    """What the deploy changes for the first of these, or else anything."""
    for name in names:
        for change in difference.changes:
            if name in change.path.split("/"):
                return change
    return difference.changes[0]
