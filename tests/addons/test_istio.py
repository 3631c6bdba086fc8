"""Istio: charts of one version, on nodes and beside pods, and what a mirror changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.istio import Istio
from blueprint.contribution import Release
from tests.addons.support import FACTS, rules_broken
from tests.templates import plain
from tools import contracts


def releases(addon: Istio, **facts: Any) -> dict[str, Release]:
    return {each.name: each for each in addon.contribute(replace(FACTS, **facts)).releases}


def test_definitions_come_first_and_what_needs_istiod_comes_behind_it() -> None:
    """https://istio.io/latest/docs/ambient/install/helm: base, istiod, cni, ztunnel."""
    assert [each.chart.name for each in releases(Istio()).values()] == ["base", "istiod", "cni", "ztunnel"]
    assert [each.chart.name for each in releases(Istio(mode="sidecar")).values()] == ["base", "istiod", "cni"]


def test_all_are_of_one_version_and_one_mirror() -> None:
    mirror = "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/istiod"
    made = releases(Istio(chart_version="1.30.4", chart_repository=mirror)).values()
    assert {each.chart.version for each in made} == {"1.30.4"}
    assert {each.chart.repository.rpartition("/")[2] for each in made} == {"base", "istiod", "cni", "ztunnel"}


def test_sidecars_need_no_capability_of_their_pods() -> None:
    """Istio 1.30.3, manifests/charts/istio-control/istio-discovery/files/injection-template.yaml: without pilot.cni
    each pod with a sidecar has a container with NET_ADMIN.
    """
    made = releases(Istio(mode="sidecar"))
    assert made["istio"].values["cni"] == {"enabled": True}
    assert "profile" not in made["istio"].values
    assert "profile" not in made["istio-cni"].values
    ambient = releases(Istio())
    assert ambient["istio"].values["profile"] == ambient["istio-cni"].values["profile"] == "ambient"


def test_all_images_come_from_a_mirror() -> None:
    """Values hub of ztunnel and global.hub of the others, in manifests/charts of 1.30.3."""
    made = releases(Istio(), image_mirrors=(("registry.istio.io", "mirror.example.com/istio"),))
    hub = "mirror.example.com/istio/release"
    assert plain(made["istio"].values)["global"] == plain(made["istio-cni"].values)["global"] == {"hub": hub}
    assert made["ztunnel"].values["hub"] == hub
    assert plain(releases(Istio())["istio"].values)["global"] == {}


def test_what_proxies_do_is_the_users() -> None:
    """https://istio.io/latest/docs/reference/config/istio.mesh.v1alpha1: outboundTrafficPolicy, accessLogFile."""
    made = plain(releases(Istio(outbound="REGISTRY_ONLY", access_logs=True, replicas=3))["istio"].values)
    assert made["meshConfig"] == {"outboundTrafficPolicy": {"mode": "REGISTRY_ONLY"}, "accessLogFile": "/dev/stdout"}
    assert made["replicaCount"] == 3
    assert "accessLogFile" not in plain(releases(Istio())["istio"].values)["meshConfig"]


def test_values_of_the_chart_on_nodes_are_the_users() -> None:
    made = releases(Istio(node_extra_values={"cniBinDir": "/other/bin"}))
    assert made["istio-cni"].values["cniBinDir"] == "/other/bin"


def test_nothing_on_a_node_is_privileged() -> None:
    """Their capabilities stand in the contract; a container that is privileged would have all of them."""
    of_nodes = [each for release in contracts.read("istio").values() for each in release["pods"].items()]
    found = {name.split()[-1]: each.get("privileges", ()) for name, each in of_nodes}
    assert {name for name, has in found.items() if has} == {"istio-system/istio-cni-node", "istio-system/ztunnel"}
    assert not [what for has in found.values() for what in has if what.endswith(": privileged")]


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (Istio(mode="both"), ["mode"]),  # type: ignore[arg-type]  # what it refuses
        (Istio(replicas=1), ["replicas"]),
        (Istio(node_extra_values={"a": {1, 2}}), ["node_extra_values"]),
    ],
)
def test_what_would_fail_later_is_refused(addon: Istio, broken: list[str]) -> None:
    assert rules_broken(addon) == broken
