"""A cluster that the hub of argo_hub.py delivers to, in another region. The hub reads the address of its Kubernetes API
and the names of Karpenter's queue and instance profile by itself.
"""

from __future__ import annotations

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import ArgoCdDelivery, Blueprint, Cluster, ManagedNodes, NewNetwork, PublicEndpoint, Role
from blueprint.teams import ApplicationTeam, ToInternet
from examples.argo_hub import HUB, REPOSITORY

ARGO_SPOKE = Blueprint(
    name="argo-spoke",
    account="111111111111",
    region="eu-central-1",
    network=NewNetwork(cidr="10.91.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(
        version="1.36",
        admins=(Role("BreakGlass"),),
        endpoint=PublicEndpoint(allow=("203.0.113.10/32",)),  # of the hub's NAT gateway
    ),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(*CORE, Karpenter(), AwsLoadBalancerController()),
    teams=(ApplicationTeam("orders", developers=(Role("OrdersDeveloper"),), network=(ToInternet(),)),),
    delivery=ArgoCdDelivery(REPOSITORY, hub=HUB),
)
