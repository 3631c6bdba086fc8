"""The findings as text and as JSON."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from blueprint.planning.document import Plan
from tools.doctor.finding import STATUSES, Finding, NotReadyError
from tools.markdown import one_line

WIDTH = 120
"""Columns of the report."""


def as_text(findings: Sequence[Finding]) -> str:
    """The worst first, each with what, why and fix."""
    parts = []
    for status in STATUSES:
        rows = [found for found in findings if found.status == status]
        if rows:
            width = max(len(found.check) for found in rows)
            parts.append("\n".join([status.upper(), *(line for found in rows for line in _lines(found, width))]))
    return "\n\n".join(parts)


def _lines(found: Finding, width: int) -> Iterator[str]:
    margin = " " * (width + 4)
    head = f"  {found.check.ljust(width)}  "
    yield from _wrapped(found.what, head, margin)
    for label, text in (("why", found.why), ("fix", found.fix)):
        if text:
            yield from _wrapped(text, f"{margin}{label}  ", f"{margin}     ")


def _wrapped(text: str, head: str, margin: str) -> Iterable[str]:
    """What AWS answers stands in it, so it becomes one line that a terminal shows and does not obey. No word is cut."""
    line = one_line(text)
    return textwrap.wrap(
        line, WIDTH, initial_indent=head, subsequent_indent=margin, break_long_words=False, break_on_hyphens=False
    )


def summary(plan: Plan, findings: Sequence[Finding]) -> str:
    """One line: whether the account is ready."""
    facts = plan.facts
    counts = {status: sum(found.status == status for found in findings) for status in STATUSES}
    where = f"{facts.account} {facts.region}"
    verdict = (
        "is not ready" if counts["problem"] else "could not be checked in full" if counts["unknown"] else "is ready"
    )
    listed = ", ".join(f"{count} {status}" for status, count in counts.items())
    return f"{where} {verdict} for {facts.name}: {listed}"


def failure_as_json(plan: Plan, error: NotReadyError) -> dict[str, Any]:
    """The same of a cluster whose account was not reached."""
    facts = plan.facts
    failed = {"what": error.what, "why": error.why, "fix": error.fix}
    return {"cluster": facts.name, "account": facts.account, "region": facts.region, "error": failed}


def as_json(plan: Plan, findings: Sequence[Finding]) -> dict[str, Any]:
    """A document for programs: the cluster, a count for each status, and every finding, the worst first."""
    facts = plan.facts
    ordered = sorted(findings, key=lambda found: STATUSES.index(found.status))
    return {
        "cluster": facts.name,
        "account": facts.account,
        "region": facts.region,
        "counts": {status: sum(found.status == status for found in findings) for status in STATUSES},
        "findings": [asdict(found) for found in ordered],
    }
