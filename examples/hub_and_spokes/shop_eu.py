"""The shop in Europe, in the account of the other one."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.hub_and_spokes.fleet import SPOKE

SHOP_EU = replace(
    SPOKE,
    name="shop-eu",
    region="eu-central-1",
    network=NewNetwork(cidr="10.60.0.0/16", zones=("a", "b"), nat="one"),
)
