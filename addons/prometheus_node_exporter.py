"""Metrics about the nodes themselves, for Prometheus. https://github.com/prometheus/node_exporter"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import NOT_ON_FARGATE, daemon, resources


class PrometheusNodeExporter(HelmAddon):
    """One pod on each node, in its network, with a look at its disks and processes; it changes nothing there."""

    name = "prometheus-node-exporter"
    lost = "dashboards and alerts about disks, memory and load of nodes see nothing"
    namespace = "prometheus-node-exporter"
    pod_security = "privileged"
    for_nodes = True
    chart = locked_chart(
        name,
        notes="https://github.com/prometheus-community/helm-charts/releases/tag/prometheus-node-exporter-{version}",
    )
    workloads = (daemon(name, service_account=name, ports=(9100,)),)
    images = (ImageSource("quay.io/prometheus/node-exporter", (), ("global.imageRegistry", "image.registry")),)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "tolerations": [dict(each) for each in EVERYTHING],
            "affinity": NOT_ON_FARGATE,
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
            "resources": resources("20m", "64Mi"),
        }
