"""Roles, users and policies that the blueprint names and that it does not make: people, boundaries, AWS's own roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from botocore.exceptions import ClientError

from blueprint.contribution import NodeRole, ServiceLinkedRole
from blueprint.planning.document import FargateNodes, Plan
from blueprint.references import resolved
from tools.doctor import bootstrap
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import caller, code_of, listed, principal, role_of

NAME = "identities"
_SSO_PATH = "/aws-reserved/sso.amazonaws.com/"


def people(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Administrators and members of teams. EKS looks principals up when it makes their access entries.

    https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
    """
    names = {"partition": caller(aws).partition}
    fine = []
    for entry in (*plan.admins, *plan.people):
        arn = resolved(entry.principal, names)
        if arn.split(":")[4] != plan.facts.account:
            what = f"{arn} is in another account, so nobody looked whether it exists"
            why = "an access entry of a principal that does not exist fails or lets nobody in"
            yield warning(NAME, what, why, f"aws iam get-role in account {arn.split(':')[4]}")
            continue
        kind, _, path = arn.rpartition(":")[2].partition("/")
        there = principal(kind, path.rpartition("/")[2], aws)
        if there == arn:
            fine.append(path)
        else:
            yield _principal(arn, there, aws)
    if fine:
        yield ok(NAME, f"principals that exist: {', '.join(fine)}")


def _principal(arn: str, there: str, aws: Aws) -> Finding:
    why = "EKS refuses the access entry, and the stack fails"
    if there:
        return problem(NAME, f"{arn} does not exist, {there} does", why, "write its path and name in the blueprint")
    name = arn.rpartition("/")[2]
    fix = "make it, or correct the name in the blueprint"
    if name.startswith("AWSReservedSSO_"):
        permission_set = name.removeprefix("AWSReservedSSO_").rpartition("_")[0]
        others = [other for other in _of_identity_center(aws) if f"/AWSReservedSSO_{permission_set}_" in other]
        fix = f"write the suffix of {others[0]}" if others else f"assign the permission set {permission_set} here"
    return problem(NAME, f"{arn} does not exist", why, fix)


def _of_identity_center(aws: Aws) -> list[str]:
    """https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html"""

    def ask() -> list[str]:
        pages = aws.iam.get_paginator("list_roles").paginate(PathPrefix=_SSO_PATH)
        return [role["Arn"] for page in pages for role in page["Roles"]]

    return aws.once("roles of Identity Center", ask)


