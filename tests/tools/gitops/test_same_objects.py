"""The same blueprint brings the same, whoever delivers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from addons.core import CORE
from blueprint import Blueprint, FluxDelivery, Hub, SelfManagedHub
from blueprint.addons import HelmRelease
from blueprint.delivery import Delivery
from blueprint.references import resolved
from blueprint.teams import PlatformTeam
from examples.existing_vpc import EXISTING_VPC
from examples.flux_delivery import FLUX_DELIVERY
from examples.government import GOVERNMENT
from examples.operations import OPERATIONS
from examples.teams import TEAMS
from tests.tools.gitops.engines import (
    DELIVERIES,
    HUBS,
    applications,
    by_argo_cd,
    by_flux,
    by_hub,
    by_kubectl,
    delivered,
    facts,
    written,
)

pytestmark = pytest.mark.thorough

HOSTILE = {
    "text": ["1e3", "0o17", "0x1F", "on", "y", "NO", "null", "~", "", " a ", "- a", "a: b", "#", "1_000", "12:30:45"],
    "dollars": ["$", "$$", "${HOME}", "$${HOME}", "${{ a }}", "$(B)", "a$", "{{ .Values.a }}", "{{"],
    "lines": ["a\nb\n", "a\n\n b", "\n", "a \nb", "\ta"],
    "letters": ["ä", "\u2028", "日本", "😀"],
    "numbers": [1, 1.5, -0.25, 10_000_000_000],
    "switches": [True, False, None],
    "nested": {"1": {"true": {"on": []}}, "empty": {}},
}
HARD = replace(
    OPERATIONS,
    name="hard",
    teams=(),
    addons=(
        *CORE,
        HelmRelease(
            "a", chart="a", repository="oci://r.example.com/x/a", version="1.10.0", namespace="a", values=HOSTILE
        ),
        HelmRelease(
            "b",
            chart="b",
            repository="https://r.example.com/b",
            version="1.0.0",
            namespace="b",
            values={"vpc": "${blueprint:vpc-id} costs $5 of ${blueprint:vpc-id}", **HOSTILE},
            after=("a",),
        ),
    ),
)
# Operators may look at what is there: where Argo CD is not, not at its kinds.
_WITHOUT_OPERATORS = tuple(each for each in TEAMS.teams if not isinstance(each, PlatformTeam))
OF_SPOKES = [replace(TEAMS, teams=_WITHOUT_OPERATORS), GOVERNMENT, HARD]
BLUEPRINTS = {each.name: each for each in (TEAMS, FLUX_DELIVERY, GOVERNMENT, EXISTING_VPC, HARD)}


@pytest.mark.parametrize("delivery", DELIVERIES.values(), ids=DELIVERIES)
@pytest.mark.parametrize("blueprint", BLUEPRINTS.values(), ids=BLUEPRINTS)
def test_same_objects_and_releases(blueprint: Blueprint, delivery: Delivery, tmp_path: Path) -> None:
    made = delivered(blueprint, delivery)
    bring = by_flux if isinstance(delivery, FluxDelivery) else by_argo_cd
    brought, expected = bring(made, written(made, tmp_path)), by_kubectl(blueprint, made)
    assert brought.objects.keys() == expected.objects.keys()
    for name, one in expected.objects.items():
        assert brought.objects[name] == one, name
    assert brought.releases == expected.releases
    assert expected.releases


@pytest.mark.parametrize("kind", HUBS.values(), ids=HUBS)
@pytest.mark.parametrize("blueprint", OF_SPOKES, ids=["teams", "government", "hard"])
def test_same_from_a_hub(blueprint: Blueprint, kind: type[Hub | SelfManagedHub], tmp_path: Path) -> None:
    """What AWS decides goes by parameters, External Secrets and ApplicationSets there."""
    made = delivered(blueprint, by_hub(blueprint, kind))
    clone = written(made, tmp_path)
    brought, expected = by_argo_cd(made, clone), by_kubectl(blueprint, made)
    followed = [name for name, one in expected.objects.items() if one["apiVersion"].startswith("argoproj.io/")]
    for name in followed:  # stands in the hub, of whatever cluster
        workload = expected.objects.pop(name)
        own = f"{made.facts.name}.{workload['metadata']['name']}"
        (there,) = (
            one
            for one in applications(made, clone)
            if (one["kind"], one["metadata"]["name"]) == (workload["kind"], own)
        )
        assert there["spec"].get("source") == workload["spec"].get("source")
        assert there["spec"].get("project", own) == own
        targets = there["spec"].get("destinations") or [there["spec"]["destination"]]
        known = {"name": made.facts.name} if kind is SelfManagedHub else {"server": made.facts.cluster_arn}
        spaces = workload["spec"].get("destinations") or [workload["spec"]["destination"]]
        assert targets == [{**resolved(known, facts(made)), "namespace": each["namespace"]} for each in spaces]
    assert bool(followed) == (blueprint.name == TEAMS.name)
    assert brought.objects.keys() == expected.objects.keys()
    for name, one in expected.objects.items():
        assert brought.objects[name] == one, name
    assert brought.releases == expected.releases
    assert expected.releases


def test_what_aws_decides_is_among_what_is_compared() -> None:
    """In values of charts, and in objects."""
    made = delivered(TEAMS, DELIVERIES["argo-cd"])
    expected = by_kubectl(TEAMS, made)
    assert facts(made)["role-arn:shop/secrets-reader"] in str(expected.objects)
    assert facts(made)["vpc-id"] in str(expected.releases)
    assert "arn:aws-us-gov:" in str(by_kubectl(GOVERNMENT, delivered(GOVERNMENT, DELIVERIES["flux"])))
