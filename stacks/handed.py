"""What AWS decides in a deploy, written where a hub reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aws_cdk import aws_iam, aws_ssm
from constructs import Construct

from blueprint import iam
from blueprint.planning.document import HandedFacts, Plan
from blueprint.references import resolved
from stacks.acknowledge import acknowledge, of_statements
from stacks.base import PARTITION_ONLY, of_every_role


def hand_over(scope: Construct, plan: Plan, references: Mapping[str, str], stack: str) -> Construct | None:
    """The parameter of a stack, as values for a chart of Applications; None where it has nothing to tell."""
    handed = handed_by(plan)
    if handed is None or stack not in handed.names:
        return None
    known = {name: references[name] for name in handed.names[stack]}
    return aws_ssm.CfnParameter(
        scope,
        "HandedFacts",
        name=handed.parameters(plan.facts.name)[stack],
        type="String",
        tier="Intelligent-Tiering",  # free up to 4 KB
        description=f"What Argo CD needs to know of {plan.facts.name}",
        value=json.dumps({"facts": known}, separators=(",", ":")),
    )


def handed_by(plan: Plan) -> HandedFacts | None:
    """What the hub of a cluster is told, if there is any."""
    return plan.delivery.handed if plan.delivery else None


def reading_role(scope: Construct, plan: Plan, handed: HandedFacts) -> aws_iam.CfnRole:
    """For the hub's role alone."""
    trusted = {"Effect": "Allow", "Principal": {"AWS": resolved(handed.reader, PARTITION_ONLY)}}
    arns = (plan.facts.arn("ssm", f"parameter{name}") for name in handed.parameters(plan.facts.name).values())
    reads = (iam.Statement(("ssm:GetParameter",), tuple(arns)),)
    role = aws_iam.CfnRole(
        scope,
        "FactsReader",
        role_name=handed.role,
        assume_role_policy_document={"Version": "2012-10-17", "Statement": [{**trusted, "Action": "sts:AssumeRole"}]},
        policies=[{"policyName": "permissions", "policyDocument": resolved(iam.policy(reads), PARTITION_ONLY)}],
        **of_every_role(plan),
    )
    acknowledge(role, of_statements(reads))
    return role
