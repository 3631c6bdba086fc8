"""No way to the internet: AWS by interface endpoints, images by ECR."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint import NewNetwork
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from examples.managed import MANAGED

ISOLATED = replace(
    MANAGED,
    name="isolated",
    network=NewNetwork(
        cidr="10.0.0.0/16",
        zones=("a", "b"),
        nat="none",
        interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth"),
    ),
    addons=CORE,
)
