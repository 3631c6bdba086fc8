"""Whether a pull request may pass: its dangers, the policy, and who approved what they saw.

An approval counts if the dangers of the head commit stood in the comment when it was given. So neither a push nor a
base that moved on lets an old label or review approve dangers that nobody has seen. GitHub tells no time of a push
that could be trusted instead: the dates in a commit are its author's, and a commit may be pushed twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, field, replace
from datetime import datetime
from typing import Literal

from blueprint import team_files
from tools.forge.policy import Approvals, Policy
from tools.forge.received import Received
from tools.review.dangers import Danger

UNDER_REVIEW = (
    *("clusters/", "teams/", "addons/versions.toml", "facts/node_images.toml"),
    *("examples/", "tests/", "bench/", "docs/", "README.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"),
)
"""What a review is about, or never reads. All else is what it comes from: a new file beside `app.py` may be imported in
the place of one of Python's own."""
CODE = "team-code"
"""The rule that nobody can approve, and no policy can change: a file of a team that is more than data."""
PERMISSIONS = ("none", "read", "triage", "write", "maintain", "admin")


@dataclass(frozen=True)
class Edited:
    """What the pull request changes."""

    files: Collection[str]
    """By their names, former ones as well."""
    complete: bool = True
    """Whether these are all; a forge ends its list somewhere."""
    teams: Mapping[str, bytes] = field(default_factory=dict)
    """Files of teams as they are at the head. Nothing of them is executed."""


@dataclass(frozen=True)
class Shown:
    """What the comment shows."""

    head: str
    """The pull request's head commit."""
    dangers: str
    """The digest of those that block."""
    since: datetime


@dataclass(frozen=True)
class Claim:
    """A label or a review that might approve."""

    how: Literal["label", "review"]
    by: str
    permission: str
    """What that person may do in the repository, one of PERMISSIONS."""
    at: datetime
    commit: str = ""
    """What was reviewed; a label says nothing of commits."""


@dataclass(frozen=True)
class Approved:
    """What came of the claims."""

    given: tuple[Claim, ...] = ()
    refused: tuple[str, ...] = ()
    """Why the others do not count, for the reader."""


@dataclass(frozen=True)
class Verdict:
    """The end of it."""

    blocking: tuple[Danger, ...]
    warnings: tuple[Danger, ...]
    approved: Approved
    passes: bool


def verdict(policy: Policy, dangers: Iterable[Danger], approved: Approved = Approved()) -> Verdict:
    """What the policy says of dangers, with the approvals that count."""
    judged = [(policy.action(danger.rule, danger.cluster), danger) for danger in dangers]
    blocking = tuple(danger for action, danger in judged if action == "block")
    warnings = tuple(danger for action, danger in judged if action == "warn")
    given = {claim.how for claim in approved.given}
    wanted = {how for how, on in (("label", policy.approvals.label), ("review", policy.approvals.review)) if on}
    enough = given >= wanted if policy.approvals.needs == "all" else bool(given & wanted)
    final = any(danger.rule == CODE for danger in blocking)
    return Verdict(blocking, warnings, approved, not blocking or (enough and bool(given) and not final))


def judged(
    policy: Policy,
    received: Received,
    edited: Edited,
    shown: tuple[Shown | None, Shown],
    approved: Callable[[Shown], Approved],
) -> tuple[Verdict, Shown]:
    """The verdict, and what the comment shows from now on.

    `shown` is what the comment has been showing, and the head commit
    and the time of now. `approved` is asked only where something blocks.
    """
    before, now = shown
    dangers = (*received.dangers, *edits(edited), *code(edited))
    blocking = verdict(policy, dangers).blocking
    now = replace(now, dangers=digest(blocking))
    if before and (before.head, before.dangers) == (now.head, now.dangers):
        now = before
    return verdict(policy, dangers, approved(now) if blocking else Approved()), now


def edits(edited: Edited) -> list[Danger]:
    """A pull request that changes what judges it may have changed the judgement; a person has to look."""
    found = [_inert(name) for name in sorted(edited.files) if not name.startswith(UNDER_REVIEW)]
    if not edited.complete:
        found.append("perhaps anything, as it changes more files than are listed")
    if not found:
        return []
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    what = f"it changes what the review comes from: {', '.join(found[:5])}{more}"
    why = "the review was written by the changed code, so it may not show what it should"
    return [Danger("edits-review", "", "", "", "", "", what, why, "read these changes first")]


def code(edited: Edited) -> Iterator[Danger]:
    """A team's file that would run with the credentials of a deploy."""
    for name, source in sorted(edited.teams.items()):
        for problem in list(team_files.problems_in(name, source))[:1]:
            what = f"{_inert(problem.place)} is not data"
            yield Danger(CODE, "", "", "", "", "", what, problem.rule, problem.fix)


def _inert(name: str) -> str:
    """A name that a stranger chose, without what Markdown reads."""
    return re.sub(r"[^\w./:-]", "?", name)


def digest(dangers: Iterable[Danger]) -> str:
    """The same for the same dangers in any order."""
    words = json.dumps(sorted(astuple(danger) for danger in dangers))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def approvals(
    rules: Approvals,
    claims: Sequence[Claim],
    authors: Collection[str] | None,
    shown: Shown,
    decision: str | None = None,
) -> Approved:
    """Which claims count. `shown` is what the comment has been showing until now.

    `authors` are all who wrote or pushed a commit of the head, or opened the pull request; None where they are too many
    to be listed. `decision` is what GitHub makes of all reviews by the rules of the branch: `APPROVED`,
    `REVIEW_REQUIRED`, `CHANGES_REQUESTED`, or None where the branch has no such rule.
    """
    given, refused = [], []
    for claim in claims:
        problem = _problem(rules, claim, authors, shown, decision)
        if problem:
            refused.append(f"the {claim.how} of {claim.by} does not count: {problem}")
        else:
            given.append(claim)
    return Approved(tuple(given), tuple(refused))


def _problem(
    rules: Approvals, claim: Claim, authors: Collection[str] | None, shown: Shown, decision: str | None
) -> str:
    """Why a claim does not count, and what to do; empty if it does."""
    again = "take the label off and put it again" if claim.how == "label" else "approve again"
    if authors is None:
        return "there are more commits than are listed, so nobody knows who wrote them all; squash some"
    if claim.by.casefold() in map(str.casefold, authors):
        return "it is of somebody who opened the pull request, or wrote or pushed some of it"
    if PERMISSIONS.index(claim.permission) < PERMISSIONS.index(rules.permission):
        return f"it takes the permission {rules.permission}, and theirs is {claim.permission}"
    if claim.how == "review" and claim.commit != shown.head:
        return f"it is of another commit than {shown.head[:7]}; {again}"
    if claim.at <= shown.since:
        return f"it is older than the dangers in the comment; {again}"
    if claim.how == "review" and rules.code_owners and decision != "APPROVED":
        if decision is None:
            return "the branch has no rule that requires review from code owners, which review-policy.toml counts on"
        return f"by the rules of the branch, code owners' included, the pull request is {decision}"
    return ""
