"""Node groups that grow by themselves, workloads that do, metrics about both, policies and scans, objects of the
platform's own.
"""

from __future__ import annotations

from dataclasses import replace

from addons.cluster_autoscaler import ClusterAutoscaler
from addons.core import CORE
from addons.falco import Falco
from addons.keda import Keda
from addons.kube_state_metrics import KubeStateMetrics
from addons.kyverno import Kyverno
from addons.prometheus_node_exporter import PrometheusNodeExporter
from addons.reloader import Reloader
from addons.trivy_operator import TrivyOperator
from addons.vertical_pod_autoscaler import VerticalPodAutoscaler
from blueprint.addons import KubernetesManifests
from examples.managed import MANAGED

OPERATIONS = replace(
    MANAGED,
    name="operations",
    addons=(
        *CORE,
        ClusterAutoscaler(),
        Keda(),
        KubeStateMetrics(),
        PrometheusNodeExporter(),
        Reloader(),
        VerticalPodAutoscaler(),
        Kyverno(standard="baseline"),
        Falco(),
        TrivyOperator(),
        KubernetesManifests(
            "priorities",
            directory="examples/workloads/priorities",
            namespace="kube-system",
            after=("metrics-server",),
        ),
        KubernetesManifests(
            "status",
            directory="examples/workloads/status",
            namespace="status",
            pod_security="restricted",
            after=("metrics-server", "priorities"),
        ),
    ),
    teams=(),
)
