"""Clusters of other kinds than the one that most of these tests are about, whatever order CloudFormation takes."""

from __future__ import annotations

import pytest

from tests.lifecycle.cluster import KINDS
from tests.lifecycle.lab import NOTHING, Lab


@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("kind", KINDS)
def test_clusters_of_other_kinds_live_and_go(lab: Lab, kind: str, backwards: bool) -> None:
    world = lab.world()
    world.turn(backwards=backwards)
    world.put_all(kind)
    world.delete_all()
    assert world.contents() == NOTHING
