"""What each namespace, workload and label of a cluster costs. https://opencost.io"""

from __future__ import annotations

from dataclasses import replace

from addons.kube_prometheus_stack import KubePrometheusStack
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, resources, workload

_PROMETHEUS = {
    "serviceName": "kube-prometheus-stack-prometheus",
    "namespaceName": KubePrometheusStack.namespace,
    "port": 9090,
}
_SAFE = {**HARDENED, "runAsNonRoot": True}
"""Its images name a user of their own, 1001: Dockerfile of opencost and of opencost-ui."""


class OpenCost(HelmAddon):
    """By AWS's public price list, which it downloads, and by what Prometheus measures. It reads no Secret, and without
    permissions in AWS no bill: discounts are not in it. Whoever reaches it reads the costs of all.
    """

    name = "opencost"
    lost = "nobody sees what things cost; what Prometheus keeps of it stays"
    namespace = "opencost"
    pod_security = "restricted"
    requires = (KubePrometheusStack,)
    chart = locked_chart(name, notes="https://github.com/opencost/opencost-helm-chart/releases/tag/opencost-{version}")
    workloads = (
        replace(
            workload(name, under="opencost", service_account=name, cpu="60m", ports=(9003, 9090)),
            replicas_at=("opencost.exporter.replicas",),
            cpu_at=(),
        ),
    )
    images = tuple(
        ImageSource(f"ghcr.io/opencost/{image}", (), (f"opencost.{part}.image.registry",))
        for part, image in (("exporter", "opencost"), ("ui", "opencost-ui"))
    )

    user_interface: bool = True
    """A page for people, without a login: `kubectl port-forward -n opencost service/opencost 9090`."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "opencost": {
                "exporter": {
                    "defaultClusterId": facts.name,
                    "resources": resources("50m", "512Mi"),
                    "securityContext": _SAFE,
                },
                "ui": {
                    "enabled": self.user_interface,
                    "resources": resources("10m", "64Mi"),
                    "securityContext": _SAFE,
                },
                "mcp": {"enabled": False},
                "metrics": {"serviceMonitor": {"enabled": True}},
                "prometheus": {"internal": _PROMETHEUS},
            },
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        }
