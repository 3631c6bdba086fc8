"""Who may talk to the cluster: EKS access entries, never aws-auth.

https://docs.aws.amazon.com/eks/latest/userguide/access-entries.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from blueprint.fields import AccountId, IamName
from blueprint.references import PARTITION, role_arn
from blueprint.value import Value

# EKS refuses these in the groups of an access entry.
# https://docs.aws.amazon.com/eks/latest/userguide/creating-access-entries.html
RESERVED_GROUP_PREFIXES = ("system:", "eks:", "aws:", "amazon:", "iam:")


class Principal(Value):
    """An IAM role or user; `account` is the cluster's own unless it says otherwise."""

    name: IamName
    account: AccountId | None = None

    def arn(self, account: str) -> str:
        """Its ARN; a bare account is never a principal, so an account's root cannot be written down."""
        kind = type(self).__name__.lower()
        return f"arn:{PARTITION}:iam::{self.account or account}:{kind}/{self.name}"


class Role(Principal):
    """An IAM role, by name or path and name. A session of a role is not a principal of EKS: give the role."""


class User(Principal):
    """An IAM user. AWS advises roles for people; a user is for what cannot assume one."""


@dataclass(frozen=True)
class AccessPolicy:
    """An EKS access policy, for the whole cluster or some namespaces.

    https://docs.aws.amazon.com/eks/latest/userguide/access-policy-permissions.html
    """

    name: Literal["AmazonEKSClusterAdminPolicy", "AmazonEKSAdminViewPolicy", "AmazonEKSViewPolicy"]
    namespaces: tuple[str, ...] = ()
    """Empty: the whole cluster."""


@dataclass(frozen=True)
class AccessEntry:
    """What one principal may do: Kubernetes groups (RBAC decides) and EKS access policies."""

    principal: str
    """The ARN, or a reference to the role of nodes."""
    kind: Literal["STANDARD", "EC2_LINUX", "EC2"] = "STANDARD"
    groups: tuple[str, ...] = ()
    policies: tuple[AccessPolicy, ...] = ()


def node_access(role_name: str) -> AccessEntry:
    """Lets nodes with this role join the cluster."""
    return AccessEntry(role_arn(role_name), kind="EC2_LINUX")
