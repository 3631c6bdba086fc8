"""Add-ons that tell what a cluster does, as sets: `addons=(*CORE, *observability.native())`. Change a member with
`replace`, or leave a set out and write its members.
"""

from __future__ import annotations

from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from addons.aws_for_fluent_bit import AwsForFluentBit
from addons.aws_network_flow_monitoring_agent import AwsNetworkFlowMonitoringAgent
from addons.kube_prometheus_stack import KubePrometheusStack
from addons.loki import Loki
from addons.tempo import Tempo
from blueprint.addons import Addon, OwnBucket


def native() -> tuple[Addon, ...]:
    """All of it in CloudWatch: metrics, logs, traces, connections."""
    return (AmazonCloudWatchObservability(), AwsNetworkFlowMonitoringAgent())


def open_source(logs: OwnBucket, traces: OwnBucket) -> tuple[Addon, ...]:
    """All of it in the cluster, lines and traces in these buckets. What sends them is yours to choose:
    OpenTelemetryOperator() brings collectors.
    """
    return (KubePrometheusStack(), Loki(bucket=logs), Tempo(bucket=traces))


def mixed() -> tuple[Addon, ...]:
    """Logs in CloudWatch, metrics in the cluster."""
    return (AwsForFluentBit(), KubePrometheusStack())
