"""A review for programs, such as the policy of a pipeline."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from tools.review.dangers import Danger
from tools.review.fleet import ReviewedFleet
from tools.review.sections.summary import counts


def as_json(fleet: ReviewedFleet, dangers: tuple[Danger, ...]) -> dict[str, Any]:
    """What review.json holds."""
    return {
        "base": fleet.base,
        "dangers": [asdict(danger) for danger in dangers],
        "touched": [cluster.name for cluster in fleet.touched],
        "untouched": list(fleet.untouched),
        "counts": counts(tuple(cluster.difference for cluster in fleet.touched)),
    }
