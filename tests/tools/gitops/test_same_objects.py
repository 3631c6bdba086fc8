"""The same blueprint brings the same, whoever delivers it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from addons.core import CORE
from blueprint import Blueprint, FluxDelivery
from blueprint.addons import HelmRelease
from blueprint.delivery import Delivery
from examples.existing_vpc import EXISTING_VPC
from examples.flux_delivery import FLUX_DELIVERY
from examples.government import GOVERNMENT
from examples.operations import OPERATIONS
from examples.teams import TEAMS
from tests.tools.gitops.engines import DELIVERIES, by_argo_cd, by_flux, by_kubectl, delivered, facts, written

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


def test_what_aws_decides_is_among_what_is_compared() -> None:
    """In values of charts, and in objects."""
    made = delivered(TEAMS, DELIVERIES["argo-cd"])
    expected = by_kubectl(TEAMS, made)
    assert facts(made)["role-arn:shop/secrets-reader"] in str(expected.objects)
    assert facts(made)["vpc-id"] in str(expected.releases)
    assert "arn:aws-us-gov:" in str(by_kubectl(GOVERNMENT, delivered(GOVERNMENT, DELIVERIES["flux"])))
