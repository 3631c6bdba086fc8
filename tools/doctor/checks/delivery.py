"""Whether what delivers the fleet gets into an account: by roles of its own, or by those of `cdk bootstrap`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.bootstrap import ASSUMED, role_name
from blueprint.code_pipeline import CodePipeline
from blueprint.pipelines import CHECK_ROLE, DRIFT_ROLE, deploy_role
from blueprint.planning.code_pipeline import LOOKUP
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan
from blueprint.planning.pipeline_roles import AccountRoles, PipelineRole, account_roles
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem
from tools.doctor.lookups import listed, role_of
from tools.doctor.runner import Check

NAME = "delivery"
_ASSUMES = "sts:AssumeRoleWithWebIdentity"
_PRINCIPAL = re.compile(r"(?:arn:[a-z-]+:iam::)?(\d{12})(?::root)?")
"""IAM keeps the number of an account as the ARN of its root."""


def delivery(fleet: FleetPlan) -> tuple[Check, ...]:
    """The checks of a fleet."""
    # Whom roles trust is compared here, and not what they may do.
    accounts = {each.account: each for each in account_roles(fleet, looking=(), reading=())}

    def roles(plan: Plan, aws: Aws) -> Iterator[Finding]:
        if fleet.pipelines:
            yield from _roles(plan, accounts[plan.facts.account], aws)

    def trust(plan: Plan, aws: Aws) -> Iterator[Finding]:
        if fleet.code_pipeline:
            yield from _trust(plan, fleet.code_pipeline, aws)

    return Check(NAME, roles), Check(NAME, trust)


def _roles(plan: Plan, account: AccountRoles, aws: Aws) -> Iterator[Finding]:
    """Those that a job for this cluster takes on, and the providers of tokens."""
    names = (CHECK_ROLE, DRIFT_ROLE, deploy_role(plan.facts.name))
    expected = [role for role in account.roles if role.name in names]
    found = {role.name: role_of(role.name, aws) for role in expected}
    fix = f"make roles, then cdk deploy --app roles 'roles/{account.account}'"
    answer = aws.iam.list_open_id_connect_providers()
    there = {each["Arn"].partition(":oidc-provider/")[2] for each in answer["OpenIDConnectProviderList"]}
    issuers = dict.fromkeys(issuer for role in expected for issuer, _ in role.trusted)
    for issuer in issuers:
        if issuer not in account.providers and issuer not in there:
            why = f"no token of {issuer} lets a job in"
            what = f"the account has no OIDC provider {issuer}"
            yield problem(NAME, what, why, "make it, or write makes_provider=True")
        elif issuer in account.providers and issuer in there and not any(found.values()):
            why = "an account has one of an issuer, so that the stack of the roles fails"
            yield problem(NAME, f"the account has an OIDC provider {issuer} already", why, "write makes_provider=False")
    if missing := [name for name, role in found.items() if not role]:
        yield problem(NAME, f"the account has no role {', '.join(missing)}", "jobs of the pipeline cannot begin", fix)
    wrong = [why for role in expected if (given := found[role.name]) for why in _differences(role, given)]
    for what in wrong:
        yield problem(NAME, what, "clusters/fleet.py says otherwise", fix)
    if not missing and not wrong:
        yield ok(NAME, f"roles of pipelines: {', '.join(found)}")


def _differences(role: PipelineRole, given: Mapping[str, Any]) -> Iterator[str]:
    """Whom it lets in, and for how long."""
    document = given["AssumeRolePolicyDocument"]
    for issuer, claims in role.trusted:
        condition = {"StringEquals": {f"{issuer}:{claim}": value for claim, value in claims.items()}}
        if not any(_lets_in(statement, issuer, condition) for statement in listed(document.get("Statement"))):
            yield f"{role.name} does not let in the tokens of {issuer} with sub {claims['sub']}"
    if given.get("MaxSessionDuration", 3600) < 60 * role.session_minutes:
        yield f"{role.name} lasts {given.get('MaxSessionDuration', 3600) // 60} minutes, not {role.session_minutes}"


def _lets_in(statement: Mapping[str, Any], issuer: str, condition: Mapping[str, Any]) -> bool:
    who = statement.get("Principal")
    federated = listed(who.get("Federated")) if isinstance(who, Mapping) else []
    return (
        statement.get("Effect") == "Allow"
        and _ASSUMES in listed(statement.get("Action"))
        and any(arn.endswith(f":oidc-provider/{issuer}") for arn in federated)
        and statement.get("Condition") == condition
    )


def _trust(plan: Plan, pipeline: CodePipeline, aws: Aws) -> Iterator[Finding]:
    """Whether the roles that the pipeline of another account takes on let this account in.

    https://github.com/aws/aws-cdk-cli/blob/main/packages/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml
    """
    facts = plan.facts
    if facts.account == pipeline.account:
        return  # an account trusts itself
    names = [role_name(purpose, facts.account, facts.region) for purpose in (*ASSUMED, LOOKUP)]
    closed = [name for name in names if pipeline.account not in _trusted(role_of(name, aws))]
    if closed:
        what = f"account {pipeline.account}, which has the pipeline, is not trusted by {', '.join(closed)}"
        place = f"aws://{facts.account}/{facts.region}"
        fix = f"run what make code-pipeline prints: cdk bootstrap --trust {pipeline.account} … {place}"
        yield problem(NAME, what, "the pipeline can neither look at the account nor deploy into it", fix)
    else:
        yield ok(NAME, f"account {pipeline.account}, which has the pipeline, is trusted")


def _trusted(role: Mapping[str, Any] | None) -> set[str]:
    """Accounts."""
    found = set()
    for statement in listed(role["AssumeRolePolicyDocument"].get("Statement")) if role else ():
        who = statement.get("Principal")
        assumes = statement.get("Effect") == "Allow" and "sts:AssumeRole" in listed(statement.get("Action"))
        if assumes and isinstance(who, Mapping):
            found |= {match[1] for arn in listed(who.get("AWS")) if (match := _PRINCIPAL.fullmatch(arn))}
    return found
