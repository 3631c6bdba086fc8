"""Roles and users that a cluster lets in and somebody else makes; EKS refuses the entry of one that does not exist."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator

from blueprint.planning.document import Plan
from blueprint.references import resolved
from tools.local.aws import Account


def principals(plan: Plan) -> Iterator[str]:
    """ARNs of all that have access entries of their own."""
    for entry in (*plan.admins, *plan.people):
        yield resolved(entry.principal, {"partition": "aws"})


def welcome(account: Account, arns: Iterable[str]) -> None:
    """Makes those that are missing in the account, as if somebody had: roles for anybody in it, and users."""
    iam = account.client("iam")
    there = {role["Arn"] for page in iam.get_paginator("list_roles").paginate() for role in page["Roles"]}
    there |= {user["Arn"] for page in iam.get_paginator("list_users").paginate() for user in page["Users"]}
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": account.account}}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    for arn in sorted({*arns} - there):
        owner, _, rest = arn.split(":", 4)[4].partition(":")
        kind, _, path = rest.partition("/")
        folder, _, name = f"/{path}".rpartition("/")
        if owner == account.account and kind == "user":
            iam.create_user(UserName=name, Path=f"{folder}/")
        elif owner == account.account:
            iam.create_role(RoleName=name, Path=f"{folder}/", AssumeRolePolicyDocument=trust)
