"""The real authorizer and real admission say of isolation what our evaluators say."""

from __future__ import annotations

from hypothesis import given, settings

from blueprint import Blueprint
from tests.isolation.fleets import fleets
from tests.isolation.test_guards import WORLD
from tests.isolation.world import world_of
from tests.kubernetes.questions import everything
from tests.kubernetes.real import Real

# One takes 15 seconds of processor time, in each version.
FLEETS = settings(max_examples=20 if settings.get_current_profile_name() == "many" else 4)


def test_both_say_the_same_of_random_fleets(real: Real, known: dict[str, bool]) -> None:
    count = 0

    @FLEETS
    @given(fleets())
    def agree(blueprint: Blueprint) -> None:
        nonlocal count
        world = world_of(blueprint)
        real.become(world)
        asked = [*everything(world, real, known)]
        count += len(asked)
        assert [one for one in asked if not one.agreed] == []

    agree()
    assert count > 1000


def test_both_say_the_same_of_a_world_with_all_guards(real: Real, known: dict[str, bool]) -> None:
    real.become(WORLD)
    asked = [*everything(WORLD, real, known)]
    assert [one for one in asked if not one.agreed] == []
    assert len(asked) > 1000
