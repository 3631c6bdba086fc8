"""Whether the roles of the CDK may do what the stacks need, as IAM's policy simulator sees it.

The simulator knows identity policies, boundaries and service control policies, but no resource policies.
https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, NamedTuple

from blueprint.bootstrap import ASSUMED
from blueprint.planning.document import Plan
from tools.doctor import bootstrap
from tools.doctor.aws import Aws
from tools.doctor.checks.needs import needed_actions
from tools.doctor.finding import Finding, FindingStatus, ok, warning
from tools.doctor.lookups import caller

if TYPE_CHECKING:
    from types_boto3_iam.type_defs import EvaluationResultTypeDef

NAME = "permissions"


class _Denial(NamedTuple):
    """Why an action is not allowed, and who changes that."""

    why: str
    fix: str
    status: FindingStatus = "problem"


_BY_ORGANIZATION = _Denial(
    "a policy of the organization does not allow it",
    "ask whoever administers the organization to allow it to the account; no role of the account can",
)
_BY_BOUNDARY = _Denial(
    "the permissions boundary of the role does not allow it",
    "allow it in that policy, which cdk bootstrap --custom-permissions-boundary named",
)
_BY_DENY = _Denial("a policy of the role denies it", "remove the Deny from the policies of the role")
_BY_NOTHING = _Denial(
    "no policy of the role allows it", "allow it: cdk bootstrap --cloudformation-execution-policies …"
)


def execution(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """What CloudFormation's role needs. Services are simulated apart, since their resources differ."""
    needed = needed_actions(plan)
    services = sorted({action.partition(":")[0] for action in needed})
    if not bootstrap.exists(plan, aws, "cfn-exec"):
        return  # which is told elsewhere
    role = bootstrap.role(plan, aws, "cfn-exec")
    resources = {service: _resource(service, plan, aws) for service in services}

    def simulated(service: str) -> list[EvaluationResultTypeDef]:
        actions = [action for action in needed if action.partition(":")[0] == service]
        return _simulated(role, actions, resources[service], aws)

    denied: dict[_Denial, list[str]] = {}
    with ThreadPoolExecutor(max_workers=4) as pool:
        for results in pool.map(simulated, services):
            for result in results:
                if result["EvalDecision"] != "allowed":
                    denied.setdefault(_denial(result), []).append(result["EvalActionName"])
    name = role.rpartition("/")[2]
    for (why, fix, status), actions in denied.items():
        on = ", ".join(dict.fromkeys(resources[action.partition(":")[0]] for action in actions))
        yield Finding(NAME, status, f"{name} may not {', '.join(actions)}", f"{why}; the stacks need it on {on}", fix)
    if not denied:
        yield ok(NAME, f"{name} may do the {len(needed)} actions that the stacks need, on {', '.join(services)}")


def _denial(result: EvaluationResultTypeDef) -> _Denial:
    if not result.get("OrganizationsDecisionDetail", {}).get("AllowedByOrganizations", True):
        return _BY_ORGANIZATION
    if not result.get("PermissionsBoundaryDecisionDetail", {}).get("AllowedByPermissionsBoundary", True):
        return _BY_BOUNDARY
    if result["EvalDecision"] == "explicitDeny":
        return _BY_DENY
    if missing := result.get("MissingContextValues", []):
        fix = "see that the conditions of its policies hold for this cluster"
        return _Denial(f"it depends on {', '.join(sorted(missing))}", fix, "unknown")
    return _BY_NOTHING


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
    if not principal:
        return
    purposes = [each for each in ASSUMED if bootstrap.exists(plan, aws, each)]
    roles = [bootstrap.role(plan, aws, purpose) for purpose in purposes]
    results = [(role, one) for role in roles for one in _simulated(principal, ["sts:AssumeRole"], role, aws)]
    denied = {role: _denial(one) for role, one in results if one["EvalDecision"] != "allowed"}
    if denied:
        what = f"{principal} may not assume {', '.join(denied)}"
        why = "the CDK then deploys with these credentials themselves, which need all that the roles may"
        (cause, *_) = denied.values()
        fix = cause.fix if cause is not _BY_NOTHING else f"allow sts:AssumeRole on {', '.join(denied)}"
        yield warning(NAME, what, f"{cause.why}; {why}", fix)
    elif roles:
        yield ok(NAME, f"{principal} may assume the CDK's roles")


def _principal(aws: Aws) -> str:
    """Role or user behind the caller's session: the ARN of a session has no path. Empty for the root user."""
    arn = caller(aws).arn
    kind, _, name = arn.rpartition(":")[2].partition("/")
    if kind == "assumed-role":
        return aws.iam.get_role(RoleName=name.partition("/")[0])["Role"]["Arn"]
    return arn if kind == "user" else ""
