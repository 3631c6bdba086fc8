"""EKS Auto Mode: EKS launches the nodes, and brings networking, disks and load balancers along."""

from __future__ import annotations

from dataclasses import replace

from addons.cert_manager import CertManager
from addons.core import CORE
from addons.external_dns import ExternalDns
from blueprint import AutoMode, PublicEndpoint
from examples.managed import MANAGED

AUTO = replace(
    MANAGED,
    name="auto",
    compute=(AutoMode(),),
    cluster=replace(MANAGED.cluster, version="1.34", endpoint=PublicEndpoint(allow=("203.0.113.0/24",))),
    addons=(*CORE, ExternalDns(zones=("Z0123456789",)), CertManager()),
)
