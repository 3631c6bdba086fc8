"""Finds nodes that are ill though their kubelet answers. https://docs.aws.amazon.com/eks/latest/userguide/node-health.html"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, EksAddon, Workload
from blueprint.addons.lock import locked_versions


class EksNodeMonitoringAgent(EksAddon):
    """Tells of faults of kernel, network, storage, container runtime and accelerators; without it EKS repairs only
    nodes that are not ready. It calls no AWS API.
    """

    name = "eks-node-monitoring-agent"
    versions = locked_versions(name)
    workloads = (
        Workload(
            "eks-node-monitoring-agent",
            kind="DaemonSet",
            cpu="10m",
            tolerations=EVERYTHING,
            on_fargate=False,
            on_auto_mode=False,
            cpu_at=("nodeAgent.resources.requests.cpu",),
            tolerations_at=("nodeAgent.tolerations",),
            node_selector_at=("nodeAgent.nodeSelector",),
        ),
    )
    built_into_auto_mode = "skip"
    replaced_by = "node monitoring"
