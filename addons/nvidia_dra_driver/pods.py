"""Its pods: chart 0.4.1, templates/kubeletplugin.yaml and templates/controller.yaml, tolerations by its values.yaml."""

from __future__ import annotations

from blueprint.addons import Workload
from blueprint.addons.pods import TOLERATES_CRITICAL

CHART = "dra-driver-nvidia-gpu"
_ACCOUNT = f"nvidia-dra-driver-{CHART}-service-account"
_GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}
_CONTROL_PLANE = tuple(
    {"key": f"node-role.kubernetes.io/{each}", "operator": "Exists", "effect": "NoSchedule"}
    for each in ("control-plane", "master")
)
CPU = "50m"
"""What each of their containers requests."""

PLUGIN = Workload(
    f"{CHART}-kubelet-plugin",
    kind="DaemonSet",
    labels={f"{CHART}-component": "kubelet-plugin", "app.kubernetes.io/name": CHART},
    service_account=f"{_ACCOUNT}-kubeletplugin",
    cpu=CPU,
    tolerations=(_GPU,),
    ports=(51516,),
    on_fargate=False,
    on_auto_mode=False,
    tolerations_at=("kubeletPlugin.tolerations",),
    node_selector_at=("kubeletPlugin.nodeSelector",),
)
CONTROLLER = Workload(
    f"{CHART}-controller",
    labels={f"{CHART}-component": "controller", "app.kubernetes.io/name": CHART},
    service_account=f"{_ACCOUNT}-controller",
    tolerations=(*_CONTROL_PLANE, *TOLERATES_CRITICAL),
    replicas_at=("controller.replicas",),
    cpu_at=("controller.containers.computeDomain.resources.requests.cpu",),
    tolerations_at=("controller.tolerations",),
    node_selector_at=("controller.nodeSelector",),
)
