"""Whether a pull request may pass: its dangers, the policy, and who approved what they saw.

An approval counts if the dangers of the head commit stood in the comment when it was given. So neither a push nor a
base that moved on lets an old label or review approve dangers that nobody has seen. GitHub tells no time of a push
that could be trusted instead: the dates in a commit are its author's, and a commit may be pushed twice.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from datetime import datetime
from typing import Literal

from tools.forge.policy import FILE, Approvals, Policy
from tools.forge.received import Received
from tools.review.dangers import Danger

JUDGES = ("tools/", ".github/", ".gitlab-ci.yml", "Makefile", FILE)
"""What the review and its verdict come from."""
PERMISSIONS = ("none", "read", "triage", "write", "maintain", "admin")


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
    return Verdict(blocking, warnings, approved, not blocking or (enough and bool(given)))


def judged(
    policy: Policy,
    received: Received,
    files: Collection[str],
    shown: tuple[Shown | None, Shown],
    approved: Callable[[Shown], Approved],
) -> tuple[Verdict, Shown]:
    """The verdict, and what the comment shows from now on.

    `files` are those that the pull request changes. `shown` is what the comment has been showing, and the head commit
    and the time of now. `approved` is asked only where something blocks.
    """
    before, now = shown
    dangers = (*received.dangers, *edits(files))
    blocking = verdict(policy, dangers).blocking
    now = replace(now, dangers=digest(blocking))
    if before and (before.head, before.dangers) == (now.head, now.dangers):
        now = before
    return verdict(policy, dangers, approved(now) if blocking else Approved()), now


def edits(files: Collection[str]) -> list[Danger]:
    """A pull request that changes what judges it may have changed the judgement; a person has to look."""
    found = [re.sub(r"[^\w./-]", "?", name) for name in sorted(files) if name.startswith(JUDGES)]
    if not found:
        return []
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    what = f"it changes what the review comes from: {', '.join(found[:5])}{more}"
    why = "the review was written by the changed code, so it may not show what it should"
    return [Danger("edits-review", "", "", "", "", "", what, why, "read these changes first")]


def digest(dangers: Iterable[Danger]) -> str:
    """The same for the same dangers in any order."""
    words = json.dumps(sorted(astuple(danger) for danger in dangers))
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def approvals(
    rules: Approvals, claims: Sequence[Claim], author: str, shown: Shown, decision: str | None = None
) -> Approved:
    """Which claims count. `shown` is what the comment has been showing until now.

    `decision` is what GitHub makes of all reviews by the rules of the branch: `APPROVED`, `REVIEW_REQUIRED`,
    `CHANGES_REQUESTED`, or None where the branch has no such rule.
    """
    given, refused = [], []
    for claim in claims:
        problem = _problem(rules, claim, author, shown, decision)
        if problem:
            refused.append(f"the {claim.how} of {claim.by} does not count: {problem}")
        else:
            given.append(claim)
    return Approved(tuple(given), tuple(refused))


def _problem(rules: Approvals, claim: Claim, author: str, shown: Shown, decision: str | None) -> str:
    """Why a claim does not count, and what to do; empty if it does."""
    again = "take the label off and put it again" if claim.how == "label" else "approve again"
    if claim.by.casefold() == author.casefold():
        return "it is the author's own"
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
