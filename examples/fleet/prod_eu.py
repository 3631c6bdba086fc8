"""Production in Europe, which takes the traffic."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import PRODUCTION

PROD_EU = replace(
    PRODUCTION, name="prod-eu", region="eu-west-1", network=NewNetwork(cidr="10.31.0.0/16", flow_log_retention_days=365)
)
