"""AWS GovCloud, extended support, and records in a hosted zone of another account."""

from __future__ import annotations

from dataclasses import replace

from addons.external_dns import ExternalDns
from blueprint import ManagedNodes, Role
from examples.managed import MANAGED

GOVERNMENT = replace(
    MANAGED,
    name="government",
    region="us-gov-west-1",
    addons=(*MANAGED.addons, ExternalDns(zones=("Z0123456789GOV",), assume_role=Role("ExternalDns", "333333333333"))),
    cluster=replace(MANAGED.cluster, version="1.33", support_policy="EXTENDED"),
    compute=(ManagedNodes("x86", instance_types=("m7i.large", "m6i.large")),),
)
