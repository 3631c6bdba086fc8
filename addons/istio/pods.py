"""Its pods and what they run: istio 1.30.3, manifests/charts."""

from __future__ import annotations

from blueprint.addons import ImageSource, Workload
from blueprint.addons.pods import TOLERATES_CRITICAL

HUB = "registry.istio.io/release"
"""Of all its images: a mirror has them under the same path."""

_EVERYWHERE = (
    {"effect": "NoSchedule", "operator": "Exists"},
    *TOLERATES_CRITICAL,
    {"effect": "NoExecute", "operator": "Exists"},
)

ISTIOD = Workload(
    "istiod",
    labels={"app": "istiod", "app.kubernetes.io/name": "istiod"},
    service_account="istiod",
    ports=(8080, 15010, 15012, 15014, 15017),
    replicas_at=("replicaCount",),
    cpu_at=("resources.requests.cpu",),
    tolerations_at=("tolerations",),
    node_selector_at=("nodeSelector",),
    tolerations=({"key": "cni.istio.io/not-ready", "operator": "Exists"},),
)


def _on_each_node(name: str, app: str, cpu: str, *ports: int) -> Workload:
    return Workload(
        name,
        kind="DaemonSet",
        labels={"app.kubernetes.io/name": app},
        service_account=app,
        cpu=cpu,
        node_selector={"kubernetes.io/os": "linux"},
        tolerations=_EVERYWHERE,
        on_fargate=False,
        ports=ports,
        cpu_at=("resources.requests.cpu",),
    )


CNI = _on_each_node("istio-cni-node", "istio-cni", "100m", 8000, 15014)
ZTUNNEL = _on_each_node("ztunnel", "ztunnel", "200m", 15020, 15021)

IMAGES = tuple(ImageSource(f"{HUB}/{name}", ()) for name in ("install-cni", "pilot", "proxyv2"))
ZTUNNEL_IMAGE = ImageSource(f"{HUB}/ztunnel", ())
