"""Roles and users that a cluster names and somebody else makes: whom it lets in, a hub that reads of its deploy, and by
whom Fargate pulls images.

EKS and IAM refuse what names one that does not exist.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from blueprint.planning.document import FargateNodes, Plan
from blueprint.references import resolved
from tools.local.aws import Account


def principals(plan: Plan) -> Iterator[str]:
    """Their ARNs."""
    profiles = (each.role_arn for each in plan.compute if isinstance(each, FargateNodes) and each.role_arn)
    handed = plan.delivery.handed if plan.delivery else None
    hub = (handed.reader,) if handed else ()
    for arn in (*(entry.principal for entry in (*plan.admins, *plan.people)), *profiles, *hub):
        yield resolved(arn, {"partition": "aws"})


def welcome(account: Account, arns: Iterable[str]) -> None:
    """Makes those that are missing in the account, as if somebody had: roles for anybody in it and Fargate; users."""
    iam = account.client("iam")
    there = {role["Arn"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
    there |= {user["Arn"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]}
    trusted = {"AWS": account.account, "Service": "eks-fargate-pods.amazonaws.com"}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for arn in sorted({*arns} - there):
        owner, _, rest = arn.split(":", 4)[4].partition(":")
        kind, _, path = rest.partition("/")
        folder, _, name = f"/{path}".rpartition("/")
        if owner == account.account and kind == "user":
            iam.create_user(UserName=name, Path=f"{folder}/")
        elif owner == account.account:
            iam.create_role(RoleName=name, Path=f"{folder}/", AssumeRolePolicyDocument=trust)
