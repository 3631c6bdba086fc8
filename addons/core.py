"""What every cluster with nodes of its own runs."""

from __future__ import annotations

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.core_dns import CoreDns
from addons.eks_node_monitoring_agent import EksNodeMonitoringAgent
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.kube_proxy import KubeProxy
from addons.metrics_server import MetricsServer
from addons.vpc_cni import VpcCni

CORE = (
    VpcCni(),
    KubeProxy(),
    EksPodIdentityAgent(),
    CoreDns(),
    AwsEbsCsiDriver(),
    MetricsServer(),
    EksNodeMonitoringAgent(),
)
"""Networking, DNS, credentials, disks, metrics and health of nodes, installed by EKS. Auto Mode brings most of it."""
