"""Charts that have no class here, each said by value."""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import cast

from blueprint.addons import HelmRelease
from blueprint.blueprint import Blueprint
from blueprint.kubernetes import RESERVED_NAMESPACES, PodSecurity
from tests.values.variants import Change, Spot, Variant

_FILE = Path(__file__).with_suffix(".tsv")
_SEED, _COUNT = 14, 10


@cache
def releases() -> tuple[HelmRelease, ...]:
    """As the charts were published in August 2026, at the strictest level that their pods keep by default.

    Each is in the namespace that its project uses; those that would share one are in one of their own name.
    """
    with _FILE.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    taken = [row["namespace"] for row in rows]
    return tuple(
        HelmRelease(
            row["chart"],
            chart=row["chart"],
            repository=row["repository"],
            version=row["version"],
            namespace=row["namespace"] if _is_alone(row["namespace"], taken) else row["chart"],
            pod_security=cast("PodSecurity", row["pod_security"]),
        )
        for row in rows
    )


def some(cluster: Blueprint) -> Variant:
    """The cluster with ten of them, which the seed chooses."""
    chosen = random.Random(_SEED).sample(releases(), _COUNT)  # noqa: S311  # the same in every run
    return Variant(cluster, (Change(Spot(cluster, (), cluster), "addons", (*cluster.addons, *chosen)),))


def _is_alone(namespace: str, taken: Sequence[str]) -> bool:
    return namespace in RESERVED_NAMESPACES or taken.count(namespace) == 1
