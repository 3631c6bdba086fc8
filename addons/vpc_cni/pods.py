"""The pods of the CNI."""

from __future__ import annotations

from blueprint.addons import EVERYTHING, Workload

WORKLOADS = (
    Workload(
        "aws-node",
        kind="DaemonSet",
        labels={"k8s-app": "aws-node"},
        service_account="aws-node",
        cpu="50m",
        tolerations=EVERYTHING,
        on_fargate=False,
        on_auto_mode=False,
    ),
)
