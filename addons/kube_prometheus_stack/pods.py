"""The pods of the chart, those of its sub-charts among them, and what all of them run."""

from __future__ import annotations

from dataclasses import replace

from addons.kube_state_metrics import KubeStateMetrics
from addons.prometheus_node_exporter import PrometheusNodeExporter
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.pods import resources, workload
from blueprint.kubernetes import Namespace

STACK = "kube-prometheus-stack"
NAMESPACE = "monitoring"
SUB_CHARTS: tuple[type[HelmAddon], ...] = (KubeStateMetrics, PrometheusNodeExporter)
APART = Namespace("monitoring-nodes", "privileged")
"""Of what looks at nodes, so that the namespace of Prometheus can be restricted."""
_GLOBAL = "global.imageRegistry"


def _is_apart(addon: type[HelmAddon]) -> bool:
    return addon.pod_security == APART.pod_security


GRAFANA = {
    # By default it may read all Secrets of the cluster.
    "rbac": {"namespaced": True},
    "sidecar": {"dashboards": {"searchNamespace": NAMESPACE}},
    "resources": resources("100m", "256Mi"),
}
"""What Grafana is given, where there is one."""


def sub_values(addon: type[HelmAddon], facts: ClusterFacts) -> Values:
    """What the add-on gives the same chart."""
    return {**addon().values(facts), **({"namespaceOverride": APART.name} if _is_apart(addon) else {})}


def _workload(part: str, under: str, app: str, *ports: int, replicas: str = "replicas") -> Workload:
    name = f"{STACK}-{part}"
    return workload(name, under=under, app=app, instance=STACK, service_account=name, ports=ports, replicas=replicas)


def _of_sub_chart(addon: type[HelmAddon]) -> Workload:
    """As the add-on has it that installs the same chart alone, under the names of this release."""
    (own,) = addon.workloads

    def below(paths: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(f"{addon.name}.{path}" for path in paths)

    return replace(
        own,
        name=f"{STACK}-{own.name}",
        namespace=APART.name if _is_apart(addon) else "",
        labels={**own.labels, "app.kubernetes.io/instance": STACK},
        service_account=f"{STACK}-{own.service_account}",
        replicas_at=below(own.replicas_at),
        cpu_at=below(own.cpu_at),
        tolerations_at=below(own.tolerations_at),
        node_selector_at=below(own.node_selector_at),
    )


WORKLOADS = (
    _workload("operator", "prometheusOperator", f"{STACK}-prometheus-operator", 8443, replicas=""),
    _workload("grafana", "grafana", "grafana", 3000, 6060, 9094),
    *map(_of_sub_chart, SUB_CHARTS),
)
"""Prometheus and Alertmanager themselves are made by the operator, from objects of the chart."""


def _image(repository: str, *at: str) -> ImageSource:
    return ImageSource(repository, (), (_GLOBAL, *(f"{path}.registry" for path in at)))


IMAGES = (
    _image("quay.io/prometheus-operator/prometheus-operator", "prometheusOperator.image"),
    _image(
        "quay.io/prometheus-operator/prometheus-config-reloader", "prometheusOperator.prometheusConfigReloader.image"
    ),
    _image("ghcr.io/jkroepke/kube-webhook-certgen", "prometheusOperator.admissionWebhooks.patch.image"),
    _image("quay.io/prometheus/prometheus", "prometheus.prometheusSpec.image"),
    _image("quay.io/prometheus/alertmanager", "alertmanager.alertmanagerSpec.image"),
    _image("docker.io/grafana/grafana", "grafana.image"),
    _image("quay.io/kiwigrid/k8s-sidecar", "grafana.sidecar.image"),
    _image("registry.k8s.io/kube-state-metrics/kube-state-metrics", "kube-state-metrics.image"),
    _image("quay.io/prometheus/node-exporter", "prometheus-node-exporter.image"),
)
