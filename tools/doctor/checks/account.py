"""Whose account it is, and whether the CDK can deploy into it."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from blueprint.contribution import LogGroup
from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.bootstrap import PARAMETER, VERSION, missing
from tools.doctor.finding import Finding, NotReadyError, ok, problem, warning
from tools.doctor.login import Login
from tools.doctor.lookups import NOT_CREATED, caller, code_of, live_cluster, stacks
from tools.doctor.refusals import failure

NAME = "account"


def connect(plan: Plan, login: Login) -> Aws:
    """Clients for the plan's account and region. Raises NotReadyError when nothing can be checked with them."""
    facts = plan.facts
    try:
        aws = Aws(facts.region, login.session(plan))
        found = caller(aws)
    except Exception as error:
        raise NotReadyError(*failure(error)) from error
    if found.account != facts.account:
        what = f"the credentials are of account {found.account}, {facts.name} is in {facts.account}"
        fix = f"use credentials of {facts.account} (--profile or --role), or correct `account` in the cluster's file"
        raise NotReadyError(what, f"they are of {found.arn}", fix)
    return aws


def identity(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Who is asking."""
    yield ok(NAME, f"{caller(aws).arn} in account {plan.facts.account}")


def bootstrap(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """What `cdk bootstrap` makes. https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
    why = f"the templates ask for version {VERSION} and for its roles and bucket"
    fix = f"cdk bootstrap aws://{plan.facts.account}/{plan.facts.region}"
    try:
        value = aws.ssm.get_parameter(Name=PARAMETER)["Parameter"].get("Value", "")
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        yield problem(NAME, "account and region are not bootstrapped for the CDK", why, fix)
        return
    if not value.isdecimal() or int(value) < VERSION:
        yield problem(NAME, f"the CDK's bootstrap stack has version {value!r}", why, fix)
    elif absent := missing(plan, aws):
        # CloudFormation makes nothing anew that somebody deleted beside it.
        again = f"aws cloudformation delete-stack --stack-name CDKToolkit --region {plan.facts.region}, then {fix}"
        yield problem(NAME, f"of the CDK's bootstrap is missing: {', '.join(absent)}", why, again)
    else:
        yield ok(NAME, f"bootstrap version {value}, of at least {VERSION}, with its roles and bucket")


def stack_states(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Whether CloudFormation takes a deploy of each stack.

    https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html (status codes)
    """
    healthy = []
    for name, stack in stacks(plan, aws).items():
        full, state = f"{plan.facts.name}-{name}", stack["StackStatus"]
        if state in ("ROLLBACK_COMPLETE", "ROLLBACK_FAILED"):
            yield _creation_failed(full, state, protected=stack.get("EnableTerminationProtection", False))
        elif state == "UPDATE_ROLLBACK_FAILED":
            fix = f"mend what blocks it, then aws cloudformation continue-update-rollback --stack-name {full}"
            yield problem(NAME, f"stack {full} is in {state}", "CloudFormation takes no update in this state", fix)
        elif state == "DELETE_FAILED":
            fix = f"delete what blocks it, then aws cloudformation delete-stack --stack-name {full}"
            yield problem(NAME, f"stack {full} is in {state}", "CloudFormation takes no update in this state", fix)
        elif state.endswith("_IN_PROGRESS") and state != "REVIEW_IN_PROGRESS":
            why = "CloudFormation does one operation on a stack at a time"
            yield problem(NAME, f"stack {full} is in {state}", why, "wait until it ends, then deploy")
        elif state in ("CREATE_FAILED", "UPDATE_FAILED", "IMPORT_ROLLBACK_FAILED"):
            # The CDK calls a stack by its path in the app, CloudFormation by its name.
            fix = f"cdk rollback '{plan.facts.name}/{name}', or deploy what mends it"
            yield warning(NAME, f"stack {full} is in {state}", "its last deploy stopped half-way", fix)
        else:
            healthy.append(f"{name} {state}")
    yield ok(NAME, f"stacks: {', '.join(healthy) or 'none yet'}")


def _creation_failed(stack: str, state: str, *, protected: bool) -> Finding:
    """The CDK CLI deletes such a stack before it deploys (lib/api/deployments/deploy-stack.ts, isCreationFailure)."""
    if not protected:
        why = "its creation failed; the CDK deletes it and starts anew, but what it retains stays"
        return warning(NAME, f"stack {stack} is in {state}", why, "read its events before the next deploy")
    why = "the CDK has to delete it before it deploys, which termination protection forbids"
    fix = (
        f"aws cloudformation update-termination-protection --no-enable-termination-protection --stack-name {stack}, "
        f"then aws cloudformation delete-stack --stack-name {stack}"
    )
    return problem(NAME, f"stack {stack} is in {state}", why, fix)


def leftovers(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """What would collide with a new cluster: one of the same name, or the log group of one that is gone."""
    name = plan.facts.name
    stack = stacks(plan, aws).get("cluster")
    created = stack is not None and stack["StackStatus"] not in NOT_CREATED
    if created:
        return
    if live_cluster(plan, aws):
        what = f"a cluster {name} exists, and the stack {name}-cluster did not make it"
        why = "the name of a cluster is unique in account and region"
        yield problem(
            NAME, what, why, f"name this one otherwise, or delete the other: aws eks delete-cluster --name {name}"
        )
        return
    pages = aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=f"/aws/eks/{name}/")
    there = {found.get("logGroupName", "") for page in pages for found in page["logGroups"]}
    for group in sorted(there & set(_log_groups(plan))):
        why = "a stack makes a log group of this name; a destroyed cluster leaves its own"
        fix = f"export what you need of it, then aws logs delete-log-group --log-group-name {group}"
        yield problem(NAME, f"the log group {group} exists without a cluster", why, fix)
    if not there & set(_log_groups(plan)):
        yield ok(NAME, f"no cluster and no log group stands in the way of {name}")


def _log_groups(plan: Plan) -> Iterator[str]:
    """Those that have a name of their own."""
    yield f"/aws/eks/{plan.facts.name}/cluster"
    for part in plan.parts:
        yield from (each.name for each in part.contribution.resources if isinstance(each, LogGroup))
