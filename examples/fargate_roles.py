"""Fargate profiles with wildcards, zones, a role that is there already, and logs in CloudWatch."""

from __future__ import annotations

from dataclasses import replace

from addons.core_dns import CoreDns
from addons.fargate_logs import FargateLogs
from blueprint import FargateProfile, FargateSelector
from examples.managed import MANAGED
from examples.shared import PLATFORM

FARGATE_ROLES = replace(
    MANAGED,
    name="fargate-roles",
    compute=(
        FargateProfile("system", selectors=(FargateSelector("kube-system"),)),
        FargateProfile("batch", selectors=(FargateSelector("batch-*", labels={"example.com/*": "y?s"}),), zones=("a",)),
        FargateProfile("given", selectors=(FargateSelector("reports"),), role="fargate/Reports"),
    ),
    addons=(CoreDns(), FargateLogs(retention_days=30)),
    teams=(PLATFORM,),
)
