"""What nodes with GPUs of NVIDIA need beside their driver: plugin, labels, metrics, MIG. https://docs.nvidia.com/datacenter/cloud-native/gpu-operator"""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from addons.gpu_operator.pods import FOLDERS, IMAGES, WORKLOADS
from addons.nvidia_device_plugin import NvidiaDevicePlugin
from blueprint.addons import ClusterFacts, HelmAddon, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources
from blueprint.contribution import at_mirror
from blueprint.fields import between
from blueprint.instances import Accelerator


class GpuOperator(HelmAddon):
    """On nodes of Amazon Linux with `ami_type="AL2023_x86_64_NVIDIA"`, which have the driver and the runtime: it brings
    neither. It finds their GPUs by itself. Nodes of Bottlerocket have a plugin of their own: give their group the label
    `nvidia.com/gpu.deploy.operands` with the value "false".
    """

    name = "gpu-operator"
    lost = "pods that ask for a GPU do not start; those that have one go on"
    namespace = "gpu-operator"
    pod_security = "privileged"
    for_nodes = True
    api_groups = ("nvidia.com", "resource.nvidia.com", "nfd.k8s-sigs.io")
    conflicts = (NvidiaDevicePlugin,)
    built_into_auto_mode = "skip"
    replaced_by = "a plugin for GPUs"
    chart = locked_chart(name, notes="https://github.com/NVIDIA/gpu-operator/releases/tag/{version}")
    workloads = WORKLOADS
    images = IMAGES

    pods_per_gpu: Annotated[int, between(1, 48, "pods")] = 1
    """How many pods take turns on one GPU; nothing keeps their memory apart."""
    mig: Literal["none", "single", "mixed"] = "single"
    """How parts of one GPU are told, on those that can be parted: all alike, or each by its size."""
    scraped: bool = False
    """Whether a ServiceMonitor leads Prometheus to what GPUs do, which KubePrometheusStack() reads."""

    @property
    def devices(self) -> tuple[Accelerator, ...]:
        return ("nvidia",)

    def values(self, facts: ClusterFacts) -> Values:
        mirrors = dict(facts.image_mirrors)
        moved = {part: at_mirror(folder, mirrors) for part, (folder, _) in FOLDERS.items()}
        parts: dict[str, dict[str, Any]] = {
            part: {"repository": moved[part]} if moved[part] != folder else {} for part, (folder, _) in FOLDERS.items()
        }
        parts["operator"]["resources"] = resources("100m", "512Mi")
        parts["dcgmExporter"]["serviceMonitor"] = {"enabled": self.scraped}
        if self.pods_per_gpu > 1:
            shared = {"resources": [{"name": "nvidia.com/gpu", "replicas": self.pods_per_gpu}]}
            config = json.dumps({"version": "v1", "sharing": {"timeSlicing": shared}}, sort_keys=True)
            own = {"create": True, "name": "device-plugin", "default": "default", "data": {"default": config}}
            parts["devicePlugin"]["config"] = own
        return {
            **parts,
            "driver": {"enabled": False},
            "toolkit": {"enabled": False},
            "ccManager": {"enabled": False},  # confidential computing, which instances of EC2 do not have
            "mig": {"strategy": self.mig},
            "daemonsets": {"rollingUpdate": {"maxUnavailable": "10%"}},
        }
