"""What the stacks of a cluster have in common."""

from __future__ import annotations

import string
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from aws_cdk import Aws, CfnResource, Environment, Stack, aws_iam
from constructs import Construct, IConstruct

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


def own_scope(scope: Construct, id: str, others: Iterable[str]) -> Construct:
    """Where a resource stands whose id somebody chose, beside others of the scope.

    In ids of a template the CDK leaves signs out: of a-b and ab, the later one in the alphabet stands a level deeper,
    where its id has a hash as well.
    """
    same = (other for other in others if other.translate(_SIGNS) == id.translate(_SIGNS))
    return scope if min(same, default=id) == id else Construct(scope, f"Own-{id}")


_SIGNS = str.maketrans("", "", string.punctuation)


def of_every_role(plan: Plan, boundary: str | None = None) -> dict[str, Any]:
    """Properties that roles of the cluster share: its permissions boundary, unless it has one of its own, and path."""
    name = boundary or plan.facts.boundary
    return {
        "permissions_boundary": f"arn:{PARTITION}:iam::{plan.facts.account}:policy/{name}" if name else None,
        "path": None if plan.facts.role_path == "/" else plan.facts.role_path,
    }


def limit_roles(scope: IConstruct, plan: Plan) -> None:
    """The same for roles below that the CDK makes."""
    common = {"PermissionsBoundary": "permissions_boundary", "Path": "path"}
    values = of_every_role(plan)
    for each in scope.node.find_all() if any(values.values()) else ():
        if isinstance(each, CfnResource) and each.cfn_resource_type == "AWS::IAM::Role":
            for name, value in common.items():
                if values[value]:
                    each.add_property_override(name, values[value])


def service_role(
    scope: Construct,
    id: str,
    plan: Plan,
    role: ServiceRole,
    references: Mapping[str, str] = PARTITION_ONLY,
    *,
    name: str = "",
) -> aws_iam.CfnRole:
    """The role in IAM, by a name that CloudFormation makes up when there is none."""
    trust = [
        _trust(role.service, actions, resolved(conditions, references))
        for actions, conditions in (
            (role.actions, role.conditions),
            *((each.actions, each.conditions) for each in role.also),
        )
    ]
    policies = []
    if role.statements:
        policies = [{"policyName": "permissions", "policyDocument": resolved(iam.policy(role.statements), references)}]
    made = aws_iam.CfnRole(
        scope,
        id,
        role_name=name or None,
        assume_role_policy_document={"Version": "2012-10-17", "Statement": trust},
        managed_policy_arns=managed_policies(*role.managed_policies) or None,
        policies=policies or None,
        **of_every_role(plan),
    )
    why = f"AWS states what {role.service} needs, and keeps it up to date"
    acknowledge(made, aws_managed(role.managed_policies, why) | of_statements(role.statements))
    return made


def _trust(service: str, actions: Sequence[str], conditions: Mapping[str, Any]) -> dict[str, Any]:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": list(actions)}
    return {**statement, "Condition": conditions} if conditions else statement


def given(**properties: Any) -> dict[str, Any] | None:
    """The properties that have a value; nothing if none has."""
    return {name: value for name, value in properties.items() if value is not None} or None


def managed_policies(*names: str) -> list[str]:
    """ARNs of AWS managed policies in whatever partition the stack is in."""
    return [f"arn:{PARTITION}:iam::aws:policy/{name}" for name in names]
