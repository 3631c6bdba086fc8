"""Roles, users and policies that the blueprint names and that it does not make: people, boundaries, AWS's own roles."""

from __future__ import annotations

from collections.abc import Iterator

from botocore.exceptions import ClientError

from blueprint.contribution import ServiceLinkedRole
from blueprint.planning.document import Plan
from blueprint.references import resolved
from tools.doctor.aws import Aws
from tools.doctor.checks.permissions import cdk_role
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import caller, code_of

NAME = "identities"
_SSO_PATH = "/aws-reserved/sso.amazonaws.com/"


def _found(kind: str, name: str, aws: Aws) -> str:
    """The ARN of a role or user; empty when there is none of the name."""

    def ask() -> str:
        try:
            return aws.iam.get_user(UserName=name)["User"]["Arn"] if kind == "user" else _role(name, aws)
        except ClientError as error:
            if code_of(error) == "NoSuchEntity":
                return ""
            raise

    return aws.once(f"{kind} {name}", ask)


def _role(name: str, aws: Aws) -> str:
    return aws.iam.get_role(RoleName=name)["Role"]["Arn"]


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
        there = _found(kind, path.rpartition("/")[2], aws)
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
    """Permissions boundaries of teams."""
    found = {grant.boundary for part in plan.parts for grant in part.contribution.grants if grant.boundary}
    for name in sorted(found):
        arn = f"arn:{caller(aws).partition}:iam::{plan.facts.account}:policy/{name}"
        try:
            aws.iam.get_policy(PolicyArn=arn)
        except ClientError as error:
            if code_of(error) != "NoSuchEntity":
                raise
            why = "IAM refuses roles with it, and the stack teams fails"
            yield problem(NAME, f"the permissions boundary {arn} does not exist", why, "make it, or correct the name")
        else:
            yield ok(NAME, f"the permissions boundary {name} exists")


def service_linked_roles(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """They are there, or CloudFormation's role may have them made."""
    fine = []
    for role in plan.service_linked_roles:
        if _found("role", role.name, aws):
            fine.append(role.name)
        elif role.by_itself and _may_be_made(role, plan, aws):
            yield ok(NAME, f"{role.name} is missing; a deploy makes it")
        else:
            by = "nobody makes it by itself" if not role.by_itself else "the role of CloudFormation may not make it"
            why = f"{by}, and what needs it does not start"
            fix = f"aws iam create-service-linked-role --aws-service-name {role.service}"
            yield warning(NAME, f"the service-linked role {role.name} is missing", why, fix)
    if fine:
        yield ok(NAME, f"service-linked roles: {', '.join(fine)}")


def _may_be_made(role: ServiceLinkedRole, plan: Plan, aws: Aws) -> bool:
    arn = f"arn:{caller(aws).partition}:iam::{plan.facts.account}:role/aws-service-role/{role.service}/{role.name}"
    answer = aws.iam.simulate_principal_policy(
        PolicySourceArn=cdk_role(plan, aws, "cfn-exec"),
        ActionNames=["iam:CreateServiceLinkedRole"],
        ResourceArns=[arn],
        ContextEntries=[
            {"ContextKeyName": "iam:AWSServiceName", "ContextKeyValues": [role.service], "ContextKeyType": "string"}
        ],
    )
    return all(result["EvalDecision"] == "allowed" for result in answer["EvaluationResults"])
