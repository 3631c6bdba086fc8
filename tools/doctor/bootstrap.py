"""Whether an account and region has what `cdk bootstrap` leaves there."""

from __future__ import annotations

from collections.abc import Sequence

from botocore.exceptions import ClientError

from blueprint.bootstrap import ASSUMED, QUALIFIER, role_name
from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.lookups import caller, code_of, principal

VERSION = 6
PARAMETER = f"/cdk-bootstrap/{QUALIFIER}/version"
PURPOSES = (*ASSUMED, "cfn-exec")
"""Whose roles a deploy needs, CloudFormation's last."""


def role(plan: Plan, aws: Aws, purpose: str) -> str:
    """ARN of the role for a purpose."""
    return f"arn:{caller(aws).partition}:iam::{plan.facts.account}:role/{_role_name(plan, purpose)}"


def _role_name(plan: Plan, purpose: str) -> str:
    return role_name(purpose, plan.facts.account, plan.facts.region)


def exists(plan: Plan, aws: Aws, purpose: str) -> bool:
    """Whether the role for a purpose does."""
    return bool(principal("role", _role_name(plan, purpose), aws))


def bucket(plan: Plan) -> str:
    """Where the CDK puts templates and the code of functions."""
    return f"cdk-{QUALIFIER}-assets-{plan.facts.account}-{plan.facts.region}"


def missing(plan: Plan, aws: Aws) -> Sequence[str]:
    """Roles and bucket that do not exist."""
    roles = [f"role {_role_name(plan, purpose)}" for purpose in PURPOSES if not exists(plan, aws, purpose)]
    return roles if _has_bucket(plan, aws) else [*roles, f"bucket {bucket(plan)}"]


def _has_bucket(plan: Plan, aws: Aws) -> bool:
    try:
        aws.s3.get_bucket_versioning(Bucket=bucket(plan), ExpectedBucketOwner=plan.facts.account)
    except ClientError as error:
        if code_of(error) == "NoSuchBucket":
            return False
        raise
    return True
