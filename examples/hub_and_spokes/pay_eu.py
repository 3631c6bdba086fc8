"""Payments in Europe."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.hub_and_spokes.fleet import SPOKE

PAY_EU = replace(
    SPOKE,
    name="pay-eu",
    account="333333333333",
    region="eu-central-1",
    network=NewNetwork(cidr="10.80.0.0/16", zones=("a", "b"), nat="one"),
)
