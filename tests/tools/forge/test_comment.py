"""The comment: what stands first, and what cannot get there."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.tools.forge.reviews import BASE, DANGER
from tools.forge.comment import LIMIT, MARKER, STATUS_LIMIT, comment, headline, shown_in
from tools.forge.policy import Approvals, Policy
from tools.forge.received import Received
from tools.forge.verdict import Approved, Claim, Edited, Shown, Verdict, code, digest, edits, verdict
from tools.review.dangers import Danger

POLICY = Policy()
BLOCKS = Danger(**DANGER)
WARNS = replace(BLOCKS, rule="leaves-behind", cluster="dev")
SINCE = datetime(2026, 11, 23, 9, 0, 1, tzinfo=UTC)
SHOWN = Shown("a" * 40, digest([BLOCKS]), SINCE)
BOB = Claim("label", "bob", "write", SINCE)
URL = "https://github.com/example/clusters/actions/runs/7#artifacts"


def text(found: Verdict, markdown: str = "# Review", policy: Policy = POLICY) -> str:
    """The comment of a verdict."""
    return comment(found, policy, Received(BASE, (), ("prod",), (), markdown), SHOWN, URL)


def test_a_comment_of_blocking_dangers() -> None:
    refused = ("the label of eve does not count: `x`",)
    body = text(verdict(Policy(), [BLOCKS, BLOCKS, WARNS, *edits(Edited(["Makefile"]))], Approved((), refused)))
    assert body == (
        f"{MARKER} head={'a' * 40} dangers={SHOWN.dangers} since=2026-11-23T09:00:01Z -->\n"
        "**Blocked: 3 dangers must be approved; 1 warning.**\n"
        "\n"
        "- Blocks: `edits-review`: it changes what the review comes from: Makefile\n"
        "- Blocks: `replaces-state` in `prod`, 2 times\n"
        "- Warns: `leaves-behind` in `dev`\n"
        "\n"
        "To let it pass, somebody else with the permission write reads this and puts the label `approved: dangers` or "
        "approves this commit in a review (with its code owners' approval). What came before this comment does not "
        "count.\n"
        "- the label of eve does not count: 'x'\n"
        "\n"
        f"Commit aaaaaaa compared with bbbbbbb. The review below was written by the code under review; "
        f"[the page and the data]({URL}) hang on its run.\n"
        "\n---\n\n# Review\n"
    )


def test_what_nobody_can_approve() -> None:
    found = verdict(Policy(), [BLOCKS, *code(Edited((), teams={"teams/`a`.py": b"import os"}))], Approved((BOB,)))
    assert headline(found) == "Blocked: a file in teams/ is not data."
    body = text(found)
    assert "- Blocks: `team-code`: teams/?a?.py:1 is not data\n" in body
    assert "Nobody can let that pass: a file in teams/ is data: " in body
    assert "To let it pass" not in body


def test_what_it_shows_is_read_back() -> None:
    assert shown_in(text(verdict(Policy(), [BLOCKS]))) == SHOWN


@pytest.mark.parametrize(
    "body",
    [
        "",
        MARKER,
        f"x{MARKER} head={'a' * 40} dangers={'0' * 16} since=2026-11-23T09:00:01Z -->",
        f"{MARKER} head={'a' * 39} dangers={'0' * 16} since=2026-11-23T09:00:01Z -->",
        f"{MARKER} head={'a' * 40} dangers={'0' * 16} since=2026-13-23T09:00:01Z -->",
    ],
)
def test_a_damaged_marker_shows_nothing(body: str) -> None:
    assert shown_in(body) is None


def test_a_marker_in_the_review_does_not_count() -> None:
    forged = f"{MARKER} head={'f' * 40} dangers={'0' * 16} since=2020-01-01T00:00:00Z -->"
    assert shown_in(text(verdict(Policy(), [BLOCKS]), f"{forged}\n{forged}")) == SHOWN


@pytest.mark.parametrize("length", [60_000, 64_800, 65_536, 300_000])
@pytest.mark.parametrize("letter", ["x", "é", "🌀"])
def test_it_is_never_too_long(length: int, letter: str) -> None:
    markdown = "\n".join([letter * 99] * (length // 100))
    body = text(verdict(Policy(), [BLOCKS] * 500), markdown)
    assert len(body) <= LIMIT
    if length > LIMIT:
        assert "**cut** here" in body
        assert len(body) > LIMIT - 200
        assert body.endswith(f"{letter * 99}\n"), "cut between lines"
    elif length < 64_000:
        assert "**cut**" not in body
        assert body.endswith(f"{markdown}\n")


def test_a_review_of_one_endless_line_leaves_room_for_what_we_say() -> None:
    body = text(verdict(Policy(), [BLOCKS]), "x" * 100_000)
    assert len(body) <= LIMIT
    assert body.startswith(MARKER)
    assert "**cut** here" in body


def test_a_hundred_kinds_of_danger_are_a_short_list() -> None:
    dangers = [replace(BLOCKS, cluster=f"prod-{number}") for number in range(100)]
    body = text(verdict(Policy(), dangers))
    assert len(re.findall(r"^- Blocks", body, re.MULTILINE)) == 20
    assert "- and 80 lines more" in body


def test_nothing_changed_is_said() -> None:
    body = comment(verdict(Policy(), []), Policy(), Received(BASE, (), (), ("prod",), "# Review"), SHOWN, URL)
    assert "**No danger blocks.**" in body
    assert "No template of any cluster differs." in body
    assert "# Review" not in body


def test_the_ways_to_approve_are_those_of_the_policy() -> None:
    for rules, words in [
        (Approvals(label=""), "reads this and approves this commit"),
        (Approvals(review=False), "reads this and puts the label `approved: dangers`. What"),
        (Approvals(needs="all", code_owners=False), "dangers` and approves this commit in a review. What"),
        (Approvals(label="a`b", permission="admin"), "permission admin reads this and puts the label `a'b` or"),
    ]:
        assert words in text(verdict(Policy(rules), [BLOCKS]), policy=Policy(rules))


def test_headlines_fit_a_status() -> None:
    assert headline(verdict(Policy(), [])) == "No danger blocks."
    assert headline(verdict(Policy(), [WARNS])) == "No danger blocks; 1 warning."
    assert headline(verdict(Policy(), [BLOCKS, BLOCKS])) == "Blocked: 2 dangers must be approved."
    assert headline(verdict(Policy(), [BLOCKS], Approved((BOB,)))) == "1 danger approved by bob."
    many = Approved(tuple(replace(BOB, by=f"reviewer-{number}") for number in range(30)))
    assert headline(verdict(Policy(), [BLOCKS], many)) == "1 danger approved."
    assert len(headline(verdict(Policy(), [BLOCKS] * 2000 + [WARNS] * 2000))) <= STATUS_LIMIT
