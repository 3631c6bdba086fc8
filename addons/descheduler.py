"""Evicts pods from where they would no longer be put. https://github.com/kubernetes-sigs/descheduler"""

from __future__ import annotations

from typing import Annotated, Any

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload
from blueprint.fields import between

_BROKEN = ("NodeAffinity", "NodeTaints", "InterPodAntiAffinity")
"""Rules of a pod that its node has broken since."""
_REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution"


class Descheduler(HelmAddon):
    """What it evicts is made anew elsewhere: by affinity, taints and spread across zones that hold no longer, and pods
    that restart without end. PodDisruptionBudgets are kept; pods with volumes, without an owner, and those of
    DaemonSets stay.
    """

    name = "descheduler"
    lost = "pods stay where they are, however uneven that becomes"
    namespace = "descheduler"
    pod_security = "restricted"
    chart = locked_chart(
        name,
        notes="https://github.com/kubernetes-sigs/descheduler/releases/tag/v{version}",
        compatibility="https://github.com/kubernetes-sigs/descheduler#compatibility-matrix",
    )
    workloads = (workload(name, service_account=name, ports=(10258,)),)
    images = (ImageSource("registry.k8s.io/descheduler/descheduler", ("image.repository",)),)

    interval_minutes: Annotated[int, between(1, 1440, "minutes")] = 5
    """How often it looks."""
    balance: bool = False
    """Evict from full nodes while others are nearly empty. Against Karpenter, which removes those nodes, it works in
    circles."""

    def values(self, facts: ClusterFacts) -> Values:
        uneven = ["RemovePodsViolatingTopologySpreadConstraint", *(["LowNodeUtilization"] if self.balance else [])]
        broken = [*(f"RemovePodsViolating{each}" for each in _BROKEN), "RemovePodsHavingTooManyRestarts"]
        arguments: list[dict[str, Any]] = [
            _plugin(
                "DefaultEvictor",
                nodeFit=True,
                podProtections={"defaultDisabled": ["PodsWithLocalStorage"], "extraEnabled": ["PodsWithPVC"]},
            ),
            _plugin("RemovePodsHavingTooManyRestarts", podRestartThreshold=100, includingInitContainers=True),
            _plugin("RemovePodsViolatingNodeAffinity", nodeAffinityType=[_REQUIRED]),
        ]
        if self.balance:
            below, above = (dict.fromkeys(("cpu", "memory", "pods"), percent) for percent in (20, 50))
            arguments.append(_plugin("LowNodeUtilization", thresholds=below, targetThresholds=above))
        plugins = {"balance": {"enabled": uneven}, "deschedule": {"enabled": broken}}
        return {
            "kind": "Deployment",
            "replicas": 2,
            "leaderElection": {"enabled": True},
            "deschedulingInterval": f"{self.interval_minutes}m",
            "deschedulerPolicy": {"profiles": [{"name": "default", "pluginConfig": arguments, "plugins": plugins}]},
            "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "podDisruptionBudget": {"enabled": True, "minAvailable": None, "maxUnavailable": 1},
            "topologySpreadConstraints": across_zones(name=self.name),
            "resources": resources("100m", "128Mi"),
        }


def _plugin(name: str, **arguments: Any) -> dict[str, Any]:
    return {"name": name, "args": arguments}
