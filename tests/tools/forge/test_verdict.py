"""Who may let what pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.tools.forge.reviews import BASE, DANGER
from tools.forge.policy import Approvals, Policy
from tools.forge.received import Received
from tools.forge.verdict import Approved, Claim, Shown, approvals, digest, edits, judged, verdict
from tools.review.dangers import Danger

RULES = Approvals()
HEAD = "a" * 40
SINCE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
SHOWN = Shown(HEAD, "0" * 16, SINCE)
LATER = SINCE + timedelta(seconds=1)
LABEL = Claim("label", "bob", "write", LATER)
REVIEW = Claim("review", "carol", "write", LATER, HEAD)
BLOCKS = Danger(**DANGER)
WARNS = replace(BLOCKS, rule="leaves-behind")


def counted(claim: Claim, rules: Approvals = RULES, decision: str | None = "APPROVED") -> str:
    """Why a claim does not count; empty if it does."""
    found = approvals(rules, [claim], "alice", SHOWN, decision)
    assert len(found.given) + len(found.refused) == 1
    return "".join(found.refused)


def test_dangers_block_or_warn_by_the_policy() -> None:
    found = verdict(Policy(), [BLOCKS, WARNS])
    assert (found.blocking, found.warnings, found.passes) == ((BLOCKS,), (WARNS,), False)
    assert verdict(Policy(), [WARNS]).passes
    assert verdict(Policy(), []).passes
    assert not verdict(Policy(clusters={"prod": {"leaves-behind": "block"}}), [WARNS]).passes


def test_a_label_or_a_review_approves() -> None:
    assert counted(LABEL) == counted(REVIEW) == ""
    for claim in (LABEL, REVIEW):
        assert verdict(Policy(), [BLOCKS], Approved((claim,))).passes


def test_both_may_be_needed() -> None:
    policy = Policy(Approvals(needs="all"))
    assert not verdict(policy, [BLOCKS], Approved((LABEL,))).passes
    assert not verdict(policy, [BLOCKS], Approved((REVIEW,))).passes
    assert not verdict(policy, [BLOCKS]).passes
    assert verdict(policy, [BLOCKS], Approved((LABEL, REVIEW))).passes
    without = Policy(Approvals(needs="all", review=False))
    assert verdict(without, [BLOCKS], Approved((LABEL,))).passes


def test_what_is_switched_off_does_not_approve() -> None:
    assert not verdict(Policy(Approvals(label="")), [BLOCKS], Approved((LABEL,))).passes
    assert not verdict(Policy(Approvals(review=False)), [BLOCKS], Approved((REVIEW,))).passes


@pytest.mark.parametrize("claim", [LABEL, REVIEW], ids=["label", "review"])
def test_the_authors_own_does_not_count(claim: Claim) -> None:
    assert "the author's own" in counted(replace(claim, by="Alice"))


@pytest.mark.parametrize("claim", [LABEL, REVIEW], ids=["label", "review"])
def test_it_takes_the_permission(claim: Claim) -> None:
    for permission in ("none", "read", "triage"):
        assert f"theirs is {permission}" in counted(replace(claim, permission=permission))
    assert "takes the permission maintain" in counted(claim, Approvals(permission="maintain"))
    assert counted(replace(claim, permission="admin"), Approvals(permission="maintain")) == ""


@pytest.mark.parametrize("claim", [LABEL, REVIEW], ids=["label", "review"])
def test_what_was_there_before_the_dangers_were_shown_does_not_count(claim: Claim) -> None:
    for at in (SINCE, SINCE - timedelta(days=1)):
        assert "older than the dangers" in counted(replace(claim, at=at))


def test_a_review_of_another_commit_does_not_count() -> None:
    assert "another commit than aaaaaaa" in counted(replace(REVIEW, commit="c" * 40))
    assert "another commit" in counted(replace(REVIEW, commit=""))


def test_code_owners_must_agree_where_the_policy_says_so() -> None:
    assert "no rule that requires" in counted(REVIEW, decision=None)
    assert "is REVIEW_REQUIRED" in counted(REVIEW, decision="REVIEW_REQUIRED")
    assert counted(REVIEW, Approvals(code_owners=False), decision=None) == ""
    assert counted(LABEL, decision=None) == ""


def test_the_digest_is_of_the_dangers_not_of_their_order() -> None:
    assert digest([BLOCKS, WARNS]) == digest([WARNS, BLOCKS])
    assert len({digest([]), digest([BLOCKS]), digest([BLOCKS, BLOCKS]), digest([replace(BLOCKS, what="x")])}) == 4


def review(*dangers: Danger) -> Received:
    """A review of these dangers."""
    return Received(BASE, dangers, ("prod",), (), "")


def test_what_is_shown_is_new_when_the_head_or_the_dangers_are() -> None:
    now = Shown(HEAD, "", LATER)
    before = Shown(HEAD, digest([BLOCKS]), SINCE)
    asked: list[Shown] = []

    def nobody(shown: Shown) -> Approved:
        asked.append(shown)
        return Approved()

    cases = [
        (before, (BLOCKS,), SINCE),
        (before, (BLOCKS, WARNS), SINCE),
        (before, (replace(BLOCKS, cluster="dev"),), LATER),
        (replace(before, head="c" * 40), (BLOCKS,), LATER),
        (None, (BLOCKS,), LATER),
    ]
    for shown, dangers, since in cases:
        _, found = judged(Policy(), review(*dangers), (), (shown, now), nobody)
        assert found.since == since
        assert asked[-1] == found
    assert judged(Policy(), review(), (), (before, now), nobody)[1].since == LATER
    assert len(asked) == len(cases), "nothing blocks, nobody is asked"


def test_a_change_of_what_judges_is_a_danger() -> None:
    assert edits(["examples/prod.py", "docs/tools/x.md", "addons/tools.py"]) == []
    files = [".github/workflows/review.yml", "Makefile", "tools/`[x](y)`<b>.py", *(f"tools/{n}.py" for n in range(9))]
    (found,) = edits(files)
    assert found.what.endswith("tools/2.py and 7 more")
    assert "tools/??x??y???b?.py" in edits(files[2:3])[0].what
    result, _ = judged(Policy(), review(), files, (None, SHOWN), lambda _: Approved())
    assert [danger.rule for danger in result.blocking] == ["edits-review"]
