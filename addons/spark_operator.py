"""Jobs of Apache Spark, once or by a schedule, as objects of the cluster. https://www.kubeflow.org/docs/components/spark-operator"""

from __future__ import annotations

from typing import Any

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload


def _pods(part: str, *ports: int) -> Workload:
    own = f"spark-operator-{part}"
    labels = {"app.kubernetes.io/component": part}
    return workload(
        own,
        under=part,
        app="spark-operator",
        instance="spark-operator",
        labels=labels,
        service_account=own,
        ports=ports,
    )


class SparkOperator(HelmAddon):
    """For SparkApplications of all namespaces, whose images and service accounts are yours: that of a driver makes
    pods, ConfigMaps and Services in its own namespace. While the operator is down no pod of Spark starts, others do.
    """

    name = "spark-operator"
    lost = "jobs that run go on; none begins, none is tried again"
    namespace = "spark-operator"
    pod_security = "restricted"
    api_groups = ("sparkoperator.k8s.io",)
    chart = locked_chart(
        name, definitions_stay=True, notes="https://github.com/kubeflow/spark-operator/releases/tag/v{version}"
    )
    workloads = (_pods("controller", 8080, 8081), _pods("webhook", 8080, 8081, 9443))
    images = (ImageSource("ghcr.io/kubeflow/spark-operator/controller", (), ("image.registry",)),)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            # Otherwise namespaces and accounts that it gives to drivers have to be there before it.
            "spark": {"jobNamespaces": [""], "serviceAccount": {"create": False}, "rbac": {"create": False}},
            "controller": _replicated("controller", "512Mi"),
            "webhook": _replicated("webhook", "256Mi"),
        }


def _replicated(part: str, memory: str) -> dict[str, Any]:
    return {
        "replicas": 2,
        "podDisruptionBudget": {"enable": True, "minAvailable": 1},
        "topologySpreadConstraints": across_zones(name="spark-operator", component=part),
        "resources": resources("100m", memory),
    }
