"""What a role may do, and who may use what has a policy of its own, by the evaluation of the emulator's IAM."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.services import iam as service

from tools.local.emulator import refusals
from tools.local.emulator.managed_policies import ACTIONS


def install() -> None:
    """Adds the AWS managed policies that the emulator lacks, so that none of them is taken for empty."""
    for name, actions in ACTIONS.items():
        statement = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        record = service._make_aws_managed_record(name, document)
        service._aws_managed_policies[record["Arn"]] = record


def allows(role_arn: str, action: str, resource: str = "*") -> bool:
    """Whether a role may call an action, on any resource if none is named."""
    policies = iam_evaluator._gather_role_policies(name_of(role_arn), get_account_id())
    return bool(iam_evaluator.evaluate(_request(role_arn, action, resource, {}), policies).decision == "Allow")


def lets(policy: str, principal: str, actions: Iterable[str], keys: Mapping[str, str]) -> bool:
    """Whether the policy of a key, or the trust policy of a role, lets an AWS service do all of the actions.

    `keys` are those of the request that conditions may ask for.
    """
    requests = (_request("", action, "*", keys) for action in actions)
    decided = (iam_evaluator.evaluate_resource_policy(policy, request, principal) for request in requests)
    return all(result.decision == "Allow" for result in decided)


def assumable(role_arn: str, principal: str, keys: Mapping[str, str], *more: str) -> bool:
    """Whether an AWS service may assume a role, and do more with the session."""
    role = find(role_arn)
    given = {"aws:SourceAccount": get_account_id(), **keys}
    return role is not None and lets(role["AssumeRolePolicyDocument"], principal, ("sts:AssumeRole", *more), given)


def exists(arn: str) -> bool:
    """Whether a principal is there, as far as it can be known: nobody sees into other accounts."""
    if not arn.startswith("arn:"):
        return True  # anybody, or a whole account
    owner, _, rest = arn.split(":", 4)[4].partition(":")
    kind, _, path = rest.partition("/")
    name = path.rpartition("/")[2]
    if owner != get_account_id() or kind not in ("role", "user"):
        return True
    known = (service._roles if kind == "role" else service._users).get(name)
    return known is not None and known["Arn"].split(":", 4)[4] == f"{owner}:{rest}"


def with_principals(kind: str, handler: Callable[..., Any], position: int) -> Callable[..., Any]:
    """Refuses policies of principals that are not there; `position` is where a handler takes the properties."""
    name, refused = refusals.POLICIES_OF_PRINCIPALS[kind]

    def handled(*arguments: Any) -> Any:
        missing = [each for each in refusals.principals(arguments[position].get(name)) if not exists(each)]
        if missing:
            raise ValueError(refused.format(missing[0]))
        return handler(*arguments)

    return handled


def _request(principal: str, action: str, resource: str, keys: Mapping[str, str]) -> Any:
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AssumedRole",
        principal_account=get_account_id(),
        action=action,
        resource_arn=resource,
        region=get_region(),
        service_context={key.lower(): value for key, value in keys.items()},
    )


def find(role_arn: str) -> dict[str, Any] | None:
    """The record of a role."""
    role: dict[str, Any] | None = service._roles.get(name_of(role_arn))
    return role


def name_of(role_arn: str) -> str:
    return role_arn.rpartition("/")[2]
