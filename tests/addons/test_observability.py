"""Add-ons that measure, keep lines and traces, and count costs: what each takes from its fields."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from addons.adot import Adot
from addons.cert_manager import CertManager
from addons.kube_prometheus_stack import KubePrometheusStack
from addons.kube_state_metrics import KubeStateMetrics
from addons.loki import Loki
from addons.open_cost import OpenCost
from addons.open_telemetry_operator import OpenTelemetryOperator
from addons.prometheus_node_exporter import PrometheusNodeExporter
from addons.tempo import Tempo
from blueprint.addons import Addon, ExistingBucket, ExistingWorkspace, HelmAddon
from blueprint.kubernetes import Namespace
from tests.addons.support import FACTS, names_no_partition, rules_broken
from tests.addons.test_operations import powers
from tests.blueprint.examples import assert_reported, changed, with_addons
from tests.templates import Templates, of_type, plain

WORKSPACE = "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
KEY = "arn:aws:kms:eu-west-1:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
STACK = KubePrometheusStack(workspace=ExistingWorkspace(WORKSPACE))
LOGS, TRACES = Loki(ExistingBucket("logs-111111111111")), Tempo(ExistingBucket("traces-111111111111"))


def values(addon: HelmAddon) -> Any:
    return plain(addon.values(FACTS))


def prometheus(addon: KubePrometheusStack) -> Any:
    return values(addon)["prometheus"]["prometheusSpec"]


def test_they_work_in_every_partition() -> None:
    for addon in (STACK, *(replace(each, bucket=replace(each.bucket, kms_key_arn=KEY)) for each in (LOGS, TRACES))):
        assert names_no_partition(addon.permissions(FACTS))


def test_what_is_measured_is_kept_as_long_as_was_asked_and_as_there_is_room() -> None:
    """kube-prometheus-stack 88.5.3 values.yaml, prometheus.prometheusSpec: retention, retentionSize, storageSpec."""
    kept = KubePrometheusStack(retention_days=30, volume_gib=100, storage_class="gp3", replicas=1)
    spec = prometheus(kept)
    assert (spec["retention"], spec["retentionSize"], spec["replicas"]) == ("30d", "92160MiB", 1)
    claim = spec["storageSpec"]["volumeClaimTemplate"]["spec"]
    assert claim["resources"]["requests"]["storage"] == "100Gi"
    assert claim["storageClassName"] == "gp3"
    default = prometheus(KubePrometheusStack())["storageSpec"]["volumeClaimTemplate"]
    assert "storageClassName" not in default["spec"], "the cluster's default, which an empty text would not be"


def test_prometheus_reads_what_monitors_of_anybody_name() -> None:
    """By default those of this release alone: values.yaml, serviceMonitorSelectorNilUsesHelmValues."""
    spec = prometheus(KubePrometheusStack())
    kinds = ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")
    assert {spec[f"{kind}SelectorNilUsesHelmValues"] for kind in kinds} == {False}


def test_a_workspace_gets_all_of_it_once() -> None:
    """https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-ingest-dedupe.html: by these labels."""
    spec = prometheus(STACK)
    (write,) = spec["remoteWrite"]
    assert write["url"] == f"https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/{WORKSPACE}/api/v1/remote_write"
    assert write["sigv4"] == {"region": "eu-west-1"}
    assert (spec["externalLabels"], spec["replicaExternalLabelName"]) == ({"cluster": "prod"}, "__replica__")
    assert STACK.services(FACTS) == ("aps-workspaces",)
    alone = KubePrometheusStack()
    assert (alone.permissions(FACTS), alone.services(FACTS)) == ((), ())
    assert "remoteWrite" not in prometheus(alone)


def test_a_new_workspace_outlives_its_cluster(fleet: Templates) -> None:
    """CloudFormation's schema of AWS::APS::Workspace has WorkspaceId among what a deploy tells."""
    template = fleet["open-source", "addons"]
    ((id, made),) = of_type(template, "AWS::APS::Workspace").items()
    assert made["Properties"]["Alias"] == "open-source"
    assert (made["DeletionPolicy"], made["UpdateReplacePolicy"]) == ("RetainExceptOnCreate", "Retain")
    text = json.dumps(template)
    assert f'{{"Fn::GetAtt": ["{id}", "WorkspaceId"]}}, "/api/v1/remote_write' in text
    assert "workspace-id:" not in text
    assert STACK.contribute(FACTS).resources == ()


def test_what_looks_at_nodes_stands_apart() -> None:
    found = KubePrometheusStack().contribute(FACTS).namespaces
    assert found == (Namespace("monitoring", "restricted"), Namespace("monitoring-nodes", "privileged"))


def test_without_dashboards_there_is_no_grafana() -> None:
    assert values(KubePrometheusStack(grafana=False))["grafana"] == {"enabled": False}
    assert values(KubePrometheusStack())["grafana"]["rbac"] == {"namespaced": True}


