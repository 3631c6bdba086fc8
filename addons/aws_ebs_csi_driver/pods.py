"""The driver's pods: aws-ebs-csi-driver v1.64.0, charts/aws-ebs-csi-driver/values.yaml."""

from __future__ import annotations

from blueprint.addons import EVERYTHING, Workload
from blueprint.addons.pods import TOLERATES_CRITICAL

WORKLOADS = (
    Workload(
        "ebs-csi-controller",
        labels={"app": "ebs-csi-controller", "app.kubernetes.io/name": "aws-ebs-csi-driver"},
        service_account="ebs-csi-controller-sa",
        replicas=2,
        cpu="60m",
        tolerations=(*TOLERATES_CRITICAL, {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
        ports=(9808,),
        replicas_at=("controller.replicaCount",),
        tolerations_at=("controller.tolerations",),
        node_selector_at=("controller.nodeSelector",),
    ),
    Workload(
        "ebs-csi-node",
        kind="DaemonSet",
        labels={"app": "ebs-csi-node"},
        cpu="30m",
        tolerations=EVERYTHING,
        on_fargate=False,
        on_auto_mode=False,
        tolerations_at=("node.tolerations",),
        node_selector_at=("node.nodeSelector",),
    ),
)
