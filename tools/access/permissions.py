"""What policies say, taken apart so that two revisions can be compared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from tools.access.roles import id_of, owners
from tools.arns import ClusterPlace
from tools.assembly import Stack, Template, text

BOUNDARY = "Boundary"
"""Stands for the effect of a permissions boundary, which allows nothing by itself."""


class IamPermission(NamedTuple):
    """One action on one resource: what a statement consists of, so that statements can be compared."""

    holder: str
    """Whose role it is, or the resource that a policy belongs to."""
    effect: str
    principal: str
    """Of a trust policy and of a resource's policy."""
    action: str
    resource: str
    conditions: tuple[str, ...]


def listed(value: Any) -> list[Any]:
    """IAM takes one value or several."""
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else [value]


def permissions(stacks: Iterable[Stack], where: ClusterPlace) -> set[IamPermission]:
    """All that the roles and resources of a cluster state."""
    return {found for stack in stacks for found in _of_stack(stack, where)}


def _of_stack(stack: Stack, where: ClusterPlace) -> Iterator[IamPermission]:
    whose = owners(stack)
    for id, resource in stack.resources.items():
        properties: Template = resource.get("Properties", {})
        holder = whose.get(id) or stack.paths.get(id, id)
        match resource["Type"]:
            case "AWS::IAM::Role":
                yield from _of_role(holder, properties, where)
            case "AWS::IAM::Policy" | "AWS::IAM::ManagedPolicy":
                for role in map(id_of, properties.get("Roles", ())):
                    who = whose.get(role) or stack.paths.get(role, role)
                    yield from _statements(who, properties["PolicyDocument"], where)
            case "AWS::SQS::QueuePolicy":
                yield from _statements(f"queue {holder}", properties["PolicyDocument"], where)
            case "AWS::KMS::Key":
                yield from _statements(f"key {stack.name}/{holder}", properties["KeyPolicy"], where)


def _of_role(holder: str, role: Template, where: ClusterPlace) -> Iterator[IamPermission]:
    yield from _statements(holder, role["AssumeRolePolicyDocument"], where)
    for policy in role.get("Policies", ()):
        yield from _statements(holder, policy["PolicyDocument"], where)
    for arn in role.get("ManagedPolicyArns", ()):
        yield IamPermission(holder, "Allow", "", _policy(arn, where), "", ())
    if boundary := role.get("PermissionsBoundary"):
        yield IamPermission(holder, BOUNDARY, "", _policy(boundary, where), "", ())


def _statements(holder: str, document: Any, where: ClusterPlace) -> Iterator[IamPermission]:
    document = _parsed(document)
    for statement in listed(document.get("Statement", ())):
        conditions = tuple(_conditions(statement.get("Condition", {}), where))
        principals = list(_principals(statement, where)) or [""]
        resources = [where.short(text(each)) for each in listed(statement.get("Resource", ()))]
        if "NotResource" in statement:
            resources = [_all_but(statement["NotResource"], where)]
        actions = [text(each) for each in listed(statement.get("Action", ()))]
        if "NotAction" in statement:
            actions = [_all_but(statement["NotAction"], where)]
        for principal in principals:
            for action in actions:
                for resource in resources or [""]:
                    yield IamPermission(holder, statement["Effect"], principal, action, resource, conditions)


def _all_but(values: Any, where: ClusterPlace) -> str:
    return f"all but {', '.join(where.short(text(each)) for each in listed(values))}"


def _parsed(document: Any) -> Mapping[str, Any]:
    """The document; a text where its keys hold what CloudFormation puts there."""
    if isinstance(document, Mapping) and set(document) == {"Fn::Sub"}:
        arguments = document["Fn::Sub"]
        words, values = arguments if isinstance(arguments, list) else (arguments, {})
        for name, value in values.items():
            words = words.replace(f"${{{name}}}", text(value).replace('"', "'"))
        document = json.loads(words)
    return document if isinstance(document, Mapping) else json.loads(text(document))


def _principals(statement: Mapping[str, Any], where: ClusterPlace) -> Iterator[str]:
    for key in ("Principal", "NotPrincipal"):
        if key not in statement:
            continue
        value = statement[key]
        each = [item for group in value.values() for item in listed(group)] if isinstance(value, Mapping) else [value]
        names = [where.short(text(item)) for item in each]
        yield from names if key == "Principal" else (f"anybody but {', '.join(names)}",)


def _conditions(conditions: Mapping[str, Mapping[str, Any]], where: ClusterPlace) -> Iterator[str]:
    for operator, keys in sorted(conditions.items()):
        for key, values in sorted(keys.items()):
            wanted = sorted(_value(where, each) for each in listed(values))
            yield f"{operator} {where.short(key)}: {' or '.join(wanted)}"


def _value(where: ClusterPlace, value: Any) -> str:
    said = where.short(text(value))
    own = {where.account: "<account>", where.region: "<region>", where.cluster: "<cluster>"}
    return {**own, "${AWS::AccountId}": "<account>", "${AWS::Region}": "<region>"}.get(said, said)


def _policy(arn: Any, where: ClusterPlace) -> str:
    """`the policy AmazonEKS_CNI_Policy of AWS`; one that a condition adds is so named."""
    if isinstance(arn, Mapping) and "Fn::If" in arn:
        _, then, _ = arn["Fn::If"]
        return f"{_policy(then, where)}, in some regions"
    short = where.short(text(arn))
    found = re.fullmatch(r"(?:arn:[^:]*:)?iam::aws:policy/(.+)", short)
    return f"the policy {found[1]} of AWS" if found else f"the policy {short}"
