"""Gives pods the GPUs of NVIDIA that they claim by what these are. https://dra-driver-nvidia-gpu.sigs.k8s.io"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated, Literal

from addons.gpu_operator import GpuOperator
from addons.nvidia_device_plugin import NvidiaDevicePlugin
from addons.nvidia_dra_driver.pods import CHART, CONTROLLER, CPU, PLUGIN
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import resources
from blueprint.errors import Problem
from blueprint.fields import UNIQUE
from blueprint.instances import NVIDIA_CLASSES, Accelerator
from blueprint.versions import minor

Gate = Literal["DynamicMIG", "MPSSupport", "NVMLDeviceHealthCheck", "TimeSlicingSettings"]
"""https://dra-driver-nvidia-gpu.sigs.k8s.io/docs/reference/feature-gates"""


class NvidiaDraDriver(HelmAddon):
    """By dynamic resource allocation, on nodes of Amazon Linux with the label `nvidia.com/gpu.present`: write it at
    their group, `labels={"nvidia.com/gpu.present": "true"}`, beside `ami_type="AL2023_x86_64_NVIDIA"`. Pods name a
    ResourceClaim of the DeviceClass gpu.nvidia.com, or mig.nvidia.com for parts of one. Karpenter launches no node for
    pods with claims, unless a feature gate of its own is on.
    """

    name = "nvidia-dra-driver"
    lost = "pods that claim a GPU do not start; those that have one go on"
    namespace = CHART
    pod_security = "privileged"
    for_nodes = True
    api_groups = ("resource.nvidia.com",)
    # Its templates/validation.yaml: never on one node with the device plugin. The operator has that plugin, and the
    # same definitions for a driver that it installs itself.
    conflicts = (GpuOperator, NvidiaDevicePlugin)
    built_into_auto_mode = "refuse"
    replaced_by = "what gives pods GPUs"
    chart = locked_chart(
        CHART,
        definitions_stay=True,
        notes="https://github.com/kubernetes-sigs/dra-driver-nvidia-gpu/releases/tag/v{version}",
    )
    workloads = (PLUGIN, CONTROLLER)
    images = (ImageSource(f"registry.k8s.io/dra-driver-nvidia/{CHART}", ("image.repository",)),)
    typical = {"compute_domains": True}  # with all pods that there may be

    compute_domains: bool = False
    """Whether GPUs of several nodes reach each other's memory by NVLink, for pods that ask with a ComputeDomain: those
    of P6e-GB200 UltraServers. The driver of NVIDIA must then be 570.158.01 or newer on all nodes with GPUs."""
    feature_gates: Annotated[tuple[Gate, ...], UNIQUE] = ()
    """What upstream calls alpha. TimeSlicingSettings and MPSSupport let several pods share a GPU as their claim says,
    DynamicMIG parts one when a pod claims a part, NVMLDeviceHealthCheck gives away none that is ill. DynamicMIG does
    not go with MPSSupport and NVMLDeviceHealthCheck."""

    @property
    def devices(self) -> tuple[Accelerator, ...]:
        return ("nvidia",)

    @property
    def device_classes(self) -> tuple[str, ...]:
        return NVIDIA_CLASSES

    @property
    def devices_label(self) -> str:
        return "nvidia.com/gpu.present"

    @property
    def pods(self) -> tuple[Workload, ...]:
        if not self.compute_domains:
            return (PLUGIN,)
        # One container more, with a port of its own for probes.
        return (replace(PLUGIN, cpu="100m", ports=(51515, *PLUGIN.ports)), CONTROLLER)

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        against = [each for each in self.feature_gates if each in ("MPSSupport", "NVMLDeviceHealthCheck")]
        if "DynamicMIG" in self.feature_gates and against:
            rule = f"the driver does not start with both DynamicMIG and {against[0]}"
            yield Problem(("feature_gates",), self.feature_gates, rule, "leave out one of them")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        if minor(facts.version) < 34:
            rule = f"pods claim devices on EKS from Kubernetes 1.34 on, and the cluster has {facts.version}"
            yield Problem((), self.name, rule, "upgrade the cluster, or use NvidiaDevicePlugin()")

    def values(self, facts: ClusterFacts) -> Values:
        requests = {"resources": resources(CPU, "256Mi")}
        own = {
            "gpuResourcesEnabledOverride": True,  # nobody else gives away the GPUs of these nodes
            "resources": {"computeDomains": {"enabled": self.compute_domains}},
            "featureGates": dict.fromkeys(self.feature_gates, True),
            "kubeletPlugin": {
                "updateStrategy": {"rollingUpdate": {"maxUnavailable": "10%"}},
                "containers": {"gpus": requests, **({"computeDomains": requests} if self.compute_domains else {})},
            },
        }
        if not self.compute_domains:
            return own
        controller = {"leaderElection": {"enabled": True}, "containers": {"computeDomain": requests}}
        return {**own, "controller": {"replicas": 2, **controller}}
