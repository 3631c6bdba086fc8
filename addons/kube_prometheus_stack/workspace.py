"""A workspace of Amazon Managed Service for Prometheus that gets what Prometheus measures."""

from __future__ import annotations

from typing import Annotated

from blueprint.addons import ClusterFacts, Statement, Values
from blueprint.contribution import MetricsWorkspace
from blueprint.fields import matches
from blueprint.references import workspace_id

WorkspaceId = Annotated[
    str,
    matches(
        r"new|ws-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the id of a workspace of Amazon Managed Service for Prometheus, or `new`",
        'write "new", or for example "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    ),
]


def made(workspace: WorkspaceId | None, facts: ClusterFacts) -> tuple[MetricsWorkspace, ...]:
    """The one that a deploy makes, called as the cluster."""
    return (MetricsWorkspace(facts.name),) if workspace == "new" else ()


def _id(workspace: WorkspaceId, facts: ClusterFacts) -> str:
    return workspace_id(facts.name) if workspace == "new" else workspace


def may_write(workspace: WorkspaceId, facts: ClusterFacts) -> tuple[Statement, ...]:
    """https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-onboard-ingest-metrics-new-Prometheus.html"""
    return (Statement(("aps:RemoteWrite",), (facts.arn("aps", f"workspace/{_id(workspace, facts)}"),)),)


def remote_write(workspace: WorkspaceId, facts: ClusterFacts) -> Values:
    """Of several Prometheus it keeps what one says, by these two labels:
    https://docs.aws.amazon.com/prometheus/latest/userguide/Send-high-availability-prom-operator.html
    """
    host = f"aps-workspaces.{facts.region}.amazonaws.com"
    url = f"https://{host}/workspaces/{_id(workspace, facts)}/api/v1/remote_write"
    return {
        "externalLabels": {"cluster": facts.name},
        "replicaExternalLabelName": "__replica__",
        "remoteWrite": [{"url": url, "sigv4": {"region": facts.region}}],
    }
