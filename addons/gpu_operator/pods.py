"""Its pods and what they run: chart v26.7.0, templates/operator.yaml and charts/node-feature-discovery/templates."""

from __future__ import annotations

from typing import Any

from blueprint.addons import ImageSource, Workload

_GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
_CONTROL_PLANE = {
    "key": "node-role.kubernetes.io/control-plane",
    "operator": "Equal",
    "value": "",
    "effect": "NoSchedule",
}
_DISCOVERY = "gpu-operator-node-feature-discovery"
FOLDERS = {
    "operator": ("nvcr.io/nvidia", "gpu-operator"),
    "validator": ("nvcr.io/nvidia", "gpu-operator"),
    "devicePlugin": ("nvcr.io/nvidia", "k8s-device-plugin"),
    "gfd": ("nvcr.io/nvidia", "k8s-device-plugin"),
    "dcgmExporter": ("nvcr.io/nvidia/k8s", "dcgm-exporter"),
    "migManager": ("nvcr.io/nvidia/cloud-native", "k8s-mig-manager"),
}
"""Of each part, where its image is and how it is called, which the chart has apart."""


def _discovery(part: str, cpu: str, **more: Any) -> Workload:
    labels = {"app.kubernetes.io/name": "node-feature-discovery", "role": part}
    account = "node-feature-discovery"
    return Workload(
        f"{_DISCOVERY}-{part}",
        labels=labels,
        service_account=account,
        cpu=cpu,
        cpu_at=(f"{account}.{part}.resources.requests.cpu",),
        **{"ports": (8080,), **more},
    )


WORKLOADS = (
    Workload(
        "gpu-operator",
        labels=dict.fromkeys(("app.kubernetes.io/name", "app.kubernetes.io/component"), "gpu-operator"),
        service_account="gpu-operator",
        node_selector={"kubernetes.io/os": "linux"},
        tolerations=(_CONTROL_PLANE,),
        cpu_at=("operator.resources.requests.cpu",),
        ports=(8080, 8081),
    ),
    _discovery("master", "100m", tolerations=(_CONTROL_PLANE,)),
    _discovery("gc", "10m"),
    _discovery("worker", "5m", kind="DaemonSet", tolerations=(_CONTROL_PLANE, _GPU), on_fargate=False),
)
IMAGES = (
    *(ImageSource("/".join(each), ()) for each in dict.fromkeys(FOLDERS.values())),
    ImageSource("registry.k8s.io/nfd/node-feature-discovery", ("node-feature-discovery.image.repository",)),
)
