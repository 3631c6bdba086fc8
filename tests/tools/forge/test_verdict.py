"""Who may let what pass."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.tools.forge.reviews import BASE, DANGER
from tools.forge.policy import RULES as KNOWN
from tools.forge.policy import Approvals, Policy
from tools.forge.received import Received
from tools.forge.verdict import CODE, Approved, Claim, Edited, Shown, approvals, code, digest, edits, judged, verdict
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
    found = approvals(rules, [claim], ("alice", "dave"), SHOWN, decision)
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
    for author in ("Alice", "dave"):
        assert "opened the pull request, or wrote or pushed" in counted(replace(claim, by=author))


def test_nothing_counts_while_the_authors_are_not_known() -> None:
    found = approvals(RULES, [LABEL, REVIEW], None, SHOWN, "APPROVED")
    assert (found.given, len(found.refused)) == ((), 2)
    assert "squash some" in found.refused[0]


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
        _, found = judged(Policy(), review(*dangers), Edited(()), (shown, now), nobody)
        assert found.since == since
        assert asked[-1] == found
    assert judged(Policy(), review(), Edited(()), (before, now), nobody)[1].since == LATER
    assert len(asked) == len(cases), "nothing blocks, nobody is asked"


def test_a_change_of_what_judges_is_a_danger() -> None:
    innocent = ("clusters/prod.py", "teams/search.py", "addons/versions.toml", "tests/x.ambr", "docs/tools/x.md")
    assert edits(Edited(innocent)) == []
    for name in ("app.py", "argparse.py", "addons/karpenter/__init__.py", "blueprint/rules.py", "yaml/__init__.py"):
        (found,) = edits(Edited((name, *innocent)))
        assert found.what == f"it changes what the review comes from: {name}"
    assert "more files than are listed" in edits(Edited(innocent, complete=False))[0].what
    files = [".github/workflows/review.yml", "Makefile", "tools/`[x](y)`<b>.py", *(f"tools/{n}.py" for n in range(9))]
    (found,) = edits(Edited(files))
    assert found.what.endswith("tools/2.py and 7 more")
    assert "tools/??x??y???b?.py" in edits(Edited(files[2:3]))[0].what
    result, _ = judged(Policy(), review(), Edited(files), (None, SHOWN), lambda _: Approved())
    assert [danger.rule for danger in result.blocking] == ["edits-review"]


def test_a_team_s_file_that_runs_passes_by_nobody() -> None:
    """Whatever the pull request's own check says of it, which it may have changed."""
    teams = {"teams/a.py": b"X = 1\n", "teams/b.py": b"X = 1\nimport os\nimport sys\n", "teams/b.pyc": b""}
    found = list(code(Edited((), teams=teams)))
    assert [danger.what for danger in found] == ["teams/b.py:2 is not data", "teams/b.pyc is not data"]
    result, _ = judged(Policy(), review(), Edited((), teams=teams), (None, SHOWN), lambda _: Approved((LABEL, REVIEW)))
    assert ({danger.rule for danger in result.blocking}, result.passes) == ({CODE}, False)
    assert CODE not in KNOWN, "a policy cannot name it, so it blocks"
