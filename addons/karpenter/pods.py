"""The controller: karpenter-provider-aws v1.14.1, charts/karpenter/values.yaml."""

from __future__ import annotations

from blueprint.addons import Workload
from blueprint.addons.pods import TOLERATES_CRITICAL

WORKLOADS = (
    Workload(
        "karpenter",
        labels={"app.kubernetes.io/name": "karpenter", "app.kubernetes.io/instance": "karpenter"},
        service_account="karpenter",
        replicas=2,
        tolerations=TOLERATES_CRITICAL,
        ports=(8080, 8081),
        on_launched_nodes=False,
        replicas_at=("replicas",),
        cpu_at=("controller.resources.requests.cpu",),
        tolerations_at=("tolerations",),
        node_selector_at=("nodeSelector",),
    ),
)
