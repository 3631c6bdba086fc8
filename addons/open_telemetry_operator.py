"""Collectors of OpenTelemetry, and libraries that instrument pods, as objects of the cluster.

https://github.com/open-telemetry/opentelemetry-operator
"""

from __future__ import annotations

from dataclasses import replace

from addons.adot import Adot
from addons.cert_manager import CertManager
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload

_COLLECTOR = "ghcr.io/open-telemetry/opentelemetry-collector-releases/opentelemetry-collector-k8s"


class OpenTelemetryOperator(HelmAddon):
    """For OpenTelemetryCollectors, which are yours to write, with service accounts and AWS permissions of their own,
    and for Instrumentations, which change pods that ask for it by an annotation. While it is down, pods start without.
    """

    name = "opentelemetry-operator"
    lost = "collectors run on as they are; nobody makes, moves or changes one, and no pod is instrumented any more"
    namespace = "opentelemetry-operator"
    pod_security = "restricted"
    api_groups = ("opentelemetry.io",)
    requires = (CertManager,)
    conflicts = (Adot,)
    chart = locked_chart(
        name,
        definitions_stay=False,
        notes="https://github.com/open-telemetry/opentelemetry-helm-charts/releases/tag/opentelemetry-operator-{version}",
        compatibility="https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/compatibility.md",
    )
    workloads = (
        replace(
            workload(
                name,
                replicas="replicaCount",
                labels={"app.kubernetes.io/component": "controller-manager"},
                service_account=name,
                node_selector={"kubernetes.io/os": "linux"},
                ports=(8081, 8443, 9443),
            ),
            cpu_at=("manager.resources.requests.cpu",),
        ),
    )
    images = (
        ImageSource(
            "ghcr.io/open-telemetry/opentelemetry-operator/opentelemetry-operator", ("manager.image.repository",)
        ),
        ImageSource(_COLLECTOR, ("manager.collectorImage.repository",)),
    )

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "replicaCount": 2,
            "pdb": {"create": True},
            "manager": {"resources": resources("100m", "256Mi")},
            "topologySpreadConstraints": across_zones(name=self.name),
        }
