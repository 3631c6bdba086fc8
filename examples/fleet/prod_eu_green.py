"""Production in Europe on the next Kubernetes, without traffic as yet: it is to take the place of prod-eu."""

from __future__ import annotations

from dataclasses import replace

from blueprint import NewNetwork
from examples.fleet.fleet import PRODUCTION

PROD_EU_GREEN = replace(
    PRODUCTION,
    name="prod-eu-green",
    region="eu-west-1",
    network=NewNetwork(cidr="10.32.0.0/16", flow_log_retention_days=365),
    cluster=replace(PRODUCTION.cluster, version="1.36"),
)
