"""Every value that is planned, by itself and in pairs, on through templates, rules and tools: `make every-value`."""

from __future__ import annotations

import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from blueprint.cluster import Cluster
from blueprint.compute import Compute
from blueprint.network import NewNetwork
from blueprint.value import Value
from tests.values.crowds import crowds
from tests.values.through import through
from tests.values.tries import Tries
from tests.values.variants import Variant, classes, hints, pairs, random_pairs, singles, spots

BATCH = 40
"""More in one synth take no less time each, and more memory."""
CLASSES = [cls for cls in classes() if hints(cls)]


def planned(variants: Iterable[Variant], most: int = 10_000) -> list[Variant]:
    """Those that are, or so many of them."""
    tries = Tries()
    tries.take_all(variants)
    assert tries.failures == []
    assert tries.planned
    chance = random.Random("through")  # noqa: S311  # the same in every run
    return chance.sample(tries.planned, min(most, len(tries.planned)))


def all_the_way(variants: list[Variant], folder: Path) -> None:
    """Each ends in output."""
    for start in range(0, len(variants), BATCH):
        batch = variants[start : start + BATCH]
        synthesized, ends = through(batch, folder / str(start))
        assert ends == []
        assert synthesized == len(batch)


@pytest.mark.parametrize("cls", CLASSES, ids=lambda cls: str(cls.__name__))
def test_every_value(cls: type[Value], tmp_path: Path) -> None:
    all_the_way(planned(singles(spots()[cls][0])), tmp_path)


def test_many_values_at_once(tmp_path: Path) -> None:
    all_the_way(crowds(10_000), tmp_path)


@pytest.mark.parametrize("part", [NewNetwork, Cluster, Compute], ids=lambda cls: str(cls.__name__))
def test_pairs(part: type[Value], tmp_path: Path) -> None:
    found = [pair for cls in CLASSES if issubclass(cls, part) for pair in pairs(spots()[cls][0], most=16)]
    all_the_way(planned(found, most=150), tmp_path)


def test_pairs_anywhere(tmp_path: Path) -> None:
    all_the_way(planned(random_pairs(200), most=100), tmp_path)
