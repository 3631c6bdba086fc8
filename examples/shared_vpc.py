"""A VPC of another account, shared by AWS RAM, without a route to the internet: AWS by the owner's endpoints, all else
by its proxy.

For accounts of a landing zone, whose network account shares subnets and nothing else. The cluster's account may neither
tag them nor see routes that are not theirs. Zones have ids, which are the same in both accounts; letters are not.
"""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint import ExistingNetwork, ExistingSubnet, ManagedNodes, Proxy
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from examples.managed import MANAGED

SHARED_VPC = replace(
    MANAGED,
    name="shared-vpc",
    network=ExistingNetwork(
        vpc_id="vpc-0f6d2b8a3e4c59701",
        cidrs=("10.0.0.0/16",),
        nodes=(
            ExistingSubnet("subnet-0a9c8e7d6b5f40312", "usw2-az1", "10.0.0.0/20"),
            ExistingSubnet("subnet-0bad9f8e7c6051423", "usw2-az2", "10.0.16.0/20"),
        ),
        internet=False,
        interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth"),
        shared=True,
    ),
    proxy=Proxy("http://proxy.example.com:3128", without=(".example.com",)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=CORE,
    teams=(),
)
