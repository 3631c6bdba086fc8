"""Development: one NAT gateway, spot Graviton nodes, logs for a month, and no protection from deletion."""

from __future__ import annotations

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from blueprint import Blueprint, Cluster, ManagedNodes, NewNetwork, PublicEndpoint, Role
from examples.shared import PAYMENTS, PLATFORM

DEV = Blueprint(
    name="dev",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.10.0.0/16", nat="one", flow_log_retention_days=30),
    cluster=Cluster(
        version="1.36",
        endpoint=PublicEndpoint(allow=("203.0.113.0/24",)),
        admins=(Role("BreakGlass"),),
        log_retention_days=30,
        deletion_protection=False,
    ),
    compute=(
        ManagedNodes("system", instance_types=("m7g.large", "m6g.large", "t4g.large"), capacity="SPOT", min=3, max=5),
    ),
    addons=(
        *CORE,
        AwsLoadBalancerController(),
        ExternalDns(zones=("Z0123456789DEV",), domains=("dev.example.com",)),
        CertManager(),
        Karpenter(),
        ArgoCd(domain="argocd.dev.example.com"),
    ),
    teams=(PLATFORM, PAYMENTS),
    tags={"environment": "dev"},
)
