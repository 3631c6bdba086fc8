"""The real authorizer and real admission say of isolation what our evaluators say, and notice what is gone."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from blueprint import Blueprint
from tests.isolation.fleets import fleets
from tests.isolation.properties import running
from tests.isolation.test_guards import BREAKS, VAP, VAP_BINDING, WORLD, Break, edited, forgetful, spec, without
from tests.isolation.world import World, world_of
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.questions import Asked, access, admission, gateway_definitions, pod_of
from tests.kubernetes.real import Real
from tools.kubernetes import control_plane

FEW = settings(deadline=None, derandomize=True, database=None, max_examples=4, suppress_health_check=list(HealthCheck))
# What needs packets or AWS to be seen.
ELSEWHERE = {"pods_stay_apart", "doors_stay_shut", "all_ports_are_kept", "roles_stay_apart", "bounded"}
# The rules of Ingresses, said of other kinds; and a host that Kubernetes takes of no Ingress anyway.
LIKE_INGRESSES = ("gateways", "listenersets", "published", "routes", "challenges")
HERE = [
    (name, change)
    for name, change, expected in BREAKS
    if expected - ELSEWHERE and not any(word in name for word in LIKE_INGRESSES)
]


@pytest.fixture(scope="module")
def real(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    cluster = Cluster(control_plane.start(programs, tmp_path_factory.mktemp("plane")))
    try:
        cluster.define([*gateway_definitions()])
        yield Real(cluster)
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def known() -> dict[str, bool]:
    return {}


def ask(world: World, real: Real, known: dict[str, bool]) -> list[Asked]:
    real.become(world)
    return [*access(world, real, known), *admission(world, real)]


def test_both_say_the_same_of_random_fleets(real: Real, known: dict[str, bool]) -> None:
    count = 0

    @FEW
    @given(fleets())
    def agree(blueprint: Blueprint) -> None:
        nonlocal count
        asked = ask(world_of(blueprint), real, known)
        count += len(asked)
        assert [one for one in asked if not one.agreed] == []

    agree()
    assert count > 1000


@pytest.fixture(scope="module")
def sound(real: Real, known: dict[str, bool]) -> dict[str, object]:
    """What the cluster says of a world with all its guards."""
    asked = ask(WORLD, real, known)
    assert [one for one in asked if not one.agreed] == []
    return {one.question: one.theirs for one in asked}


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in HERE])
def test_a_missing_guard_is_noticed(
    real: Real, known: dict[str, bool], sound: dict[str, object], change: Break
) -> None:
    asked = ask(change(WORLD), real, known)
    assert [one for one in asked if not one.agreed] == []
    assert any(sound.get(one.question) != one.theirs for one in asked)


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
