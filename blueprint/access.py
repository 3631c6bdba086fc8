"""Who may talk to the cluster: EKS access entries, never aws-auth.

https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
"""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Literal

from blueprint.errors import Problem
from blueprint.fields import AccountId, IamName, Region, matches
from blueprint.references import PARTITION, role_arn
from blueprint.value import Value

# EKS refuses these in the groups of an access entry.
# https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
RESERVED_GROUP_PREFIXES = ("system:", "eks:", "aws:", "amazon:", "iam:")


class Principal(Value):
    """An IAM role or user; `account` is the cluster's own unless it says otherwise."""

    name: IamName
    """Of the role or user, with its path if it has one: "platform/BreakGlass"."""
    account: AccountId | None = None
    """The account that it is in; the cluster's when None."""

    @property
    @abstractmethod
    def resource(self) -> str:
        """The last part of its ARN."""

    def arn(self, account: str) -> str:
        """Its ARN; a bare account is never a principal, so an account's root cannot be written down."""
        return f"arn:{PARTITION}:iam::{self.account or account}:{self.resource}"


class Role(Principal):
    """An IAM role, by name or path and name. A session of a role is not a principal of EKS: give the role."""

    @property
    def resource(self) -> str:
        return f"role/{self.name}"

    def problems(self) -> Iterator[Problem]:
        if self.name.startswith("AWSReservedSSO_"):
            rule = "the role of a permission set has a path, without which EKS does not find it"
            fix = 'write for example PermissionSet("Developer", suffix="0123456789abcdef", region="us-west-2")'
            yield Problem(("name",), self.name, rule, fix)


class User(Principal):
    """An IAM user. AWS advises roles for people; a user is for what cannot assume one."""

    @property
    def resource(self) -> str:
        return f"user/{self.name}"


class PermissionSet(Principal):
    """A permission set of IAM Identity Center: the role that it has in an account it is assigned in.

    That role is called `AWSReservedSSO_<name>_<suffix>`. Identity Center deletes it with the permission set's last
    assignment in the account, and a later assignment makes one with another suffix.
    https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html
    """

    # https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_CreatePermissionSet.html
    name: Annotated[
        str,
        matches(
            r"(?!AWSReservedSSO_)[\w+=,.@-]{1,32}",
            "must be the name of a permission set, without what IAM adds to the name of its role",
            'write "Developer" for AWSReservedSSO_Developer_0123456789abcdef',
        ),
    ]
    """As Identity Center calls it."""
    suffix: Annotated[
        str,
        matches(
            r"[0-9a-f]{16}",
            "the role of a permission set ends in 16 hexadecimal digits",
            "look it up with: aws iam list-roles --path-prefix /aws-reserved/sso.amazonaws.com/",
        ),
    ] = field(kw_only=True)
    """What IAM puts behind the name of its role in the account."""
    region: Region = field(kw_only=True)
    """Where Identity Center is, not the cluster."""

    @property
    def resource(self) -> str:
        # us-east-1 does not show in the path.
        region = "" if self.region == "us-east-1" else f"{self.region}/"
        return f"role/aws-reserved/sso.amazonaws.com/{region}AWSReservedSSO_{self.name}_{self.suffix}"


@dataclass(frozen=True)
class AccessPolicy:
    """An EKS access policy, for the whole cluster or some namespaces.

    https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
    """

    name: Literal[
        "AmazonEKSClusterAdminPolicy",
        "AmazonEKSAdminViewPolicy",
        "AmazonEKSViewPolicy",
        "AmazonEKSAutoNodePolicy",
        "AmazonEKSACKPolicy",
        "AmazonEKSArgoCDClusterPolicy",
        "AmazonEKSArgoCDPolicy",
        "AmazonEKSKROPolicy",
        "AmazonEKSSecretReaderPolicy",
    ]
    namespaces: tuple[str, ...] = ()
    """Empty: the whole cluster."""


@dataclass(frozen=True)
class AccessEntry:
    """What one principal may do: Kubernetes groups (RBAC decides) and EKS access policies."""

    principal: str
    """The ARN, or a reference to the role of nodes."""
    kind: Literal["STANDARD", "EC2_LINUX", "EC2_WINDOWS", "EC2", "HYBRID_LINUX"] = "STANDARD"
    groups: tuple[str, ...] = ()
    policies: tuple[AccessPolicy, ...] = ()

    @property
    def name(self) -> str:
        """Of its construct: `access-role.platform.Ana`. With one of its position, a change of order would make an entry
        for a principal that still has one.
        """
        return f"access-{_OF_A_PRINCIPAL.sub('', self.principal).replace('/', '.')}"


_OF_A_PRINCIPAL = re.compile(r"^arn:[^:]*(:[^:]*)?:iam::|^\$\{blueprint:role-arn:|\}$")


def auto_node_access(role_name: str) -> AccessEntry:
    """Lets nodes of Auto Mode with this role join: https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""
    return AccessEntry(role_arn(role_name), kind="EC2", policies=(AccessPolicy("AmazonEKSAutoNodePolicy"),))


def node_access(role_name: str) -> AccessEntry:
    """Lets nodes with this role join the cluster."""
    return AccessEntry(role_arn(role_name), kind="EC2_LINUX")
