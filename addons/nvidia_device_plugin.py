"""Gives pods the GPUs of NVIDIA that their node has. https://github.com/NVIDIA/k8s-device-plugin"""

from __future__ import annotations

import json
from typing import Annotated

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import TOLERATES_CRITICAL, resources
from blueprint.fields import between
from blueprint.instances import Accelerator

_GPU = {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}


def _daemon(name: str, **more: str) -> Workload:
    return Workload(
        name,
        kind="DaemonSet",
        labels={"app.kubernetes.io/name": "nvidia-device-plugin", "app.kubernetes.io/instance": "nvidia-device-plugin"},
        service_account="nvidia-device-plugin-service-account",
        tolerations=(*TOLERATES_CRITICAL, _GPU),
        node_selector=more,
        on_fargate=False,
        on_auto_mode=False,
        cpu_at=("resources.requests.cpu",),
        tolerations_at=("tolerations",),
    )


class NvidiaDevicePlugin(HelmAddon):
    """On nodes of Amazon Linux with the label `nvidia.com/gpu.present`: write it at their group,
    `labels={"nvidia.com/gpu.present": "true"}`, beside `ami_type="AL2023_x86_64_NVIDIA"`. Bottlerocket's images for
    GPUs have a plugin of their own: leave the label out there.
    """

    name = "nvidia-device-plugin"
    lost = "pods that ask for a GPU do not start; those that have one go on"
    namespace = "nvidia-device-plugin"
    pod_security = "privileged"
    for_nodes = True
    built_into_auto_mode = "skip"
    replaced_by = "a plugin for GPUs"
    chart = locked_chart(name, notes="https://github.com/NVIDIA/k8s-device-plugin/releases/tag/v{version}")
    workloads = (
        _daemon("nvidia-device-plugin"),
        _daemon("nvidia-device-plugin-mps-control-daemon", **{"nvidia.com/mps.capable": "true"}),
    )
    images = (ImageSource("nvcr.io/nvidia/k8s-device-plugin", ("image.repository",)),)

    pods_per_gpu: Annotated[int, between(1, 48, "pods")] = 1
    """How many pods take turns on one GPU; nothing keeps their memory apart."""

    @property
    def devices(self) -> tuple[Accelerator, ...]:
        return ("nvidia",)

    @property
    def devices_label(self) -> str:
        return "nvidia.com/gpu.present"

    def values(self, facts: ClusterFacts) -> Values:
        own = {"updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}}, "resources": resources("50m", "128Mi")}
        if self.pods_per_gpu == 1:
            return own
        shared = {"resources": [{"name": "nvidia.com/gpu", "replicas": self.pods_per_gpu}]}
        config = {"version": "v1", "sharing": {"timeSlicing": shared}}
        return {**own, "config": {"map": {"default": json.dumps(config, sort_keys=True)}, "default": "default"}}
