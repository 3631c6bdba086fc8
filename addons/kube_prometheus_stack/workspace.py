"""How Prometheus writes into a workspace of Amazon Managed Service for Prometheus."""

from __future__ import annotations

from blueprint.addons import ClusterFacts, OwnWorkspace, Statement, Values


def may_write(workspace: OwnWorkspace, facts: ClusterFacts) -> tuple[Statement, ...]:
    """https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-onboard-ingest-metrics-new-Prometheus.html"""
    return (Statement(("aps:RemoteWrite",), (workspace.arn(facts),)),)


def remote_write(workspace: OwnWorkspace, facts: ClusterFacts) -> Values:
    """Of several Prometheus it keeps what one says, by these two labels:
    https://docs.aws.amazon.com/prometheus/latest/userguide/Send-high-availability-prom-operator.html
    """
    host = f"aps-workspaces.{facts.region}.amazonaws.com"
    url = f"https://{host}/workspaces/{workspace.id_of(facts)}/api/v1/remote_write"
    return {
        "externalLabels": {"cluster": facts.name},
        "replicaExternalLabelName": "__replica__",
        "remoteWrite": [{"url": url, "sigv4": {"region": facts.region}}],
    }
