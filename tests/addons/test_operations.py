"""Add-ons that scale workloads and nodes, and those that measure: what they must not be able to do."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from addons.cluster_autoscaler import IMAGES, ClusterAutoscaler
from addons.core import CORE
from addons.prometheus_node_exporter import PrometheusNodeExporter
from addons.vertical_pod_autoscaler import VerticalPodAutoscaler
from blueprint import AutoMode, FargateProfile, FargateSelector
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plan
from blueprint.versions import SUPPORTED
from examples.operations import OPERATIONS
from tests.addons.support import FACTS
from tools import contracts


def powers(addon: str) -> dict[str, dict[str, Any]]:
    """What the service accounts of an add-on may do in the whole cluster."""
    (contract,) = contracts.read(addon).values()
    return {role: own["may"] for role, own in contract["roles"].items() if role.startswith("ClusterRole.")}


@pytest.mark.parametrize("addon", ["keda", "kube-state-metrics", "vertical-pod-autoscaler", "cluster-autoscaler"])
def test_no_secret_of_a_team_is_read(addon: str) -> None:
    """Charts of the first two let them read all: keda 2.20.2 templates/manager/clusterrole.yaml:51,
    kube-state-metrics 8.4.0 values.yaml, collectors.
    """
    assert [role for role, may in powers(addon).items() if any(thing.split()[0] == "secrets" for thing in may)] == []


def test_keda_reads_only_kinds_that_it_scales() -> None:
    """By default it may get everything: keda 2.20.2 values.yaml, rbac.scaledRefKinds."""
    assert [role for role, may in powers("keda").items() if any("*" in thing for thing in may)] == []


def test_an_image_of_the_autoscaler_is_known_for_each_kubernetes_minor() -> None:
    """It has the scheduler of one minor inside: cluster-autoscaler/README.md of 1.36.1, Releases."""
    assert {minor: tag.rpartition(".")[0] for minor, tag in IMAGES.items()} == {each: f"v{each}" for each in SUPPORTED}


@pytest.mark.parametrize("expander", ["least-waste", "random"])
def test_the_expander_is_the_users(expander: Any) -> None:
    assert ClusterAutoscaler(expander=expander).values(FACTS)["extraArgs"]["expander"] == expander


def test_auto_mode_launches_nodes_itself() -> None:
    cluster = replace(OPERATIONS, compute=(AutoMode(),), addons=(ClusterAutoscaler(),))
    assert "cluster-autoscaler" not in {part.name for part in plan(cluster).addons}


def test_nodes_that_are_not_there_are_not_measured() -> None:
    fargate = FargateProfile("all", selectors=(FargateSelector("*"),))
    cluster = replace(OPERATIONS, compute=(fargate,), addons=(*CORE, PrometheusNodeExporter()))
    with pytest.raises(BlueprintError, match="it works on nodes, and the cluster has Fargate only"):
        plan(cluster)


def test_what_pods_use_is_asked_of_the_metrics_server() -> None:
    with pytest.raises(BlueprintError, match=r"MetricsServer\(\)"):
        plan(replace(OPERATIONS, addons=(VerticalPodAutoscaler(),)))
