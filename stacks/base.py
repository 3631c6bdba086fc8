"""What the stacks of a cluster have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Aws, Environment, Stack, aws_iam
from constructs import Construct

from blueprint import iam
from blueprint.planning.document import Plan, ServiceRole
from blueprint.references import resolved
from stacks.acknowledge import acknowledge, aws_managed, of_statements

PARTITION = Aws.PARTITION
"""Asked for once: each look at an attribute of the CDK is a call to another process."""
URL_SUFFIX = Aws.URL_SUFFIX
"""amazonaws.com, or amazonaws.com.cn in China."""

PARTITION_ONLY: Mapping[str, str] = {"partition": PARTITION}
"""What each stack knows of the references of a plan."""


class BlueprintStack(Stack):
    """One of the four stacks of a cluster, in the blueprint's account and region."""

    def __init__(self, scope: Construct, id: str, plan: Plan, *, stateful: bool = False) -> None:
        facts = plan.facts
        super().__init__(
            scope,
            id,
            env=Environment(account=facts.account, region=facts.region),
            description=f"EKS cluster {facts.name}: {id}",
            tags=dict(facts.tags),
            termination_protection=stateful and plan.control_plane.deletion_protection,
        )

    def export(self, *values: str) -> None:
        """Lets later stacks refer to the values, now or after a change.

        An export that came and went with what refers to it could not go: this stack is deployed first, and
        CloudFormation removes no export that another stack still imports.
        https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-exports.html
        """
        for value in values:
            self.export_value(value)


def service_role(
    scope: Construct, id: str, role: ServiceRole, references: Mapping[str, str] = PARTITION_ONLY
) -> aws_iam.CfnRole:
    """The role in IAM."""
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": {"Service": role.service},
        "Action": list(role.actions),
    }
    if role.conditions:
        statement["Condition"] = resolved(role.conditions, references)
    policies = []
    if role.statements:
        policies = [{"policyName": "permissions", "policyDocument": resolved(iam.policy(role.statements), references)}]
    made = aws_iam.CfnRole(
        scope,
        id,
        assume_role_policy_document={"Version": "2012-10-17", "Statement": [statement]},
        managed_policy_arns=managed_policies(*role.managed_policies) or None,
        policies=policies or None,
    )
    why = f"AWS states what {role.service} needs, and keeps it up to date"
    acknowledge(made, aws_managed(role.managed_policies, why) | of_statements(role.statements))
    return made


def given(**properties: Any) -> dict[str, Any] | None:
    """The properties that have a value; nothing if none has."""
    return {name: value for name, value in properties.items() if value is not None} or None


def managed_policies(*names: str) -> list[str]:
    """ARNs of AWS managed policies in whatever partition the stack is in."""
    return [f"arn:{PARTITION}:iam::aws:policy/{name}" for name in names]
