"""Development: one NAT gateway and spot Graviton nodes."""

from __future__ import annotations

#from addons.argo_cd import ArgoCd
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core_dns import CoreDns
from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.external_dns import ExternalDns
#from addons.karpenter import Karpenter
from addons.kube_proxy import KubeProxy
from addons.metrics_server import MetricsServer
from addons.vpc_cni import VpcCni
from blueprint import Blueprint, Cluster, ManagedNodes, NewNetwork, PublicEndpoint, Role
from teams.payments import PAYMENTS
from teams.platform import PLATFORM

DEV = Blueprint(
    name="dev",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.10.0.0/16", nat="one"),
    cluster=Cluster(
        version="1.35",
        endpoint=PublicEndpoint(allow=("203.0.113.0/24",)),
        admins=(Role("BreakGlass"),),
        log_retention_days=30,
        deletion_protection=False,
    ),
    compute=(
        ManagedNodes("system", instance_types=("m7g.large", "m6g.large", "t4g.large"), capacity="SPOT", min=2, max=4),
    ),
    addons=(
        VpcCni(),
        CoreDns(),
        KubeProxy(),
        EksPodIdentityAgent(),
        AwsEbsCsiDriver(),
        MetricsServer(),
        AwsLoadBalancerController(),
        CertManager(),
        ExternalDns(zones=("Z0123456789DEV",)),
#        Karpenter(),
#        ArgoCd(),
    ),
    teams=(PLATFORM, PAYMENTS),
    tags={"environment": "dev"},
)
