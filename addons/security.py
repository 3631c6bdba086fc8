"""Add-ons that keep a cluster safe, as a set: `addons=(*CORE, *security.baseline())`."""

from __future__ import annotations

from addons.aws_guardduty_agent import AwsGuardDutyAgent
from addons.external_secrets import ExternalSecrets
from addons.gatekeeper import Gatekeeper
from blueprint.addons import Addon


def baseline() -> tuple[Addon, ...]:
    """Secrets from AWS, rules about objects, and GuardDuty's look at processes; where GuardDuty keeps its agent itself,
    leave that one out.
    """
    return (ExternalSecrets(), Gatekeeper(), AwsGuardDutyAgent())
