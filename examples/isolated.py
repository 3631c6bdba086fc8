"""No way to the internet: AWS by interface endpoints, images by ECR."""

from __future__ import annotations

from dataclasses import replace

from addons.core import CORE
from blueprint.network import ENDPOINTS_WITHOUT_NAT
from examples.managed import MANAGED

ISOLATED = replace(
    MANAGED,
    name="isolated",
    network=replace(MANAGED.network, nat="none", interface_endpoints=(*ENDPOINTS_WITHOUT_NAT, "eks-auth")),
    addons=CORE,
)
