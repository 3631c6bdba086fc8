"""Whose account it is, and whether the CDK can deploy into it."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import BotoCoreError, ClientError, HTTPClientError, NoCredentialsError
from botocore.exceptions import ConnectionError as UnreachedError
from botocore.parsers import ResponseParserError

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, NotReadyError, ok, problem, warning
from tools.doctor.lookups import NOT_CREATED, caller, code_of, live_cluster, stacks

NAME = "account"

# Of the CDK's DefaultStackSynthesizer, which this app uses as it is; a test compares it with what is installed.
# https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/core/lib/stack-synthesizers/default-synthesizer.ts
QUALIFIER = "hnb659fds"
BOOTSTRAP_VERSION = 6
_PARAMETER = f"/cdk-bootstrap/{QUALIFIER}/version"


def connect(plan: Plan) -> Aws:
    """Clients for the plan's account and region. Raises NotReadyError when nothing can be checked with them."""
    facts = plan.facts
    try:
        aws = Aws(facts.region)
        found = caller(aws)
    except ClientError as error:
        message = error.response["Error"].get("Message", code_of(error))
        fix = f"sign in again, for example `aws sso login`; enable the region {facts.region} where it is opt-in"
        raise NotReadyError(
            f"AWS refuses the credentials: {message}", f"{code_of(error)}, before any check", fix
        ) from error
    except NoCredentialsError as error:
        fix = f"sign in to account {facts.account}, or set AWS_PROFILE"
        raise NotReadyError("there are no AWS credentials", "every check asks the account", fix) from error
    except (UnreachedError, HTTPClientError, ResponseParserError) as error:
        fix = f"check network, proxy and the name of the region: {facts.region}"
        raise NotReadyError(f"AWS was not reached: {error}", "every check asks the account", fix) from error
    except BotoCoreError as error:
        fix = "correct AWS_PROFILE and the AWS configuration, or sign in again"
        raise NotReadyError(
            f"the AWS credentials cannot be used: {error}", "every check asks the account", fix
        ) from error
    if found.account != facts.account:
        what = f"the credentials are of account {found.account}, {facts.name} is in {facts.account}"
        fix = f"use credentials of {facts.account}, or correct `account` in the cluster's file"
        raise NotReadyError(what, f"they are of {found.arn}", fix)
    return aws


def identity(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Who is asking."""
    yield ok(NAME, f"{caller(aws).arn} in account {plan.facts.account}")


def bootstrap(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """The version of the CDK's bootstrap stack. https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html"""
    why = f"the templates ask for version {BOOTSTRAP_VERSION} and for its roles and bucket"
    fix = f"cdk bootstrap aws://{plan.facts.account}/{plan.facts.region}"
    try:
        value = aws.ssm.get_parameter(Name=_PARAMETER)["Parameter"].get("Value", "")
    except ClientError as error:
        if code_of(error) != "ParameterNotFound":
            raise
        yield problem(NAME, "account and region are not bootstrapped for the CDK", why, fix)
        return
    if not value.isdecimal() or int(value) < BOOTSTRAP_VERSION:
        yield problem(NAME, f"the CDK's bootstrap stack has version {value!r}", why, fix)
    else:
        yield ok(NAME, f"bootstrap version {value}, of at least {BOOTSTRAP_VERSION}")


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
            fix = f"cdk rollback {full}, or deploy what mends it"
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
    group = f"/aws/eks/{name}/cluster"
    pages = aws.logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix=group)
    if any(found.get("logGroupName") == group for page in pages for found in page["logGroups"]):
        why = f"the stack {name}-cluster makes a log group of this name; a destroyed cluster leaves its own"
        fix = f"export what you need of it, then aws logs delete-log-group --log-group-name {group}"
        yield problem(NAME, f"the log group {group} exists without a cluster", why, fix)
    else:
        yield ok(NAME, f"no cluster and no log group stands in the way of {name}")
