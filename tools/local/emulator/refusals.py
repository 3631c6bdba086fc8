"""What EKS refuses, by the facts that all tools share. Nothing here knows the emulator, so tests ask it directly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from blueprint.access import RESERVED_GROUP_PREFIXES
from blueprint.eks import CLUSTER_UPDATES, EKS_RULES
from blueprint.versions import EXTENDED_SUPPORT, SUPPORTED, minor

DAY = 86_400
"""In seconds."""
_Properties = Mapping[str, Any]
_IDENTITY_PROVIDERS = 10


class Upgraded(NamedTuple):
    """What a control plane was before its last upgrade, and when that was, in seconds since 1970."""

    before: str
    at: float


def not_offered(version: str) -> str | None:
    """A version that EKS does not have."""
    return None if version in SUPPORTED else f"InvalidParameterException: unsupported Kubernetes version {version}"


def control_plane_step(
    old: str, new: str, groups: Mapping[str, str], upgraded: Upgraded | None, now: float
) -> str | None:
    """Another version of a control plane; `groups` are the versions of its managed groups."""
    step = minor(new) - minor(old)
    if step == 0:
        return None
    skipped = f"InvalidParameterException: Unsupported Kubernetes minor version update from {old} to {new}"
    if step > EKS_RULES.up.limit or -step > EKS_RULES.down.limit:
        return skipped
    if step > 0:
        behind = sorted(name for name, version in groups.items() if version != old)
        return f"InvalidRequestException: {EKS_RULES.nodes_first.says}: {', '.join(behind)}" if behind else None
    if upgraded is None or upgraded.before != new or now - upgraded.at > EKS_RULES.down.days * DAY:
        return f"{skipped}: {EKS_RULES.down.says}"
    newer = sorted(name for name, version in groups.items() if minor(version) > minor(new))
    return f"InvalidParameterException: Nodegroups {', '.join(newer)} are newer than {new}" if newer else None


def support_policy(version: str, policy: str) -> str | None:
    """A version in extended support under the policy STANDARD."""
    refused = version in EXTENDED_SUPPORT and policy == "STANDARD"
    return f"InvalidParameterException: {EKS_RULES.extended_support.says}" if refused else None


def egress(old: str | None, new: str | None) -> str | None:
    """The way back to EKS's own network."""
    back = old == "CUSTOMER_ROUTED" != new
    return f"InvalidParameterException: {EKS_RULES.egress.says}" if back else None


def identity_provider(provider: _Properties, others: Iterable[str]) -> str | None:
    """One of OpenID Connect in a cluster that has these already.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_OidcIdentityProviderConfigRequest.html ; since August 2026 a
    cluster has up to ten.
    """
    there, name, oidc = list(others), provider["IdentityProviderConfigName"], provider["Oidc"]
    if name in there:
        return f"ResourceInUseException: identity provider config {name} already exists"
    if len(there) == _IDENTITY_PROVIDERS:
        return f"ResourceLimitExceededException: a cluster has at most {_IDENTITY_PROVIDERS} identity provider configs"
    prefixes = (oidc.get("UsernamePrefix", ""), oidc.get("GroupsPrefix", ""))
    if any(prefix.startswith("system:") for prefix in prefixes):
        return "InvalidParameterException: a prefix must not begin with system:"
    if not oidc["IssuerUrl"].startswith("https://"):
        return "InvalidParameterException: the issuer URL must begin with https://"
    return None


def update_kinds(old: _Properties, new: _Properties) -> str | None:
    """Several kinds of update at once."""
    kinds = [kind for kind, paths in CLUSTER_UPDATES.items() if any(_at(old, path) != _at(new, path) for path in paths)]
    if len(kinds) <= EKS_RULES.one_kind.limit:
        return None
    return f"InvalidParameterException: Only one type of update can be allowed: {', '.join(kinds)}"


def new_group(version: str, cluster: str) -> str | None:
    """The version of a managed group that is made."""
    if version == cluster:
        return None
    compared = "newer than" if minor(version) > minor(cluster) else "not"
    return (
        f"InvalidParameterException: Requested Nodegroup version {version} is {compared} the cluster's {cluster}: "
        f"{EKS_RULES.new_nodes.says}"
    )


def group_step(old: str, new: str, cluster: str) -> str | None:
    """Another version of a managed group that is there."""
    if minor(new) > minor(cluster):
        return f"InvalidParameterException: Requested Nodegroup version {new} is newer than the cluster's {cluster}"
    return (
        f"InvalidParameterException: {EKS_RULES.nodes_back.says}: {old} to {new}" if minor(new) < minor(old) else None
    )


def release_step(old: str, new: str) -> str | None:
    """Another image of a managed group, by what is a number in the names of both."""
    one, other = (_numbers(name) for name in (old, new))
    return f"InvalidParameterException: {EKS_RULES.nodes_back.says}: {old} to {new}" if other < one else None


