"""The shop in America."""

from __future__ import annotations

from examples.hub_and_spokes.fleet import SPOKE

SHOP_US = SPOKE
