"""Exceptions from the rules that judge the templates, each stated where its cause is, with the reason."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct

from blueprint.contribution import Grant
from blueprint.iam import Statement
from stacks.judging import judged

NAG = "AwsSolutions::AwsSolutions-"
NIST = "NIST.800.53.R5::NIST.800.53.R5-"
ENGINE = "CloudFormation-Validate::"
"""The CDK's own rules, and those of `stacks/rules`."""


def acknowledge(construct: IConstruct, reasons: Mapping[str, str], *, always: bool = False) -> None:
    """Accepts findings on a construct and all below it: rule id to reason.

    `always` is for what the CDK's own engine finds: of CDK_VALIDATION it knows what a process said at its first synth.
    """
    if reasons and (always or judged()):
        Validations.of(construct).acknowledge(*(Acknowledgment(id=id, reason=why) for id, why in reasons.items()))


def aws_managed(names: Iterable[str], why: str) -> dict[str, str]:
    """The policies are AWS's own."""
    return {f"{NAG}IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/{name}]": why for name in names}


def of_grant(grant: Grant) -> dict[str, str]:
    """Its statements, and the policies that are AWS's own."""
    managed = aws_managed(grant.managed_policies, "AWS keeps it in step with the add-on that it is made for")
    return of_statements(grant.statements) | managed


def of_statements(statements: Sequence[Statement]) -> dict[str, str]:
    """Resources with a wildcard, each with the reason or the conditions of its statement."""
    reasons = {}
    if statements:
        reasons[f"{NIST}IAMNoInlinePolicy"] = "the policy belongs to this one role and goes with it"
    for statement in statements:
        why = statement.reason or _conditions(statement)
        for resource in statement.resources:
            if "*" in resource and why:
                shown = resource.replace("${blueprint:partition}", "<AWS::Partition>")
                reasons[f"{NAG}IAM5[Resource::{shown}]"] = why
        for action in statement.actions:
            if "*" in action and why:
                reasons[f"{NAG}IAM5[Action::{action}]"] = why
    return reasons


def _conditions(statement: Statement) -> str:
    keys = sorted(key for conditions in statement.conditions.values() for key in conditions)
    return f"narrowed by {', '.join(keys)}" if keys else ""
