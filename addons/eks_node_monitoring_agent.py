"""Finds nodes that are ill though their kubelet answers. https://docs.aws.amazon.com/eks/latest/userguide/node-health.html"""

from __future__ import annotations

from addons.base import EVERYTHING, EksAddon, Workload


class EksNodeMonitoringAgent(EksAddon):
    """Tells of faults of kernel, network, storage, container runtime and accelerators; without it EKS repairs only
    nodes that are not ready. It calls no AWS API.

    Versions: the chart's image for 1.36 (https://github.com/aws/eks-node-monitoring-agent, v1.7.0), and that published
    for 1.35 in August 2026; its chart knows no Kubernetes version.
    """

    name = "eks-node-monitoring-agent"
    versions = {
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.35","addonName":"eks-node-monitoring-agent","default":true}
        **dict.fromkeys(("1.33", "1.34", "1.35"), "v1.6.4-eksbuild.1"),
        # renovate: datasource=aws-eks-addon depName={"kubernetesVersion":"1.36","addonName":"eks-node-monitoring-agent","default":true}
        "1.36": "v1.7.0-eksbuild.1",
    }
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
