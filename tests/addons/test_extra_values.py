"""Values that users add to a chart's: they win, and leave all others as they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from addons.external_secrets import ExternalSecrets
from addons.karpenter import Karpenter
from blueprint.addons import HelmAddon
from blueprint.addons.contract import UpgradeSteps
from blueprint.contribution import Values, merged
from blueprint.facts import ClusterFacts
from blueprint.kubernetes import Manifest
from tests.addons.support import FACTS
from tests.blueprint.examples import Probe
from tests.templates import plain

ADDONS = (
    AwsLoadBalancerController(),
    CertManager(),
    ExternalDns(zones=("Z0123456789",)),
    ExternalSecrets(),
    Karpenter(),
)


def values(addon: HelmAddon) -> dict[str, Any]:
    """Of the controller's release, which is the last."""
    found: dict[str, Any] = plain(addon.contribute(FACTS).releases[-1].values)
    return found


def leaves(data: Mapping[str, Any], *path: str) -> Iterator[tuple[str, ...]]:
    """The paths of all that is no mapping."""
    for key, value in data.items():
        yield from leaves(value, *path, key) if isinstance(value, Mapping) and value else ((*path, key),)


def at(path: tuple[str, ...], value: Any) -> dict[str, Any]:
    for key in reversed(path):
        value = {key: value}
    assert isinstance(value, dict)
    return value


def looked_up(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        data = data[key]
    return data


@pytest.mark.parametrize("addon", ADDONS, ids=lambda addon: addon.name)
def test_each_of_an_add_on_s_own_values_can_be_another(addon: HelmAddon) -> None:
    own = values(addon)
    paths = list(leaves(own))
    assert len(paths) > 5
    for path in paths:
        found = values(replace(addon, extra_values=at(path, "other")))
        assert looked_up(found, path) == "other"
        assert {each: looked_up(found, each) for each in paths if each != path} == {
            each: looked_up(own, each) for each in paths if each != path
        }


def test_values_are_merged_as_helm_does() -> None:
    """Mappings by their keys, lists as a whole: https://helm.sh/docs/chart_template_guide/values_files/"""
    own = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}, "f": 1}
    extra = {"a": {"c": [3]}, "d": 2, "f": {"g": 1}, "h": None}
    assert merged(own, extra) == {"a": {"b": 1, "c": [3]}, "d": 2, "f": {"g": 1}, "h": None}
    assert merged({}, extra) == extra
    assert merged(own, {}) == own


class OfItsCluster(Probe):
    """Whatever it adds differs by cluster."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return (f"service-of-{facts.name}",)

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return ({"kind": "ConfigMap", "metadata": {"name": facts.name}},)

    def values(self, facts: ClusterFacts) -> Values:
        return {"clusterName": facts.name}


def test_each_hook_is_asked_about_the_cluster() -> None:
    made = OfItsCluster().contribute(FACTS)
    assert made.aws_services == ("service-of-prod",)
    assert plain(made.objects) == [{"kind": "ConfigMap", "metadata": {"name": "prod"}}]
    assert values(OfItsCluster()) == {"clusterName": "prod"}
    assert made.grants == ()


def test_an_upgrade_asks_nothing_of_an_add_on_that_says_nothing() -> None:
    nothing = UpgradeSteps(before=(), happens=(), way_back=(), first=())
    assert OfItsCluster().upgrade_steps(FACTS, "1.36") == nothing


def test_an_image_of_ones_own_is_the_one_that_runs() -> None:
    mirror = "111111111111.dkr.ecr.us-west-2.amazonaws.com/lbc"
    addon = AwsLoadBalancerController(extra_values={"image": {"repository": mirror}})
    assert addon.contribute(FACTS).images == (mirror,)
