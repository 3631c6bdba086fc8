"""Who signs in to Argo CD, where it is reached, and what it may do in its cluster."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Literal

from blueprint.access import AccessPolicy
from blueprint.addons.offers import FROM_GIT
from blueprint.errors import Problem
from blueprint.fields import matches
from blueprint.value import Value

POLICIES = (
    AccessPolicy("AmazonEKSArgoCDClusterPolicy"),
    AccessPolicy("AmazonEKSArgoCDPolicy", (FROM_GIT.namespace,)),
    AccessPolicy("AmazonEKSClusterAdminPolicy"),
)
"""Those that EKS itself gives its role, and that by which it lists every kind."""

# https://docs.aws.amazon.com/singlesignon/latest/APIReference/API_InstanceMetadata.html (InstanceArn)
IdentityCenterArn = Annotated[
    str,
    matches(
        r"arn:aws(-[a-z]+)*:sso:::instance/(sso)?ins-[a-zA-Z0-9.-]{16}",
        "must be the ARN of an instance of IAM Identity Center",
        "look it up with: aws sso-admin list-instances",
    ),
]
# https://docs.aws.amazon.com/singlesignon/latest/IdentityStoreAPIReference/API_GetGroupMembershipId.html (GroupId)
_IdentityId = Annotated[
    str,
    matches(
        r"([0-9a-f]{10}-)?[A-Fa-f0-9]{8}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{4}-[A-Fa-f0-9]{12}",
        "must be an id of the identity store, not a name",
        "look it up with: aws identitystore list-groups, or list-users",
    ),
]
# Definitions ArgoCd and AwsIdc of the schema of AWS::EKS::Capability
EndpointPrefix = Annotated[
    str,
    matches(
        r"[a-z0-9]([a-z0-9-]{0,48}[a-z0-9])?",
        "must be 1 to 50 lowercase letters, digits and hyphens, a letter or digit at both ends",
        'write for example "platform"',
    ),
]
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
EndpointId = Annotated[
    str,
    matches(
        r"vpce-([0-9a-f]{8}|[0-9a-f]{17})",
        "must be the id of a VPC endpoint",
        'write for example "vpce-0123456789abcdef0"',
    ),
]


class IdentityCenterPrincipal(Value):
    """Who signs in by IAM Identity Center."""

    id: _IdentityId
    """In the identity store."""

    @property
    @abstractmethod
    def type(self) -> Literal["SSO_GROUP", "SSO_USER"]:
        """As CloudFormation calls it."""


class IdentityCenterGroup(IdentityCenterPrincipal):
    """All users of a group."""

    @property
    def type(self) -> Literal["SSO_GROUP"]:
        return "SSO_GROUP"


class IdentityCenterUser(IdentityCenterPrincipal):
    """One user."""

    @property
    def type(self) -> Literal["SSO_USER"]:
        return "SSO_USER"


def with_one_role(principals: Mapping[str, Sequence[IdentityCenterPrincipal]]) -> Iterator[Problem]:
    """Each has one, of which these are the fields."""
    seen: dict[str, str] = {}
    for role, given in principals.items():
        for index, each in enumerate(given):
            if other := seen.get(each.id):
                rule = f"it is among {other} already, and has one role only"
                yield Problem((role, index, "id"), each.id, rule, "name it once")
            seen.setdefault(each.id, role)
