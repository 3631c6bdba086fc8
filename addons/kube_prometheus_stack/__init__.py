"""Prometheus with its operator, Alertmanager and Grafana, and what they read of a cluster.

https://github.com/prometheus-community/helm-charts/tree/main/charts/kube-prometheus-stack
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Any

from addons.kube_prometheus_stack.pods import (
    APART,
    GRAFANA,
    IMAGES,
    NAMESPACE,
    STACK,
    SUB_CHARTS,
    WORKLOADS,
    sub_values,
)
from addons.kube_prometheus_stack.workspace import may_write, remote_write
from blueprint.addons import (
    CallsAws,
    ClusterFacts,
    Contribution,
    GeneratedFields,
    HelmAddon,
    OwnWorkspace,
    Statement,
    Values,
)
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources
from blueprint.errors import Problem
from blueprint.fields import DnsLabel, between

_HIDDEN = ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler")
"""What EKS runs where no pod reaches it; kube-proxy shows its metrics to its own node only."""
_SELECTORS = ("podMonitor", "probe", "rule", "scrapeConfig", "serviceMonitor")


class KubePrometheusStack(CallsAws, HelmAddon):
    """Prometheus reads what any ServiceMonitor, PodMonitor, Probe, ScrapeConfig or PrometheusRule of the cluster names,
    whoever made it. Its operator may read and write every Secret, ConfigMap and StatefulSet. Grafana's password is in
    the Secret `kube-prometheus-stack-grafana`.
    """

    name = STACK
    lost = "nothing is measured and nobody is alerted; the volumes with what was measured stay"
    namespace = NAMESPACE
    pod_security = "restricted"
    service_account = f"{STACK}-prometheus"
    service_account_annotations = ("prometheus", "serviceAccount", "annotations")
    api_groups = ("monitoring.coreos.com",)
    conflicts = SUB_CHARTS
    for_nodes = True
    chart = locked_chart(
        name,
        definitions_stay=True,
        notes="https://github.com/prometheus-community/helm-charts/releases/tag/kube-prometheus-stack-{version}",
    )
    workloads = WORKLOADS
    images = IMAGES
    generated = (
        GeneratedFields("Secret", ('.data."admin-password"',)),
        GeneratedFields("Deployment", ('.spec.template.metadata.annotations."checksum/secret"',), "apps"),
    )

    retention_days: Annotated[int, between(1, 730, "days")] = 15
    """How long Prometheus keeps what it measured."""
    volume_gib: Annotated[int, between(1, 16384, "GiB")] = 50
    """Of each Prometheus; a ReadWriteOnce volume, which does not shrink."""
    storage_class: DnsLabel | None = None
    """Of the volumes; the cluster's default when None."""
    replicas: Annotated[int, between(1, 5, "pods")] = 2
    """Of Prometheus, each of which measures everything, with a volume of its own."""
    grafana: bool = True
    """Dashboards for people. Without a volume: what somebody draws there by hand goes with the pod."""
    workspace: OwnWorkspace | None = None
    """Workspace of Amazon Managed Service for Prometheus that gets all of it as well."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        if self.workspace:
            yield from (problem.below(("workspace",)) for problem in self.workspace.problems_on(facts))

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("aps-workspaces",) if self.workspace else ()

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return may_write(self.workspace, facts) if self.workspace else ()

    def contribute(self, facts: ClusterFacts) -> Contribution:
        installed = super().contribute(facts)
        namespaces = (*installed.namespaces, APART)
        made = self.workspace.resources(facts) if self.workspace else ()
        return replace(installed, namespaces=namespaces, resources=made)

    def values(self, facts: ClusterFacts) -> Values:
        claim: dict[str, Any] = {
            "accessModes": ["ReadWriteOnce"],
            "resources": {"requests": {"storage": f"{self.volume_gib}Gi"}},
            **({"storageClassName": self.storage_class} if self.storage_class else {}),
        }
        prometheus = {
            **{f"{each}SelectorNilUsesHelmValues": False for each in _SELECTORS},
            "replicas": self.replicas,
            "retention": f"{self.retention_days}d",
            # Prometheus stops when its volume is full.
            "retentionSize": f"{self.volume_gib * 9 * 1024 // 10}MiB",
            "storageSpec": {"volumeClaimTemplate": {"spec": claim}},
            "topologySpreadConstraints": across_zones(name="prometheus"),
            "resources": resources("200m", "2Gi"),
            **(remote_write(self.workspace, facts) if self.workspace else {}),
        }
        budget = {"podDisruptionBudget": {"enabled": True, "minAvailable": None, "maxUnavailable": 1}}
        return {
            **{part: {"enabled": False} for part in _HIDDEN},
            **{each.name: sub_values(each, facts) for each in SUB_CHARTS},
            "prometheus": {"prometheusSpec": prometheus, **budget},
            "alertmanager": {"alertmanagerSpec": {"resources": resources("20m", "64Mi")}},
            "prometheusOperator": {
                "tls": {"internalPort": 8443},  # its own is the kubelet's, which Fargate has within the pod
                "resources": resources("50m", "256Mi"),
            },
            "grafana": GRAFANA if self.grafana else {"enabled": False},
        }
