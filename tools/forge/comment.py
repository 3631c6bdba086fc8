"""The comment: what the verdict is and what to do, and below it the review that the pull request's own code wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from tools.forge.policy import Policy
from tools.forge.received import Received, harmless
from tools.forge.verdict import CODE, Shown, Verdict
from tools.review.dangers import Danger

MARKER = "<!-- eks-blueprints-review"
LIMIT = 65_536
"""Characters of a comment in GitHub, which answers `body is too long (maximum is 65536 characters)`."""
STATUS_LIMIT = 140
"""Characters of a commit status's description. https://docs.github.com/en/rest/commits/statuses"""
_MARKER = re.compile(
    re.escape(MARKER)
    + r" head=(?P<head>[0-9a-f]{40}) dangers=(?P<dangers>[0-9a-f]{16}) since=(?P<since>[0-9TZ:-]{20}) -->"
)
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_MOST_LISTED = 20


def shown_in(body: str) -> Shown | None:
    """What a comment of ours shows; None if its marker is damaged, and then nothing was seen."""
    found = _MARKER.match(body)
    if not found:
        return None
    try:
        since = datetime.strptime(found["since"], _TIME).replace(tzinfo=UTC)
    except ValueError:
        return None
    return Shown(found["head"], found["dangers"], since)


def comment(verdict: Verdict, policy: Policy, received: Received, shown: Shown, artifact: str) -> str:
    """The whole comment. What we say stands first, where nothing in the review can hide or restyle it."""
    marker = f"{MARKER} head={shown.head} dangers={shown.dangers} since={shown.since.strftime(_TIME)} -->"
    review = received.markdown.strip() if received.touched else "No template of any cluster differs."
    cut = " It was too long for a comment and is **cut** here; the whole of it is there."
    origin = (
        f"Commit {shown.head[:7]} compared with {received.base[:7]}. The review below was written by the code under "
        f"review; [the page and the data]({artifact}) hang on its run."
    )
    top = "\n".join([marker, f"**{headline(verdict)}**", "", *_details(verdict, policy), "", origin])
    body = f"{top}\n\n---\n\n{review}\n"
    if len(body) <= LIMIT:
        return body
    room = LIMIT - len(top) - len(cut) - len("\n\n---\n\n\n")
    return f"{top}{cut}\n\n---\n\n{review[:room].rpartition(chr(10))[0]}\n"


def headline(verdict: Verdict) -> str:
    """One line of at most STATUS_LIMIT characters, without words of the review's."""
    count, warnings = len(verdict.blocking), len(verdict.warnings)
    warned = f"; {_counted(warnings, 'warning')}" if warnings else ""
    if not count:
        return f"No danger blocks{warned}."
    if verdict.passes:
        approved = f"{_counted(count, 'danger')} approved"
        text = f"{approved} by {', '.join(claim.by for claim in verdict.approved.given)}{warned}."
        return text if len(text) <= STATUS_LIMIT else f"{approved}{warned}."
    if any(danger.rule == CODE for danger in verdict.blocking):
        return f"Blocked: a file in teams/ is not data{warned}."
    return f"Blocked: {_counted(count, 'danger')} must be approved{warned}."


def _details(verdict: Verdict, policy: Policy) -> list[str]:
    lines = [*_listed("Blocks", verdict.blocking), *_listed("Warns", verdict.warnings)]
    if code := [danger for danger in verdict.blocking if danger.rule == CODE]:
        lines += ["", f"Nobody can let that pass: {code[0].why}. {code[0].fix[:1].upper()}{code[0].fix[1:]}."]
    elif verdict.blocking and not verdict.passes:
        lines += ["", _ways(policy)]
    return [*lines, *(f"- {harmless(_code_free(reason))}" for reason in verdict.approved.refused)]


def _ways(policy: Policy) -> str:
    rules = policy.approvals
    ways = [f"puts the label `{_code_free(rules.label)}`"] if rules.label else []
    if rules.review:
        owners = " (with its code owners' approval)" if rules.code_owners else ""
        ways.append(f"approves this commit in a review{owners}")
    joint = " and " if rules.needs == "all" else " or "
    who = f"somebody else with the permission {rules.permission}"
    return f"To let it pass, {who} reads this and {joint.join(ways)}. What came before this comment does not count."


def _listed(verb: str, dangers: Sequence[Danger]) -> list[str]:
    """A line for each rule and cluster: both are checked names, so nothing needs to be escaped.

    Only what we found ourselves is of no cluster, and its words are ours as well.
    """
    counts = Counter((danger.rule, danger.cluster, "" if danger.cluster else danger.what) for danger in dangers)
    lines = []
    for (rule, cluster, what), count in sorted(counts.items()):
        where = f" in `{cluster}`" if cluster else f": {what}"
        lines.append(f"- {verb}: `{rule}`{where}" + (f", {count} times" if count > 1 else ""))
    more = [f"- and {len(lines) - _MOST_LISTED} lines more"] if len(lines) > _MOST_LISTED else []
    return lines[:_MOST_LISTED] + more


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def _code_free(text: str) -> str:
    return text.replace("`", "'")
