"""Metrics, logs and traces of nodes and pods in CloudWatch. https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/install-CloudWatch-Observability-EKS-addon.html"""

from __future__ import annotations

from blueprint.addons import EVERYTHING, CallsAws, ClusterFacts, EksAddon, Values, Workload
from blueprint.addons.lock import locked_chart, locked_versions

_FLUENT_BIT = {"k8s-app": "fluent-bit", "kubernetes.io/cluster-service": "true"}


class AmazonCloudWatchObservability(CallsAws, EksAddon):
    """Container Insights and Application Signals. Its operator starts the CloudWatch agent on each node, which has the
    policy that AWS wrote for it; the agent names groups and metrics after the cluster, and IAM cannot narrow them.

    Log groups `/aws/containerinsights/<cluster>/…` are made by it when the first line arrives, carry no tags, and are
    kept for ever, also when the cluster goes: give them a retention.
    """

    name = "amazon-cloudwatch-observability"
    lost = "no metric, log or trace of the cluster arrives in CloudWatch any more; what is there stays"
    versions = locked_versions(name)
    upstream = locked_chart(name)
    namespace = "amazon-cloudwatch"
    service_account = "cloudwatch-agent"
    # AWSXrayWriteOnlyAccess, which the guide of EKS names as well, holds nothing beside it.
    managed_policies = ("CloudWatchAgentServerPolicy",)
    api_groups = ("cloudwatch.aws.amazon.com",)
    workloads = (
        Workload(
            "amazon-cloudwatch-observability-controller-manager",
            labels={"app.kubernetes.io/name": name, "control-plane": "controller-manager"},
            service_account="amazon-cloudwatch-observability-controller-manager",
            cpu="100m",
            node_selector={"kubernetes.io/os": "linux"},
            ports=(8081, 9443),
            cpu_at=("manager.resources.requests.cpu",),
            tolerations_at=("manager.tolerations",),
            node_selector_at=("manager.nodeSelector",),
        ),
        *(
            Workload(
                each,
                kind="DaemonSet",
                labels=_FLUENT_BIT,
                service_account="cloudwatch-agent",
                cpu="50m",
                tolerations=EVERYTHING,
                node_selector={"kubernetes.io/os": system},
                on_fargate=False,
                cpu_at=("containerLogs.fluentBit.resources.requests.cpu",),
            )
            for each, system in (("fluent-bit", "linux"), ("fluent-bit-windows", "windows"))
        ),
    )

    container_logs: bool = True
    """Send what containers write to their output."""
    open_telemetry: bool = False
    """Container Insights by OpenTelemetry, with metrics for PromQL; billed by what arrives.
    https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/container-insights-eks-otel.html"""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("ec2", "logs", "monitoring", "xray")

    def upstream_values(self, facts: ClusterFacts) -> Values:
        return {"clusterName": facts.name, "region": facts.region}

    def values(self, facts: ClusterFacts) -> Values:
        values: Values = {} if self.container_logs else {"containerLogs": {"enabled": False}}
        return {**values, "otelContainerInsights": {"enabled": True}} if self.open_telemetry else values