def boundaries(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Permissions boundaries of the cluster's roles and of teams."""
    named = {grant.boundary for part in plan.parts for grant in part.contribution.grants if grant.boundary}
    names = sorted({*named, plan.facts.boundary} - {""})
    absent = [name for name in names if not _policy(f"{plan.facts.account}:policy/{name}", aws)]
    if absent:
        what = f"the account has no policy {', '.join(absent)}, the permissions boundary of roles"
        yield problem(
            NAME, what, "IAM refuses roles with it, and the stacks that make them fail", "make it, or correct the name"
        )
    if fine := [name for name in names if name not in absent]:
        yield ok(NAME, f"permissions boundaries that exist: {', '.join(fine)}")


class _Given(NamedTuple):
    """A role of the account that is there already."""

    arn: str
    service: str
    """Who takes it on."""
    actions: tuple[str, ...]
    policies: tuple[str, ...] = ()
    """Of AWS, without which it would be of no use."""


def given_roles(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Of the control plane and of Fargate profiles: who may take them on, and what they may do.

    https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html , pod-execution-role.html
    """
    partition = {"partition": caller(aws).partition}
    for given in dict.fromkeys(_given(plan)):
        arn = resolved(given.arn, partition)
        name = arn.rpartition("/")[2]
        role = role_of(name, aws)
        if not role or role["Arn"] != arn:
            yield problem(NAME, f"{arn} does not exist", "EKS refuses it", "make it, or correct the name")
            continue
        document: Any = role["AssumeRolePolicyDocument"]
        trusted, lacking = _trusts(document, given), _lacking(name, given.policies, aws)
        if not trusted:
            what = f"{arn} does not let {given.service} do {' and '.join(given.actions)}"
            yield problem(NAME, what, "EKS refuses it", "let it in by the role's trust policy")
        if lacking:
            what = f"{arn} lacks {', '.join(lacking)}"
            yield problem(NAME, what, "EKS cannot do all that a cluster asks of it", "attach them to the role")
        if trusted and not lacking:
            yield ok(NAME, f"{name} is there, for {given.service}")


def _given(plan: Plan) -> Iterator[_Given]:
    model = plan.control_plane
    if model.role_arn:
        yield _Given(model.role_arn, model.role.service, model.role.actions, model.role.managed_policies)
    for each in plan.compute:
        if isinstance(each, FargateNodes) and each.role_arn:
            yield _Given(each.role_arn, "eks-fargate-pods.amazonaws.com", ("sts:AssumeRole",))


def _trusts(document: Mapping[str, Any], given: _Given) -> bool:
    """Whether one statement lets the service do all of this; conditions are the owner's."""
    for statement in listed(document.get("Statement")):
        who = statement.get("Principal") or {}
        services = listed(who.get("Service")) if isinstance(who, Mapping) else []
        allowed = {*listed(statement.get("Action"))}
        enough = allowed & {"*", "sts:*"} or {*given.actions} <= allowed
        if statement.get("Effect") == "Allow" and given.service in services and enough:
            return True
    return False


def _lacking(role: str, policies: Sequence[str], aws: Aws) -> list[str]:
    pages = aws.iam.get_paginator("list_attached_role_policies").paginate(RoleName=role)
    attached = {policy["PolicyName"] for page in pages for policy in page["AttachedPolicies"]}
    return [name for name in policies if name.rpartition("/")[2] not in attached]


def managed_policies(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """AWS's own policies for the roles of the plan; not every partition has all of them."""
    names = sorted(set(_managed_policies(plan)))
    absent = [name for name in names if not _policy(f"aws:policy/{name}", aws)]
    if absent:
        what = f"the partition {caller(aws).partition} has no AWS managed policy {', '.join(absent)}"
        yield problem(NAME, what, "IAM refuses roles with it", "the blueprint cannot be deployed in this partition")
    else:
        yield ok(NAME, f"{len(names)} AWS managed policies exist")


def _managed_policies(plan: Plan) -> Iterator[str]:
    roles = [plan.control_plane.role, *plan.node_roles.values()]
    roles += [each.role for each in plan.compute if isinstance(each, FargateNodes) and each.role]
    roles += [each.role for each in plan.control_plane.hybrid]
    if plan.control_plane.auto_mode:
        roles += plan.control_plane.auto_mode.roles
    for role in roles:
        yield from role.managed_policies
    for part in plan.parts:
        for grant in part.contribution.every_grant:
            yield from grant.managed_policies
        for made in part.contribution.resources:
            if isinstance(made, NodeRole):
                yield from made.managed_policies


def _policy(rest: str, aws: Aws) -> bool:
    """Whether there is a policy, by its ARN behind `iam::`."""
    try:
        return bool(aws.iam.get_policy(PolicyArn=f"arn:{caller(aws).partition}:iam::{rest}")["Policy"])
    except ClientError as error:
        if code_of(error) != "NoSuchEntity":
            raise
        return False


def service_linked_roles(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """They are there, or CloudFormation's role may have them made."""
    absent = [role for role in plan.service_linked_roles if not principal("role", role.name, aws)]
    if fine := [role.name for role in plan.service_linked_roles if role not in absent]:
        yield ok(NAME, f"service-linked roles: {', '.join(fine)}")
    yield from _missing([role for role in absent if not role.by_itself], "nobody makes it by itself")
    by_itself = [role for role in absent if role.by_itself]
    if not bootstrap.exists(plan, aws, "cfn-exec"):
        return  # which is told elsewhere
    may = [role for role in by_itself if _may_be_made(role, plan, aws)]
    if may:
        yield ok(NAME, f"{', '.join(role.name for role in may)}: missing; a deploy makes it")
    barred = [role for role in by_itself if role not in may]
    yield from _missing(barred, "the role of CloudFormation may not make it: iam:CreateServiceLinkedRole")


def _missing(roles: Sequence[ServiceLinkedRole], why: str) -> Iterator[Finding]:
    """https://docs.aws.amazon.com/eks/latest/userguide/using-service-linked-roles.html"""
    if roles:
        names = ", ".join(role.name for role in roles)
        commands = [f"aws iam create-service-linked-role --aws-service-name {role.service}" for role in roles]
        what = f"the account lacks the service-linked role {names}"
        yield problem(NAME, what, f"{why}; what needs it fails", " && ".join(commands))


def _may_be_made(role: ServiceLinkedRole, plan: Plan, aws: Aws) -> bool:
    arn = f"arn:{caller(aws).partition}:iam::{plan.facts.account}:role/aws-service-role/{role.service}/{role.name}"
    answer = aws.iam.simulate_principal_policy(
        PolicySourceArn=bootstrap.role(plan, aws, "cfn-exec"),
        ActionNames=["iam:CreateServiceLinkedRole"],
        ResourceArns=[arn],
        ContextEntries=[
            {"ContextKeyName": "iam:AWSServiceName", "ContextKeyValues": [role.service], "ContextKeyType": "string"}
        ],
    )
    return all(result["EvalDecision"] == "allowed" for result in answer["EvaluationResults"])