@pytest.mark.parametrize("addon", ["loki", "opencost", "opentelemetry-operator", "tempo", "trivy-operator", "kueue"])
def test_no_secret_of_a_team_is_read(addon: str) -> None:
    """By default Loki's sidecar reads all: loki 18.11.0 templates/role.yaml. So does trivy-operator 0.34.0."""
    assert [role for role, may in powers(addon).items() if any(thing.split()[0] == "secrets" for thing in may)] == []


def test_dashboards_are_read_without_the_secrets_beside_them() -> None:
    """Grafana 12.11.1 templates/clusterrole.yaml gives it all Secrets of the cluster, unless rbac.namespaced."""
    assert not [role for role in powers("kube-prometheus-stack") if "grafana" in role]


def test_lines_and_traces_go_into_buckets_of_their_own() -> None:
    """Loki 18.11.0 and tempo 2.2.4, values.yaml: loki.storage, tempo.storage.trace."""
    storage = values(LOGS)["loki"]["storage"]
    assert (set(storage["bucketNames"].values()), storage["s3"]) == ({"logs-111111111111"}, {"region": "eu-west-1"})
    trace = values(TRACES)["tempo"]["storage"]["trace"]
    assert (trace["backend"], trace["s3"]["bucket"]) == ("s3", "traces-111111111111")
    assert trace["s3"]["endpoint"] == "s3.eu-west-1.amazonaws.com"
    china = TRACES.values(replace(FACTS, region="cn-north-1"))
    assert plain(china)["tempo"]["storage"]["trace"]["s3"]["endpoint"] == "s3.cn-north-1.amazonaws.com.cn"


def test_they_end() -> None:
    """Loki deletes where its compactor may: https://grafana.com/docs/loki/latest/operations/storage/retention"""
    loki = values(replace(LOGS, retention_days=7))["loki"]
    assert loki["limits_config"]["retention_period"] == "168h"
    assert (loki["compactor"]["retention_enabled"], loki["compactor"]["delete_request_store"]) == (True, "s3")
    assert values(replace(TRACES, retention_days=3))["tempo"]["retention"] == "72h"


@pytest.mark.parametrize(("replicas", "copies"), [(1, 1), (2, 2), (3, 3), (5, 3)])
def test_a_line_is_in_three_replicas_where_there_are_as_many(replicas: int, copies: int) -> None:
    found = values(replace(LOGS, replicas=replicas))
    assert found["singleBinary"]["replicas"] == replicas
    assert found["loki"]["commonConfig"]["replication_factor"] == copies


@pytest.mark.parametrize("addon", [LOGS, TRACES])
def test_volumes_are_of_the_size_and_class_that_were_asked_for(addon: Any) -> None:
    """Persistence of loki 18.11.0 is singleBinary's, with storageClass; tempo 2.2.4 has storageClassName."""
    found = values(replace(addon, volume_gib=20, storage_class="gp3"))
    volume = found["singleBinary"]["persistence"] if addon is LOGS else found["persistence"]
    assert volume["size"] == "20Gi"
    assert volume["storageClass" if addon is LOGS else "storageClassName"] == "gp3"
    assert "gp3" not in str(values(addon))


@pytest.mark.parametrize("shown", [True, False])
def test_the_page_of_costs_is_there_when_asked_for(shown: Any) -> None:
    found = values(OpenCost(user_interface=shown))["opencost"]
    assert found["ui"]["enabled"] is shown
    internal = found["prometheus"]["internal"]
    assert (internal["serviceName"], internal["namespaceName"]) == ("kube-prometheus-stack-prometheus", "monitoring")


@pytest.mark.parametrize(
    ("addons", "place", "words"),
    [
        ((KubePrometheusStack(), KubeStateMetrics()), "addons[3]", "kube-state-metrics"),
        ((KubePrometheusStack(), PrometheusNodeExporter()), "addons[3]", "prometheus-node-exporter"),
        ((CertManager(), OpenTelemetryOperator(), Adot()), "addons[4]", "adot"),
        ((OpenTelemetryOperator(),), "addons[3]", "cert-manager"),
        ((OpenCost(),), "addons[3]", "kube-prometheus-stack"),
    ],
)
def test_who_goes_with_whom(addons: tuple[Addon, ...], place: str, words: str) -> None:
    assert_reported(with_addons(*addons), place, words, "")


@pytest.mark.parametrize(
    ("addon", "broken"),
    [
        (KubePrometheusStack(workspace=ExistingWorkspace("ws-1")), ["workspace.id"]),
        (KubePrometheusStack(retention_days=0, volume_gib=0, replicas=0), ["retention_days", "volume_gib", "replicas"]),
        (
            changed(LOGS, bucket=ExistingBucket("Logs"), retention_days=0, replicas=0),
            ["bucket.name", "retention_days", "replicas"],
        ),
        (changed(LOGS, replicas=0), ["replicas"]),
        (changed(TRACES, bucket=ExistingBucket("Traces"), volume_gib=0), ["bucket.name", "volume_gib"]),
    ],
)
def test_what_would_fail_later_is_refused(addon: HelmAddon, broken: list[str]) -> None:
    assert rules_broken(addon) == broken
