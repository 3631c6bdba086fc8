"""The hub: Argo CD, run by AWS, for its own cluster and for all others. What is to be seen first is fleet.py."""

from __future__ import annotations

from addons.argo_cd_capability import ArgoCdCapability
from addons.argo_cd_capability.access import IdentityCenterGroup
from addons.core import CORE
from addons.external_secrets import ExternalSecrets
from blueprint import ArgoCdDelivery, Blueprint, Cluster, ManagedNodes, NewNetwork, Role
from examples.hub_and_spokes.fleet import FOLDER, HUB, REPOSITORY

PLATFORM_HUB = Blueprint(
    name=HUB.name,
    account=HUB.account,
    region=HUB.region,
    network=NewNetwork(cidr="10.40.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(version="1.36", admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(
        *CORE,
        ExternalSecrets(),
        ArgoCdCapability(
            identity_center="arn:aws:sso:::instance/ssoins-0123456789abcdef",
            admins=(IdentityCenterGroup("0123456789-01234567-89ab-cdef-0123-456789abcdef"),),
            role_name=HUB.role,
            facts_role_name=HUB.facts_role,
        ),
    ),
    delivery=ArgoCdDelivery(REPOSITORY, FOLDER, spokes=True),
)
