"""The kubelet's configuration on Karpenter's nodes, as far as Karpenter must know it to count what fits on a node.

Rules are those of the definition: karpenter-provider-aws v1.14.1 pkg/apis/crds/karpenter.k8s.aws_ec2nodeclasses.yaml.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from blueprint.errors import Problem
from blueprint.fields import between, matches
from blueprint.value import Value

Reservable = Literal["cpu", "memory", "ephemeral-storage", "pid"]
Signal = Literal[
    "memory.available",
    "nodefs.available",
    "nodefs.inodesFree",
    "imagefs.available",
    "imagefs.inodesFree",
    "pid.available",
]
_Reserved = Annotated[
    str,
    matches(r"\d{1,9}(m|Ki|Mi|Gi)?", "must be an amount of Kubernetes", 'write for example "100m" or "1Gi"'),
]
_Threshold = Annotated[
    str,
    matches(
        r"\d{1,2}(\.\d{1,2})?%|\d{1,9}(Ki|Mi|Gi)?",
        "must be a percentage or an amount of Kubernetes",
        'write for example "10%" or "500Mi"',
    ),
]
_Grace = Annotated[
    str, matches(r"(\d{1,4}[hms]){1,3}", "must be a time in hours, minutes and seconds", 'write for example "1m30s"')
]
_Percent = Annotated[int, between(0, 100, "percent")]


class Kubelet(Value):
    """What the kubelet keeps for itself, and when it evicts pods; its own choice where nothing is said.

    https://kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources
    https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction
    """

    max_pods: Annotated[int, between(1, 737, "pods")] | None = None
    """Most pods of a node, whatever addresses it has."""
    pods_per_core: Annotated[int, between(1, 250, "pods")] | None = None
    """Most pods for each CPU of a node. Bottlerocket does not know it."""
    kube_reserved: Mapping[Reservable, _Reserved] = field(default_factory=dict)
    """Kept for the kubelet and containerd."""
    system_reserved: Mapping[Reservable, _Reserved] = field(default_factory=dict)
    """Kept for the system."""
    eviction_hard: Mapping[Signal, _Threshold] = field(default_factory=dict)
    """At less than this pods are evicted at once."""
    eviction_soft: Mapping[Signal, _Threshold] = field(default_factory=dict)
    """At less than this they are evicted when it lasts."""
    eviction_soft_grace: Mapping[Signal, _Grace] = field(default_factory=dict)
    """How long that is, for each signal of `eviction_soft`."""
    eviction_max_grace_seconds: Annotated[int, between(0, 3_600, "seconds")] | None = None
    """What an evicted pod has at most to end."""
    image_gc_high_percent: _Percent | None = None
    """From this use of the disk on, images are deleted that no container uses."""
    image_gc_low_percent: _Percent | None = None
    """Down to this use."""
    cpu_cfs_quota: bool | None = None
    """Whether limits of CPU are enforced."""

    def problems(self) -> Iterator[Problem]:
        high, low = self.image_gc_high_percent, self.image_gc_low_percent
        if high is not None and low is not None and high <= low:
            rule = f"image_gc_high_percent is {high}"
            yield Problem(("image_gc_low_percent",), low, rule, "lower it, or raise image_gc_high_percent")
        if signals := sorted(self.eviction_soft.keys() ^ self.eviction_soft_grace.keys()):
            rule = f"eviction_soft and eviction_soft_grace name the same signals, and {signals[0]} is not in both"
            yield Problem(
                ("eviction_soft_grace",), self.eviction_soft_grace, rule, f"name {signals[0]} in both, or none"
            )
        if self.max_pods and self.pods_per_core and self.pods_per_core > self.max_pods:
            rule = f"max_pods is {self.max_pods}"
            yield Problem(("pods_per_core",), self.pods_per_core, rule, "lower it, or raise max_pods")

    def document(self) -> dict[str, Any]:
        """The `kubelet` of a node class."""
        found = {
            "maxPods": self.max_pods,
            "podsPerCore": self.pods_per_core,
            "kubeReserved": dict(self.kube_reserved) or None,
            "systemReserved": dict(self.system_reserved) or None,
            "evictionHard": dict(self.eviction_hard) or None,
            "evictionSoft": dict(self.eviction_soft) or None,
            "evictionSoftGracePeriod": dict(self.eviction_soft_grace) or None,
            "evictionMaxPodGracePeriod": self.eviction_max_grace_seconds,
            "imageGCHighThresholdPercent": self.image_gc_high_percent,
            "imageGCLowThresholdPercent": self.image_gc_low_percent,
            "cpuCFSQuota": self.cpu_cfs_quota,
        }
        return {name: value for name, value in found.items() if value is not None}
