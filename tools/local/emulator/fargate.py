"""Fargate profiles, which the emulator lacks: they take the pods of their namespaces, nodes or not."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from ministack.core.responses import AccountRegionScopedDict, get_account_id, get_region, new_uuid

from tools.local.emulator import ec2, eks, iam
from tools.local.emulator.ec2 import Made, Properties

PROFILES = AccountRegionScopedDict()
"""The properties of each profile, by its cluster and name."""
# amazon-eks-user-guide, pod-execution-role.html: the kubelet on Fargate pulls images.
_IMAGES = ("ecr:GetAuthorizationToken", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")


def create_profile(logical_id: str, properties: Properties, stack: str) -> Made:
    """https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html"""
    cluster, role_arn = properties["ClusterName"], properties["PodExecutionRoleArn"]
    eks.cluster(cluster)
    name = properties.get("FargateProfileName") or f"{logical_id}-{new_uuid()[:8]}"
    arn = f"arn:aws:eks:{get_region()}:{get_account_id()}:fargateprofile/{cluster}/{name}/{new_uuid()}"
    # https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html
    if not iam.assumable(role_arn, "eks-fargate-pods.amazonaws.com", {"aws:SourceArn": arn}):
        raise eks.ServiceError("InvalidParameterException: Misconfigured PodExecutionRole Trust Policy")
    public = [subnet for subnet in properties["Subnets"] if ec2.is_public(subnet)]
    if public:
        raise eks.ServiceError(f"InvalidParameterException: Subnet {public[0]} is not a private subnet")
    PROFILES[f"{cluster}|{name}"] = {**properties, "FargateProfileName": name}
    eks.admit(cluster, role_arn, "FARGATE_LINUX")
    return f"{cluster}|{name}", {"Arn": arn}


def delete_profile(name: str, properties: Properties) -> None:
    PROFILES.pop(name, None)


def any_of(cluster: str) -> bool:
    return bool(all_of(cluster))


def all_of(cluster: str) -> list[Mapping[str, Any]]:
    """The properties of each profile of a cluster."""
    return [profile for name, profile in PROFILES.items() if name.startswith(f"{cluster}|")]


def name_of(profile: Mapping[str, Any]) -> str:
    return str(profile["FargateProfileName"])


def profiles(cluster: str, namespace: str) -> list[Mapping[str, Any]]:
    """Those that take all pods of a namespace. Profiles that choose by labels too are left out: pods are not known."""
    return [
        profile
        for profile in all_of(cluster)
        if any(
            fnmatchcase(namespace, selector["Namespace"]) and not selector.get("Labels")
            for selector in profile["Selectors"]
        )
    ]


def may_pull(profile: Mapping[str, Any]) -> bool:
    return all(iam.allows(profile["PodExecutionRoleArn"], action) for action in _IMAGES)
