"""Production again, in Europe: only what differs."""

from __future__ import annotations

from dataclasses import replace

from addons.argo_cd import ArgoCd
from blueprint import NewNetwork
from examples.prod import PROD, SHARED

PROD_EU = replace(
    PROD,
    name="prod-eu",
    region="eu-west-1",
    network=NewNetwork(cidr="10.30.0.0/16", flow_log_retention_days=365),
    # Both clusters write into one hosted zone, in which a name belongs to one of them.
    addons=(*SHARED, ArgoCd(domain="argocd.eu.example.com")),
)
