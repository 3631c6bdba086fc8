"""Nodes near to users in Los Angeles, in a Local Zone; all that the cluster itself needs stays in the region's zones.

For games, video and shops that answer in a few milliseconds. Only the team's pods tolerate the nodes there, which cost
more than others and are of few types, and its load balancer stands beside them: class `alb-us-west-2-lax-1a`. EKS, the
way to the internet and controllers stay in the region. docs/local-zones.md tells more.
"""

from __future__ import annotations

from dataclasses import replace

from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from blueprint import ManagedNodes, NewNetwork, Role, SelfManagedNodes, Taint
from blueprint.teams import ApplicationTeam, FromLoadBalancer
from examples.managed import MANAGED

_ZONE = "us-west-2-lax-1a"
_TAINT = Taint("example.com/local-zone", "lax", "NO_SCHEDULE")

LOCAL_ZONE = replace(
    MANAGED,
    name="local-zone",
    network=NewNetwork(cidr="10.0.0.0/16", zones=("a", "b"), nat="one", local_zones=(_ZONE,)),
    compute=(
        ManagedNodes("system", instance_types=("m5.large",)),
        ManagedNodes(
            "edge",
            instance_types=("t3.medium", "t3.xlarge"),
            min=1,
            zones=(_ZONE,),
            labels={"example.com/place": "lax"},
            taints=(_TAINT,),
        ),
        SelfManagedNodes(
            "video",
            instance_types=("m5.xlarge",),
            os="BOTTLEROCKET",
            min=1,
            zones=(_ZONE,),
            labels={"example.com/place": "lax"},
            taints=(_TAINT,),
        ),
    ),
    addons=(*CORE, AwsLoadBalancerController()),
    teams=(
        ApplicationTeam(
            "games",
            developers=(Role("Games"),),
            network=(FromLoadBalancer(ports=(8080,)),),
            hosts=("games.example.com",),
        ),
    ),
)
