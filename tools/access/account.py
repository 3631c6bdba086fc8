"""Who may do what through the account that a cluster is in, worked out from its templates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tools.access.permissions import IamPermission, permissions
from tools.access.roles import id_of
from tools.arns import ClusterPlace
from tools.assembly import Stack, Template, text


class Assumption(NamedTuple):
    """Somebody who may assume a role of the cluster."""

    role: str
    """Whose role it is, or its construct."""
    who: str
    conditions: tuple[str, ...]


class KeyUse(NamedTuple):
    """What a key's own policy allows somebody."""

    key: str
    who: str
    actions: tuple[str, ...]
    conditions: tuple[str, ...]


class Administration(NamedTuple):
    """A way in AWS by which somebody becomes administrator of the cluster without an access entry of their own."""

    by: str
    """What somebody must be allowed to use: an action, and on what."""
    because: str


class AccountAccess(NamedTuple):
    """All of one cluster."""

    roles: tuple[Assumption, ...]
    keys: tuple[KeyUse, ...]
    administration: tuple[Administration, ...]


NOTHING = AccountAccess((), (), ())
"""Where nobody synthesized the cluster."""


def account_access(stacks: Sequence[Stack]) -> AccountAccess:
    """What trust and key policies, functions and the deploy say, in the templates of a cluster."""
    place = ClusterPlace(stacks[0].cluster, stacks[0].account, stacks[0].region)
    stated = sorted(permissions(stacks, place))
    assumptions: dict[Assumption, None] = {}
    keys: dict[tuple[str, str, tuple[str, ...]], list[str]] = {}
    for each in stated:
        if each.principal and each.action.startswith("sts:AssumeRole"):
            assumptions[Assumption(each.holder, each.principal, each.conditions)] = None
        elif each.holder.startswith("key "):
            keys.setdefault((each.holder.removeprefix("key "), each.principal, each.conditions), []).append(each.action)
    return AccountAccess(
        tuple(assumptions),
        tuple(KeyUse(key, who, tuple(actions), conditions) for (key, who, conditions), actions in keys.items()),
        tuple(dict.fromkeys((*_by_functions(stacks, stated), *_by_deploys(stacks, place)))),
    )


def _by_functions(stacks: Sequence[Stack], stated: Sequence[IamPermission]) -> Iterator[Administration]:
    """Functions whose role administers the cluster, and functions that call these."""
    for stack in stacks:
        administrators = {id_of(entry["Properties"]["PrincipalArn"]) for entry in _administrators(stack)} - {""}
        for id, function in stack.of_type("AWS::Lambda::Function").items():
            if id_of(function["Properties"]["Role"]) not in administrators:
                continue
            path = stack.paths.get(id, id)
            because = "it runs kubectl and helm as the installer, on what it is given"
            yield Administration(f"lambda:InvokeFunction on {path}", because)
            yield Administration(f"lambda:UpdateFunctionCode on {path}", "its code runs as the installer")
            callers = (
                each.holder
                for each in stated
                if each.action == "lambda:InvokeFunction" and each.resource.startswith(f"${{{id}.")
            )
            for caller in callers:
                yield Administration(f"lambda:InvokeFunction on {caller.removeprefix('function ')}", f"it calls {path}")


def _by_deploys(stacks: Sequence[Stack], place: ClusterPlace) -> Iterator[Administration]:
    for stack in stacks:
        if stack.deploy_role:
            because = "it has CloudFormation deploy any template"
            yield Administration(f"sts:AssumeRole on {place.short(stack.deploy_role)}", because)
        if stack.execution_role:
            because = "it makes what a template says, access entries too"
            yield Administration(f"iam:PassRole on {place.short(stack.execution_role)}", because)


def _administrators(stack: Stack) -> Iterator[Template]:
    for entry in stack.of_type("AWS::EKS::AccessEntry").values():
        policies = entry["Properties"].get("AccessPolicies", ())
        if any(text(policy["PolicyArn"]).endswith("/AmazonEKSClusterAdminPolicy") for policy in policies):
            yield entry
