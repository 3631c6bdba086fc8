"""The verdict for people and for programs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tools.review.dangers import Danger
from tools.review.guard.verdict import GuardVerdict
from tools.revision.revisions import Comparison
from tools.tables import PlainTable, text_table

_HEADS = ("cluster", "stack", "resource and logical id", "what happens", "because of")


def as_text(comparison: Comparison, verdict: GuardVerdict) -> str:
    """Tables with what is refused first, how to go on, and one line to sum it up."""
    tables = [
        _table("Refused", verdict.refused),
        _table("Accepted by ALLOW", verdict.accepted),
        _table("To know, not refused", verdict.told),
    ]
    parts = [text_table(table) for table in tables if table.rows]
    if verdict.refused:
        parts.append(_instead(verdict.refused))
    return "\n\n".join([*parts, summary(comparison, verdict)])


def as_json(comparison: Comparison, verdict: GuardVerdict) -> dict[str, Any]:
    """All of it, under the names of the fields."""
    return {"base": comparison.base, "clusters": [cluster.name for cluster in comparison.touched], **asdict(verdict)}


def summary(comparison: Comparison, verdict: GuardVerdict) -> str:
    """One line."""
    since = f"since {comparison.base}"
    if not comparison.touched:
        return f"No cluster differs {since}."
    names = ", ".join(cluster.name for cluster in comparison.touched)
    resources = sum(len(cluster.changes) for cluster in comparison.touched)
    changed = f"{resources} {'resource differs' if resources == 1 else 'resources differ'} in {names} {since}"
    counts = [
        f"{len(verdict.refused)} refused" if verdict.refused else "nothing refused",
        *([f"{len(verdict.accepted)} accepted by ALLOW"] if verdict.accepted else []),
        *([f"{len(verdict.told)} to know"] if verdict.told else []),
    ]
    return f"{changed}: {', '.join(counts)}."


def _table(title: str, dangers: Sequence[Danger]) -> PlainTable:
    rows = tuple(
        (
            (danger.cluster,),
            (danger.stack,),
            (danger.path, *([danger.id] if danger.id != danger.path else [])),
            (danger.what, f"({danger.rule})"),
            (danger.why,),
        )
        for danger in dangers
    )
    return PlainTable(title, _HEADS, rows)


def _instead(refused: Sequence[Danger]) -> str:
    """What to write, once for all that need the same."""
    fixes: dict[str, list[str]] = {}
    for danger in refused:
        fixes.setdefault(danger.fix, []).append(danger.path)
    lines = [f"  {fix}: {', '.join(dict.fromkeys(paths))}" for fix, paths in fixes.items()]
    ids = " ".join(dict.fromkeys(danger.id for danger in refused))
    return "\n".join(["INSTEAD", *lines, f'  or accept it knowingly: ALLOW="{ids}"'])
