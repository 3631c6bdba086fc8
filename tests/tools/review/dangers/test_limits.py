"""Quotas and limits, compared by amount."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.teams import ContainerDefaults, Quota
from tests.tools.review.dangers.support import differing, manifest, only, thing, told

HARD = {"requests.cpu": "8", "limits.memory": "16Gi", "pods": "50", "services.loadbalancers": "0"}


def quota(**spec: Any) -> dict[str, Any]:
    return {"It": manifest(thing("ResourceQuota", "team", "shop", spec={"hard": HARD, **spec}))}


def hard(**changes: Any) -> dict[str, Any]:
    kept = {name: value for name, value in HARD.items() if changes.get(name, value) is not None}
    return quota(hard={**kept, **{name: value for name, value in changes.items() if value is not None}})


@pytest.mark.parametrize(
    ("after", "weaker"),
    [
        (hard(pods="5000"), True),
        (hard(pods="201"), True),
        (hard(**{"requests.cpu": "32500m"}), True),
        (hard(**{"limits.memory": "1Ti"}), True),
        (hard(**{"services.loadbalancers": "1"}), True),
        (hard(pods=None), True),
        (quota(hard={}), True),
        (quota(scopes=["NotTerminating"]), True),
        (quota(scopeSelector={"matchExpressions": [{"scopeName": "BestEffort", "operator": "Exists"}]}), True),
        (hard(pods="200"), False),
        (hard(**{"requests.cpu": "32000m"}), False),
        (hard(**{"limits.memory": "17179869184"}), False),
        (hard(pods="1"), False),
        (hard(secrets="9"), False),
    ],
)
def test_quotas(after: dict[str, Any], *, weaker: bool) -> None:
    assert {rule for rule, _ in told(differing(quota(), after))} == ({"removes-protection"} if weaker else set())


@pytest.mark.parametrize(
    ("counted", "weaker"),
    [
        ("count/rollouts.argoproj.io", False),
        ("count/httproutes.gateway.networking.k8s.io", True),
        ("count/deployments.apps", True),
    ],
)
def test_a_permission_that_goes_takes_its_limit_along(counted: str, *, weaker: bool) -> None:
    """Kinds of others are counted while a permission of the team creates them; what there is more of is told."""
    before = hard(**{counted: "500"})
    assert bool(told(differing(before, quota()))) is weaker
    assert told(differing(before, hard(**{counted: "5000"}))) == [("removes-protection", "It")]


def test_says_how_much_more() -> None:
    danger = only(differing(quota(), hard(pods="5000")))
    assert danger.what == "ResourceQuota shop/team: pods: 100 times as much"
    assert danger.why == "hard.pods: 50 -> 5000"


LIMITS = {"type": "Container", "default": {"memory": "256Mi"}, "max": {"memory": "16Gi"}}


def limits(**changes: Any) -> dict[str, Any]:
    spec = {"limits": [{**LIMITS, **changes}]}
    return {"It": manifest(thing("LimitRange", "team", "shop", spec=spec), thing("ConfigMap", "a", "shop"))}


@pytest.mark.parametrize(
    ("after", "weaker"),
    [
        (limits(max={}), True),
        (limits(max={"memory": "1Ti"}), True),
        (limits(default={}), True),
        (limits(default={"memory": "2Gi"}), True),
        (limits(type="Pod"), True),
        ({"It": manifest(thing("ConfigMap", "a", "shop"))}, True),
        (limits(max={"memory": "32Gi"}), False),
        (limits(default={"memory": "1Gi"}), False),
        (limits(max={"memory": "1Gi", "cpu": "4"}), False),
    ],
)
def test_limits(after: dict[str, Any], *, weaker: bool) -> None:
    assert {rule for rule, _ in told(differing(limits(), after))} == ({"removes-protection"} if weaker else set())


def test_each_of_ours_is_seen() -> None:
    """A hundred times of any number that a team has."""

    def team(value: Quota | ContainerDefaults) -> dict[str, Any]:
        return {"It": manifest(value.manifest("shop"))}

    for one, other in (
        (Quota(), Quota(cpu="800")),
        (Quota(), Quota(ephemeral_storage="20Ti")),
        (Quota(), Quota(secrets=10_000)),
        (Quota(), Quota(volume_claims=5000)),
        (ContainerDefaults(), ContainerDefaults(memory_max="1Ti")),
        (ContainerDefaults(), ContainerDefaults(ephemeral_storage_limit="20Gi", ephemeral_storage_max="20Gi")),
    ):
        assert "removes-protection" in dict(told(differing(team(one), team(other)))), other
        assert told(differing(team(other), team(one))) == []
