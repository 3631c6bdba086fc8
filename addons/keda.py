"""Scales workloads by events: messages in a queue, a metric, a time of the day. https://keda.sh"""

from __future__ import annotations

from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources

# Kinds that it may scale: by default the chart gives it `get` on everything there is.
_SCALED = (("apps", "deployments"), ("apps", "statefulsets"), ("argoproj.io", "rollouts"))
# Its Deployments and service accounts: the chart calls the second of them metricServer at other values.
_METRICS = "keda-operator-metrics-apiserver"
_PARTS = (
    ("operator", "operator", "keda-operator", "keda-operator", (8081, 9666)),
    ("metricsServer", "metricServer", _METRICS, "keda-metrics-server", (6443, 8080)),
    ("webhooks", "webhooks", "keda-admission-webhooks", "keda-webhook", (8081, 9443)),
)
_IMAGES = {"keda": "keda", "metricsApiServer": "keda-metrics-apiserver", "webhooks": "keda-admission-webhooks"}


class Keda(CallsAws, HelmAddon):
    """For ScaledObjects and ScaledJobs of Deployments, StatefulSets and Argo's Rollouts.

    Without `extra_permissions` the operator may do nothing in AWS; what they allow serves each ScaledObject of the
    cluster. Of Secrets it reads those in its own namespace.
    """

    name = "keda"
    lost = "nothing is scaled by events: workloads keep the replicas that they have, and those at zero stay there"
    namespace = "keda"
    service_account = "keda-operator"
    works_without_permissions = True
    service_account_annotations = ("serviceAccount", "operator", "annotations")
    pod_security = "restricted"
    api_groups = ("eventing.keda.sh", "keda.sh")
    chart = locked_chart(
        name,
        notes="https://github.com/kedacore/keda/releases/tag/v{version}",
        compatibility="https://keda.sh/docs/latest/operate/cluster/",
    )
    workloads = tuple(
        Workload(
            app,
            labels={"app.kubernetes.io/name": app, "app.kubernetes.io/instance": "keda"},
            service_account=account,
            ports=ports,
            replicas_at=(f"{part}.replicaCount",),
            cpu_at=(f"resources.{other}.requests.cpu",),
            tolerations_at=(f"{part}.tolerations", "tolerations"),
            node_selector_at=(f"{part}.nodeSelector", "nodeSelector"),
        )
        for part, other, app, account, ports in _PARTS
    )
    images = tuple(
        ImageSource(f"ghcr.io/kedacore/{image}", (), ("global.image.registry", f"image.{key}.registry"))
        for key, image in _IMAGES.items()
    )

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "clusterName": facts.name,
            "rbac": {"scaledRefKinds": [{"apiGroup": group, "kind": kind} for group, kind in _SCALED]},
            "permissions": {part: {"restrict": {"secret": True}} for part in ("operator", "metricServer")},
            **{part: {"replicaCount": 2} for part, *_ in _PARTS},
            "podDisruptionBudget": {other: {"maxUnavailable": 1} for _, other, *_ in _PARTS},
            "topologySpreadConstraints": {part: across_zones(name=app) for part, _, app, *_ in _PARTS},
            "resources": {other: resources("100m", "256Mi") for _, other, *_ in _PARTS},
        }
