"""No way to the internet: AWS by interface endpoints, charts and images by ECR.

For accounts that nothing leaves. Each AWS service that nodes, add-ons or secrets of teams call has an endpoint by
itself, in subnets of their own; credentials of other accounts carry nothing out by them. What a team's own pods call is
named beside them, and `ToAwsServices` lets its pods there. docs/isolated-networks.md tells more.
"""

from __future__ import annotations

from dataclasses import replace

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import ManagedNodes, Mirrors, NewNetwork, PullThroughCache, Role
from blueprint.teams import ApplicationTeam, FromInternalLoadBalancer, ToAwsServices
from examples.managed import MANAGED
from examples.shared import PLATFORM

ISOLATED = replace(
    MANAGED,
    name="isolated",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="none", interface_endpoints=("kinesis-streams",)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(
        *CORE,
        AwsLoadBalancerController(),
        Karpenter(),
    ),
    mirrors=Mirrors(
        charts="oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/charts",
        cache=(PullThroughCache("public.ecr.aws", prefix="public"),),
    ),
    teams=(
        PLATFORM,
        ApplicationTeam(
            "orders",
            developers=(Role("OrdersDeveloper"),),
            network=(FromInternalLoadBalancer(ports=(8080,)), ToAwsServices()),
        ),
    ),
)
