"""Production: three zones with a NAT gateway each, on-demand nodes, an API that answers inside the VPC only."""

from __future__ import annotations

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from blueprint import Blueprint, Cluster, ManagedNodes, NewNetwork, PrivateEndpoint, Role
from examples.shared import PAYMENTS, PLATFORM

SHARED = (
    *CORE,
    AwsLoadBalancerController(),
    ExternalDns(zones=("Z0123456789PROD",), domains=("example.com",)),
    CertManager(zones={"example.com": "Z0123456789PROD"}, acme_email="platform@example.com"),
    Karpenter(),
)
"""What all clusters of production have alike."""

PROD = Blueprint(
    name="prod",
    account="222222222222",
    region="us-west-2",
    network=NewNetwork(cidr="10.20.0.0/16", flow_log_retention_days=365),
    # A minor behind development, where it proves itself first.
    cluster=Cluster(version="1.35", endpoint=PrivateEndpoint(), admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",), min=3, max=6),),
    addons=(*SHARED, ArgoCd(domain="argocd.example.com")),
    teams=(PLATFORM, PAYMENTS),
    tags={"environment": "prod"},
)
