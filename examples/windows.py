"""Windows nodes beside those of Linux, which run the add-ons: managed groups, and one that joins by itself."""

from __future__ import annotations

from dataclasses import replace

from addons.core import core
from addons.vpc_cni import VpcCni
from blueprint import ManagedNodes, Role, SelfManagedNodes
from blueprint.iam import Statement
from blueprint.teams import ApplicationTeam, ServiceAccount
from examples.managed import MANAGED
from examples.shared import PLATFORM

WINDOWS = replace(
    MANAGED,
    name="windows",
    compute=(
        ManagedNodes("system", instance_types=("m7g.large",), min=2, max=4),
        ManagedNodes("core", instance_types=("m7i.large",), ami_type="WINDOWS_CORE_2022_x86_64", disk_gib=100),
        ManagedNodes(
            "full",
            instance_types=("m7i.xlarge",),
            ami_type="WINDOWS_FULL_2025_x86_64",
            script="Set-TimeZone -Id UTC",
            min=0,
            desired=0,
        ),
        SelfManagedNodes(
            "own", instance_types=("m7i.large",), os="WINDOWS_CORE_2022", labels={"example.com/app": "billing"}
        ),
    ),
    addons=core(VpcCni(prefix_delegation=True)),
    teams=(
        PLATFORM,
        ApplicationTeam(
            "billing",
            developers=(Role("Billing"),),
            service_accounts=(
                ServiceAccount(
                    "iis",
                    namespace="billing",
                    permissions=(
                        Statement(("s3:GetObject",), ("arn:${blueprint:partition}:s3:::billing-forms/2026.pdf",)),
                    ),
                ),
            ),
            windows=True,
        ),
        ApplicationTeam("shop", developers=(Role("Shop"),)),
    ),
)
