"""Metrics about the nodes themselves, for Prometheus. https://github.com/prometheus/node_exporter"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import NOT_ON_FARGATE, resources


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
    workloads = (
        Workload(
            name,
            kind="DaemonSet",
            labels={"app.kubernetes.io/name": name, "app.kubernetes.io/instance": name},
            service_account=name,
            tolerations=EVERYTHING,
            ports=(9100,),
            on_fargate=False,
            cpu_at=("resources.requests.cpu",),
            tolerations_at=("tolerations",),
            node_selector_at=("nodeSelector",),
        ),
    )
    images = (ImageSource("quay.io/prometheus/node-exporter", (), ("global.imageRegistry", "image.registry")),)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "tolerations": [dict(each) for each in EVERYTHING],
            "affinity": NOT_ON_FARGATE,
            "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
            "resources": resources("20m", "64Mi"),
        }
