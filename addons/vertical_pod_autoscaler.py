"""Learns how much CPU and memory pods use, and gives them that.

https://github.com/kubernetes/autoscaler/tree/master/vertical-pod-autoscaler
"""

from __future__ import annotations

from addons.metrics_server import MetricsServer
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, resources

_PARTS = {"admissionController": "admission-controller", "recommender": "recommender", "updater": "updater"}
_PORTS = {"admissionController": (8000, 8944), "recommender": (8942,), "updater": (8943,)}


class VerticalPodAutoscaler(HelmAddon):
    """For workloads that an object VerticalPodAutoscaler names. What they used before it was there it does not know."""

    name = "vertical-pod-autoscaler"
    lost = "pods get the requests that their templates have"
    namespace = "vertical-pod-autoscaler"
    requires = (MetricsServer,)
    pod_security = "restricted"
    api_groups = ("autoscaling.k8s.io",)
    chart = locked_chart(
        name,
        definitions_stay=True,
        notes="https://github.com/kubernetes/autoscaler/releases/tag/vertical-pod-autoscaler-chart-{version}",
        compatibility="https://github.com/kubernetes/autoscaler/blob/master/vertical-pod-autoscaler/docs/installation.md",
    )
    workloads = tuple(
        Workload(
            f"vertical-pod-autoscaler-{app}",
            labels={"app.kubernetes.io/name": "vertical-pod-autoscaler", "app.kubernetes.io/component": app},
            service_account=f"vertical-pod-autoscaler-{app}",
            replicas=2,
            ports=_PORTS[part],
            replicas_at=(f"{part}.replicas",),
            cpu_at=(f"{part}.resources.requests.cpu",),
            tolerations_at=(f"{part}.tolerations",),
            node_selector_at=(f"{part}.nodeSelector",),
        )
        for part, app in _PARTS.items()
    )
    images = (
        *(
            ImageSource(f"registry.k8s.io/autoscaling/vpa-{app}", (f"{part}.image.repository",))
            for part, app in _PARTS.items()
        ),
        ImageSource(
            "registry.k8s.io/ingress-nginx/kube-webhook-certgen", ("admissionController.certGen.image.repository",)
        ),
    )

    def values(self, facts: ClusterFacts) -> Values:
        sizes = {
            "admissionController": resources("50m", "200Mi"),
            "recommender": resources("50m", "500Mi"),
            "updater": resources("50m", "500Mi"),
        }
        return {
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "containerSecurityContext": {**HARDENED, "readOnlyRootFilesystem": True},
            **{part: {"resources": size} for part, size in sizes.items()},
        }
