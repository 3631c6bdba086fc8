"""A workspace of Amazon Managed Service for Prometheus that gets what Prometheus measures."""

from __future__ import annotations

from typing import Annotated

from blueprint.addons import ClusterFacts, Statement, Values
from blueprint.fields import matches

WorkspaceId = Annotated[
    str,
    matches(
        r"ws-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the id of a workspace of Amazon Managed Service for Prometheus",
        'write for example "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    ),
]


def may_write(workspace: WorkspaceId, facts: ClusterFacts) -> tuple[Statement, ...]:
    """https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-onboard-ingest-metrics-new-Prometheus.html"""
    return (Statement(("aps:RemoteWrite",), (facts.arn("aps", f"workspace/{workspace}"),)),)


def remote_write(workspace: WorkspaceId, facts: ClusterFacts) -> Values:
    """Of several Prometheus it keeps what one says, by these two labels:
    https://docs.aws.amazon.com/prometheus/latest/userguide/Send-high-availability-prom-operator.html
    """
    url = f"https://aps-workspaces.{facts.region}.amazonaws.com/workspaces/{workspace}/api/v1/remote_write"
    return {
        "externalLabels": {"cluster": facts.name},
        "replicaExternalLabelName": "__replica__",
        "remoteWrite": [{"url": url, "sigv4": {"region": facts.region}}],
    }
