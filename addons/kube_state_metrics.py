"""Metrics about objects of the cluster, for Prometheus. https://github.com/kubernetes/kube-state-metrics"""

from __future__ import annotations

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources, workload


class KubeStateMetrics(HelmAddon):
    """One pod: it counts what is there, so that a second one would count twice. It does not look at Secrets."""

    name = "kube-state-metrics"
    lost = "dashboards and alerts about deployments, pods and nodes see nothing"
    namespace = "state-metrics"  # kube-* belongs to Kubernetes
    pod_security = "restricted"
    chart = locked_chart(
        name,
        notes="https://github.com/prometheus-community/helm-charts/releases/tag/kube-state-metrics-{version}",
        compatibility="https://github.com/kubernetes/kube-state-metrics#compatibility-matrix",
    )
    workloads = (workload(name, service_account=name, ports=(8080, 8081)),)
    images = (
        ImageSource(
            "registry.k8s.io/kube-state-metrics/kube-state-metrics", (), ("global.imageRegistry", "image.registry")
        ),
    )

    def values(self, facts: ClusterFacts) -> Values:
        return {"collectorsExclude": ["secrets"], "resources": resources("20m", "128Mi")}
