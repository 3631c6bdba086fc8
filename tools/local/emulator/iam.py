"""What a role may do: the evaluation of the emulator's IAM, over the documents of all its policies."""

from __future__ import annotations

import json

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam as service

from tools.local.emulator.managed_policies import ACTIONS


def install() -> None:
    """Adds the AWS managed policies that the emulator lacks, so that none of them is taken for empty."""
    for name, actions in ACTIONS.items():
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        record = service._make_aws_managed_record(name, document)
        service._aws_managed_policies[record["Arn"]] = record


def allows(role_arn: str, action: str) -> bool:
    """Whether a role may call an action on any resource."""
    account = get_account_id()
    policies = iam_evaluator._gather_role_policies(name_of(role_arn), account)
    context = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn="*",
        region=get_region(),
    )
    return bool(iam_evaluator.evaluate(context, policies).decision == "Allow")


def name_of(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]
