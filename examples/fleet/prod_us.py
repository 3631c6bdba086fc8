"""Production in America."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import PRODUCTION

PROD_US = replace(
    PRODUCTION, name="prod-us", region="us-west-2", network=NewNetwork(cidr="10.30.0.0/16", flow_log_retention_days=365)
)
