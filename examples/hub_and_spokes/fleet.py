"""What the spokes have in common, and in which order changes reach them.

A further spoke is a file like shop_eu.py, its name below, and what `make gitops` writes of it: the hub finds that by
itself, in the folder that it follows.
"""

from __future__ import annotations

from addons.cert_manager import CertManager
from addons.core import CORE
from addons.karpenter import Karpenter
from blueprint import (
    ArgoCdDelivery,
    Blueprint,
    Cluster,
    Environment,
    Fleet,
    Hub,
    ManagedNodes,
    NewNetwork,
    Promotion,
    Role,
    Wave,
)
from blueprint.teams import ApplicationTeam, ToInternet

REPOSITORY = "https://github.com/example/platform"
FOLDER = "gitops"
HUB = Hub("platform-hub", account="111111111111", region="us-west-2", role="ArgoCdHub", facts_role="ArgoCdHubFacts")

SHOP = ApplicationTeam("shop", developers=(Role("ShopDeveloper"),), network=(ToInternet(),))

SPOKE = Blueprint(
    name="shop-us",
    account="222222222222",
    region="us-west-2",
    network=NewNetwork(cidr="10.50.0.0/16", zones=("a", "b"), nat="one"),
    cluster=Cluster(version="1.36", admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=(*CORE, CertManager(), Karpenter()),
    teams=(SHOP,),
    delivery=ArgoCdDelivery(REPOSITORY, FOLDER, hub=HUB),
)

FLEET = Fleet(
    environments=(
        Environment("hub", waves=(Wave("hub", clusters=("platform-hub",)),)),
        Environment(
            "spokes",
            waves=(
                Wave("first", clusters=("shop-us",)),
                Wave("others", clusters=("shop-eu", "pay-us", "pay-eu")),
            ),
            promotion=Promotion(approval=True),
        ),
    ),
)
