"""Load balancers that answer IPv4 and IPv6, for pods that have IPv4 addresses alone.

For services that clients with IPv6 are to reach, in a cluster that is there already: nothing but the network and the
class `alb` changes. docs/ipv6.md tells more.
"""

from __future__ import annotations

from dataclasses import replace

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from blueprint import ManagedNodes, NewNetwork
from examples.managed import MANAGED
from examples.shared import PAYMENTS, PLATFORM

DUAL_STACK_INGRESS = replace(
    MANAGED,
    name="dual-stack-ingress",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="one", ipv6=True),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(*CORE, AwsLoadBalancerController(ip_address_type="dualstack")),
    teams=(PLATFORM, PAYMENTS),
)
