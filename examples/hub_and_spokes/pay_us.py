"""Payments in America, in an account of their own."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.hub_and_spokes.fleet import SPOKE

PAY_US = replace(
    SPOKE,
    name="pay-us",
    account="333333333333",
    network=NewNetwork(cidr="10.70.0.0/16", zones=("a", "b"), nat="one"),
)
