"""Whether the roles of the CDK may do what the stacks need, as IAM's policy simulator sees it.

The simulator knows identity policies, boundaries and service control policies, but no resource policies.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.account import QUALIFIER
from tools.doctor.checks.needs import needed_actions
from tools.doctor.finding import Finding, ok, problem, unknown, warning
from tools.doctor.lookups import caller, code_of
from tools.doctor.runner import Check

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import EvaluationResultTypeDef

NAME = "permissions"


def cdk_role(plan: Plan, aws: Aws, purpose: str) -> str:
    """ARN of a role of the CDK's bootstrap stack: deploy, cfn-exec, file-publishing."""
    facts = plan.facts
    name = f"cdk-{QUALIFIER}-{purpose}-role-{facts.account}-{facts.region}"
    return f"arn:{caller(aws).partition}:iam::{facts.account}:role/{name}"


def execution(service: str, plan: Plan, aws: Aws) -> Iterator[Finding]:
    """What CloudFormation's role needs of one service. Services are simulated apart, since their resources differ."""
    actions = [action for action in needed_actions(plan) if action.partition(":")[0] == service]
    if not actions:
        return
    role, resource = cdk_role(plan, aws, "cfn-exec"), _resource(service, plan, aws)
    try:
        results = _simulated(role, actions, resource, aws)
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        fix = f"cdk bootstrap aws://{plan.facts.account}/{plan.facts.region}"
        yield problem(NAME, f"the role {role} does not exist", "CloudFormation deploys with it", fix)
        return
    denied = {result["EvalActionName"]: result for result in results if result["EvalDecision"] != "allowed"}
    for cause, names in _by_cause(denied).items():
        what = f"{role.rpartition('/')[2]} may not {', '.join(names)}"
        why = f"{cause}; the stacks need it on {resource}"
        if cause.startswith("it depends"):
            yield unknown(NAME, what, why, "see that the conditions of its policies hold for this cluster")
        else:
            fix = "allow it: cdk bootstrap --cloudformation-execution-policies …"
            yield problem(NAME, what, why, fix)
    if not denied:
        yield ok(NAME, f"{role.rpartition('/')[2]} may do the {len(actions)} actions on {service} that the stacks need")


def _by_cause(denied: dict[str, EvaluationResultTypeDef]) -> dict[str, list[str]]:
    causes: dict[str, list[str]] = {}
    for action, result in denied.items():
        if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
            cause = "a service control policy of the organization denies it"
        elif not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
            cause = "the permissions boundary of the role does not allow it"
        elif result["EvalDecision"] == "explicitDeny":
            cause = "a policy of the role denies it"
        elif missing := result.get("MissingContextValues", []):
            cause = f"it depends on {', '.join(sorted(missing))}"
        else:
            cause = "no policy of the role allows it"
        causes.setdefault(cause, []).append(action)
    return causes


def _resource(service: str, plan: Plan, aws: Aws) -> str:
    """A resource as the stacks make it, for policies that name some; CloudFormation puts the stack's name in front."""
    facts, partition = plan.facts, caller(aws).partition
    stack, here = f"{facts.name}-cluster", f"{facts.region}:{facts.account}"
    named = {
        "eks": f"eks:{here}:cluster/{facts.name}",
        "events": f"events:{here}:rule/{facts.name}-addons-Rule",
        "iam": f"iam::{facts.account}:role/{stack}-Role",
        "lambda": f"lambda:{here}:function:{stack}-Handler",
        "logs": f"logs:{here}:log-group:/aws/eks/{facts.name}/cluster",
        "sqs": f"sqs:{here}:{facts.name}-addons-Queue",
    }
    return f"arn:{partition}:{named[service]}" if service in named else "*"


def _simulated(principal: str, actions: Sequence[str], resource: str, aws: Aws) -> list[EvaluationResultTypeDef]:
    pages = aws.iam.get_paginator("simulate_principal_policy").paginate(
        PolicySourceArn=principal, ActionNames=actions, ResourceArns=[resource]
    )
    return [result for page in pages for result in page["EvaluationResults"]]


def assumption(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether the caller may take on the roles that `cdk deploy` uses; whom they trust is not simulated."""
    principal = _principal(aws)
    roles = [cdk_role(plan, aws, purpose) for purpose in ("deploy", "file-publishing")]
    results = [one for role in roles if principal for one in _simulated(principal, ["sts:AssumeRole"], role, aws)]
    denied = [result.get("EvalResourceName", "") for result in results if result["EvalDecision"] != "allowed"]
    if denied:
        what = f"{principal} may not assume {', '.join(denied)}"
        why = "the CDK then deploys with these credentials themselves, which need all that the roles may"
        yield warning(NAME, what, why, f"allow sts:AssumeRole on {', '.join(denied)}")
    elif principal:
        yield ok(NAME, f"{principal} may assume the CDK's roles")


def _principal(aws: Aws) -> str:
    """Role or user behind the caller's session: the ARN of a session has no path. Empty for the root user."""
    arn = caller(aws).arn
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        return aws.iam.get_role(RoleName=name.partition("/")[0])["Role"]["Arn"]
    return arn if kind == "user" else ""


SERVICES = ("autoscaling", "ec2", "eks", "events", "iam", "kms", "lambda", "logs", "sqs")
EXECUTION = tuple(Check(NAME, partial(execution, service)) for service in SERVICES)