def sizes(low: int, high: int, desired: int, most: int) -> str | None:
    """How many nodes a group has. https://github.com/aws/containers-roadmap/issues/1637"""
    if low > high:
        return f"InvalidParameterException: Minimum capacity {low} can't be greater than max size {high}"
    if low > desired:
        return f"InvalidParameterException: Minimum capacity {low} can't be greater than desired size {desired}"
    if desired > high:
        return f"InvalidParameterException: desired capacity {desired} can't be greater than max size {high}"
    if high > most:
        return f"InvalidRequestException: maxSize {high} exceeds the limit of {most} nodes per nodegroup"
    return None


def zones(made_in: Iterable[str], now: Iterable[str]) -> str | None:
    """The zones of a control plane's subnets."""
    before, after = sorted(set(made_in)), sorted(set(now))
    if before == after:
        return None
    return (
        f"InvalidParameterException: Provided subnets belong to the AZs {', '.join(after)}, but must be in "
        f"the same set of AZs as when the cluster was created: {', '.join(before)}"
    )


def access_groups(groups: Iterable[str]) -> str | None:
    """Groups that an access entry puts its principal into."""
    reserved = [group for group in groups if group.startswith(RESERVED_GROUP_PREFIXES)]
    return f"InvalidParameterException: The kubernetes group name {reserved[0]} is invalid" if reserved else None


def pod_identity_trust(policy: str) -> str | None:
    """A role that EKS Pod Identity may not assume; whether its conditions hold shows when pods start.

    https://github.com/aws/aws-cdk/issues/31522, https://github.com/hashicorp/terraform-provider-aws/issues/41483
    """
    if _tagged_by("pods.eks.amazonaws.com", policy):
        return None
    return (
        "InvalidParameterException: Trust policy of the role provided is invalid. Follow the official documentation "
        "to resolve the issue."
    )


def capability_trust(policy: str) -> str | None:
    """A role that EKS Capabilities may not assume. https://docs.aws.amazon.com/eks/latest/userguide/capability-role.html"""
    if _tagged_by("capabilities.eks.amazonaws.com", policy):
        return None
    return (
        "InvalidParameterException: The trust policy for the provided role is invalid. The policy must include "
        "sts:AssumeRole and sts:TagSession actions granting access to the AWS service capabilities.eks.amazonaws.com"
    )


def _tagged_by(service: str, policy: str) -> bool:
    """Whether the service may assume a role with this trust policy, with tags of the session."""
    for statement in _listed(json.loads(policy).get("Statement")):
        principal = statement.get("Principal") or {}
        services = _listed(principal.get("Service")) if isinstance(principal, Mapping) else []
        actions = {*_listed(statement.get("Action"))}
        if (
            statement.get("Effect") == "Allow"
            and service in services
            and (actions & {"*", "sts:*"} or {"sts:AssumeRole", "sts:TagSession"} <= actions)
        ):
            return True
    return False


POLICIES_OF_PRINCIPALS: Mapping[str, tuple[str, str]] = {
    "AWS::IAM::Role": ("AssumeRolePolicyDocument", 'MalformedPolicyDocument: Invalid principal in policy: "AWS":"{}"'),
    "AWS::KMS::Key": (
        "KeyPolicy",
        "MalformedPolicyDocumentException: Policy contains a statement with one or more invalid principals.",
    ),
    "AWS::S3::BucketPolicy": ("PolicyDocument", "MalformedPolicy: Invalid principal in policy"),
}
"""Policies that take only principals that exist, and what AWS says of others.

https://github.com/aws-samples/aws-iam-access-key-auto-rotation/issues/26,
https://github.com/awslabs/minimum-viable-dataspace-on-aws/issues/6,
https://docs.aws.amazon.com/AmazonS3/latest/userguide/s3-bucket-user-policy-specifying-principal-intro.html
"""


def principals(policy: Any) -> Iterator[str]:
    """Those of IAM that a policy names, be it text or not."""
    document = json.loads(policy) if isinstance(policy, str) else policy or {}
    for statement in _listed(document.get("Statement")):
        named = statement.get("Principal") or {}
        yield from _listed(named.get("AWS")) if isinstance(named, Mapping) else ()


def _listed(value: Any) -> list[Any]:
    """One or many, as policies have it."""
    return value if isinstance(value, list) else [] if value is None else [value]


def _numbers(release: str) -> tuple[int, ...]:
    """1, 36, 2 and the day of 1.36.2-20260714; of Bottlerocket's 1.66.0-1ad6b4a4 without the commit."""
    number, _, build = release.partition("-")
    parts = [*number.split("."), *([build] if build.startswith("20") else [])]
    return tuple(int(part) for part in parts if part.isdigit())


def _at(properties: _Properties, path: Iterable[str]) -> Any:
    """In the words of a template; the order of a list means nothing."""
    found: Any = properties
    for key in path:
        found = found.get(key) if isinstance(found, Mapping) else None
    return sorted(map(str, found)) if isinstance(found, list) else found
