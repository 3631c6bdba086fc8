"""Production again, in Europe: only what differs."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from clusters.prod import PROD

PROD_EU = replace(
    PROD,
    name="prod-eu",
    region="eu-west-1",
    network=NewNetwork(cidr="10.30.0.0/16", flow_log_retention_days=365),
)
