"""The real authorizer and real admission notice each guard that is taken away, as our evaluators do."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import pytest

from tests.isolation.properties import running
from tests.isolation.test_guards import BREAKS, VAP, VAP_BINDING, WORLD, Break, edited, forgetful, spec, without
from tests.isolation.world import World
from tests.kubernetes.questions import after, answers, everything, pod_of
from tests.kubernetes.real import Real

pytestmark = pytest.mark.newest
# What needs packets or AWS to be seen.
ELSEWHERE = {
    *("pods_stay_apart", "doors_stay_shut", "all_ports_are_kept", "bounded"),
    *("roles_stay_apart", "roles_keep_to_their_own"),
}
# The rules of Ingresses, said of other kinds; and a host that Kubernetes takes of no Ingress anyway.
LIKE_INGRESSES = ("gateways", "listenersets", "published", "routes", "challenges")
# Asked of what is there before they come, in a test of its own.
OF_WHAT_IS_THERE = {"what_is_there_can_go"}
HERE = [
    (name, change)
    for name, change, expected in BREAKS
    if expected - ELSEWHERE - OF_WHAT_IS_THERE and not any(word in name for word in LIKE_INGRESSES)
]


@pytest.fixture(scope="module")
def sound(real: Real, known: dict[str, bool]) -> Mapping[str, list[object]]:
    """What the cluster says of a world with all its guards."""
    real.become(WORLD)
    asked = [*everything(WORLD, real, known)]
    assert [one for one in asked if not one.agreed] == []
    return answers(asked)


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in HERE])
def test_a_missing_guard_is_noticed(
    real: Real, known: dict[str, bool], sound: Mapping[str, list[object]], change: Break
) -> None:
    world = change(WORLD)
    real.become(world)
    asked = [*after(differing(WORLD, world), world, real, known)]
    assert [one for one in asked if not one.agreed] == []
    assert [question for question, said in answers(asked).items() if sound.get(question) != said]


def differing(one: World, other: World) -> list[Mapping[str, Any]]:
    """The objects that only one of them has so."""
    return [
        *(each for each in one.objects if each not in other.objects),
        *(each for each in other.objects if each not in one.objects),
    ]


def test_a_pod_of_an_older_rule_can_go(real: Real) -> None:
    """A controller removes its finalizer, and changes nothing that the newer rule judges; another image is refused."""
    real.become(without(VAP_BINDING, "team-a-pods")(WORLD))
    old = pod_of("a-web", running("old.example.com/app"), name="old")
    old["metadata"]["finalizers"] = ["example.com/tracking"]
    assert real.there(old)
    real.become(WORLD)
    held = real.there(old)
    assert held
    gone = {**held, "metadata": {**held["metadata"], "finalizers": []}}
    renewed = copy.deepcopy(gone)
    renewed["spec"]["containers"][0]["image"] = "old.example.com/newer"
    try:
        assert real.change(gone) is None
        assert real.change(renewed) == "images come from example.com/a/ only"
        real.become(edited(VAP, "team-a-pods", None, spec(forgetful))(WORLD))
        assert real.change(gone) == "images come from example.com/a/ only"
    finally:
        real.become(without(VAP_BINDING, "team-a-pods")(WORLD))
        real.cluster.client.ask("PUT", f"{real.cluster.objects.path(gone)}", gone)
