"""Add-ons that tell what a cluster does, as sets: `addons=(*CORE, *observability.native())`. Change a member with
`replace`, or leave a set out and write its members.
"""

from __future__ import annotations

from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from addons.aws_for_fluent_bit import AwsForFluentBit
from addons.aws_network_flow_monitoring_agent import AwsNetworkFlowMonitoringAgent
from addons.kube_state_metrics import KubeStateMetrics
from addons.prometheus_node_exporter import PrometheusNodeExporter
from blueprint.addons import Addon


def native() -> tuple[Addon, ...]:
    """All of it in CloudWatch: metrics, logs, traces, connections."""
    return (AmazonCloudWatchObservability(), AwsNetworkFlowMonitoringAgent())


def open_source() -> tuple[Addon, ...]:
    """What a Prometheus reads, wherever it runs; no logs."""
    return (KubeStateMetrics(), PrometheusNodeExporter())


def mixed() -> tuple[Addon, ...]:
    """Logs in CloudWatch, and what a Prometheus reads."""
    return (AwsForFluentBit(), *open_source())
