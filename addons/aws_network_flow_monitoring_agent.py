"""Tells CloudWatch of the TCP connections of nodes and pods: how fast they are, and what is lost. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-NetworkFlowMonitor.html"""

from __future__ import annotations

from typing import Annotated

from blueprint.addons import EVERYTHING, CallsAws, ClusterFacts, EksAddon, Values, Workload
from blueprint.addons.lock import locked_versions
from blueprint.fields import between


class AwsNetworkFlowMonitoringAgent(CallsAws, EksAddon):
    """One privileged pod on each node, in its network. The account needs a scope and a monitor, which show what it
    sends. Its chart is in github.com/aws/network-flow-monitor-agent, too large to be held against it here.
    """

    name = "aws-network-flow-monitoring-agent"
    lost = "Network Flow Monitor no longer sees the connections of the cluster"
    versions = locked_versions(name)
    notes = "https://github.com/aws/network-flow-monitor-agent/releases/tag/v{version}"
    namespace = "amazon-network-flow-monitor"
    service_account = "aws-network-flow-monitor-agent-service-account"
    managed_policies = ("CloudWatchNetworkFlowMonitorAgentPublishPolicy",)
    for_nodes = True
    workloads = (
        Workload(
            # charts/amazon-network-flow-monitor-agent/values.yaml and templates/daemonSet.yaml of v1.1.3
            "aws-network-flow-monitor-agent",
            kind="DaemonSet",
            labels={"name": "aws-network-flow-monitor-agent"},
            service_account=service_account,
            cpu="50m",
            tolerations=EVERYTHING,
            on_fargate=False,
            cpu_at=("resources.requests.cpu",),
            tolerations_at=("tolerations",),
        ),
    )

    metrics_port: Annotated[int, between(1024, 65535, "")] | None = None
    """Port of the node on which Prometheus may read the same; none when None."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("networkflowmonitorreports",)

    def values(self, facts: ClusterFacts) -> Values:
        # https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch-NetworkFlowMonitor-agents-kubernetes-eks-third-party.html
        if self.metrics_port is None:
            return {}
        env = {"OPEN_METRICS": "on", "OPEN_METRICS_ADDRESS": "0.0.0.0", "OPEN_METRICS_PORT": self.metrics_port}  # noqa: S104  # in the network of its node
        return {"env": env}
