"""Pairs of values that may not go together: each ends in a plan or in a report. `make every-value` takes more."""

from __future__ import annotations

import pytest

from blueprint.cluster import Cluster
from blueprint.compute import Compute
from blueprint.network import NewNetwork
from blueprint.value import Value
from tests.values.tries import Tries
from tests.values.variants import classes, pairs, random_pairs, spots

pytestmark = pytest.mark.thorough

TOGETHER = [cls for cls in classes() if issubclass(cls, NewNetwork | Cluster | Compute)]
"""Whose fields depend on each other most."""
ENOUGH = 40
"""Of a value with many fields few pairs of each two, as their number grows with its square."""


@pytest.mark.parametrize("cls", TOGETHER, ids=lambda cls: str(cls.__name__))
def test_two_fields_of_one_value(cls: type[Value]) -> None:
    tries = Tries()
    tries.take_all(pairs(spots()[cls][0], most=max(2, ENOUGH // len(spots()[cls][0].fields))))
    assert tries.failures == []
    assert tries.planned
    assert tries.refused


def test_two_fields_anywhere_in_a_cluster() -> None:
    tries = Tries()
    tries.take_all(random_pairs(60))
    assert tries.failures == []
    assert len(tries.planned) > tries.refused > 0
