"""No team gets out of its namespaces: properties of random clusters, and what finds each guard that is missing."""

from __future__ import annotations

import pytest
from hypothesis import given

from blueprint import Blueprint
from tests.isolation.exposure import admits, own_exposure
from tests.isolation.fleets import fleets
from tests.isolation.properties import ways_out
from tests.isolation.world import world_of

pytestmark = pytest.mark.thorough


@given(fleets())
def test_no_team_gets_out_of_its_namespaces_and_each_shows_what_is_its_own(blueprint: Blueprint) -> None:
    """The guards hold, and take nothing from teams that is theirs."""
    world = world_of(blueprint)
    assert ways_out(world) == []
    for namespace, team in world.owner.items():
        assert [sent.what for sent in own_exposure(world, team) if not admits(world, namespace, sent)] == []
