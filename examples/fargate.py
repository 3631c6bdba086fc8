"""Fargate only: no nodes at all, and IRSA instead of Pod Identity."""

from __future__ import annotations

from dataclasses import replace

from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from blueprint import FargateProfile, FargateSelector
from examples.managed import MANAGED
from examples.shared import PLATFORM

FARGATE = replace(
    MANAGED,
    name="fargate",
    compute=(
        FargateProfile("system", selectors=(FargateSelector("kube-system"), FargateSelector("external-dns"))),
        FargateProfile("batch", selectors=(FargateSelector("batch", labels={"example.com/fargate": "yes"}),)),
    ),
    addons=(CoreDns(), ExternalDns(zones=("Z0123456789",))),
    teams=(PLATFORM,),
)
