"""What the stacks of a cluster have in common."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Aws, Environment, Stack, aws_iam
from constructs import Construct

from blueprint.plan import Plan
from stacks.acknowledge import acknowledge, aws_managed

PARTITION = Aws.PARTITION
"""Asked for once: each look at an attribute of the CDK is a call to another process."""
URL_SUFFIX = Aws.URL_SUFFIX
"""amazonaws.com, or amazonaws.com.cn in China."""


class BlueprintStack(Stack):
    """One of the four stacks of a cluster, in the blueprint's account and region."""

    def __init__(self, scope: Construct, id: str, plan: Plan, *, stateful: bool = False) -> None:
        blueprint = plan.blueprint
        super().__init__(
            scope,
            id,
            env=Environment(account=blueprint.account, region=blueprint.region),
            description=f"EKS cluster {blueprint.name}: {id}",
            tags=dict(blueprint.tags),
            termination_protection=stateful and blueprint.cluster.deletion_protection,
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
    scope: Construct,
    id: str,
    service: str,
    policies: Sequence[str],
    actions: Sequence[str] = ("sts:AssumeRole",),
    **conditions: Any,
) -> aws_iam.CfnRole:
    """A role for an AWS service with the policies that AWS made for it, given by name.

    Conditions narrow who may assume it: `StringEquals={…}`.
    """
    role = aws_iam.CfnRole(
        scope,
        id,
        assume_role_policy_document=trust(service, actions, **conditions),
        managed_policy_arns=managed_policies(*policies),
    )
    acknowledge(role, aws_managed(policies, f"AWS states what {service} needs, and keeps it up to date"))
    return role


def trust(service: str, actions: Sequence[str] = ("sts:AssumeRole",), **conditions: Any) -> dict[str, Any]:
    """A trust policy for an AWS service; it may be narrowed by conditions, given as `StringEquals={…}`."""
    statement: dict[str, Any] = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    if conditions:
        statement["Condition"] = conditions
    return {"Version": "2012-10-17", "Statement": [statement]}


def managed_policies(*names: str) -> list[str]:
    """ARNs of AWS managed policies in whatever partition the stack is in."""
    return [f"arn:{PARTITION}:iam::aws:policy/{name}" for name in names]
