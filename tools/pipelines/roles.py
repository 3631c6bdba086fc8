"""Which roles the jobs of a pipeline take on."""

from __future__ import annotations

from blueprint.pipelines import CHECK_ROLE, DRIFT_ROLE, audience, deploy_role
from blueprint.planning.document import Plan
from blueprint.regions import partition_of


def role_arns(plan: Plan) -> dict[str, str]:
    """Of one cluster: what jobs need to get credentials, by name."""
    facts = plan.facts
    partition = partition_of(facts.region)
    prefix = f"arn:{partition}:iam::{facts.account}:role/"
    return {
        "audience": audience(partition),
        "check": f"{prefix}{CHECK_ROLE}",
        "deploy": f"{prefix}{deploy_role(facts.name)}",
        "drift": f"{prefix}{DRIFT_ROLE}",
    }
