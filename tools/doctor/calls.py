"""The AWS calls that the doctor makes, all of them, and the IAM policy that allows these and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CALLS: Mapping[str, tuple[str, ...]] = {
    "backup": ("DescribeRegionSettings", "ListBackupVaults"),
    "cloudformation": ("DescribeStacks",),
    "ec2": (
        "DescribeAddresses",
        "DescribeAvailabilityZones",
        "DescribeInstanceTypeOfferings",
        "DescribeInstanceTypes",
        "DescribeInstances",
        "DescribeFlowLogs",
        "DescribeInternetGateways",
        "DescribeNatGateways",
        "DescribeRouteTables",
        "DescribeSubnets",
        "DescribeTransitGateways",
        "DescribeVpcAttribute",
        "DescribeVpcEndpointServices",
        "DescribeVpcEndpoints",
        "DescribeVpcs",
        "GetEbsDefaultKmsKeyId",
    ),
    "ecr": ("DescribeImages", "DescribePullThroughCacheRules"),
    "eks": (
        "DescribeAddon",
        "DescribeAddonVersions",
        "DescribeCluster",
        "DescribeClusterVersions",
        "DescribeFargateProfile",
        "DescribeInsight",
        "DescribeNodegroup",
        "ListAddons",
        "ListClusters",
        "ListFargateProfiles",
        "ListInsights",
        "ListNodegroups",
    ),
    "iam": (
        "GetAccountSummary",
        "GetPolicy",
        "GetRole",
        "GetUser",
        "ListAttachedRolePolicies",
        "ListOpenIDConnectProviders",
        "ListRoles",
        "SimulatePrincipalPolicy",
    ),
    "logs": ("DescribeLogGroups",),
    "route53": ("GetHostedZone",),
    "s3": ("GetBucketVersioning",),
    "service-quotas": ("GetAWSDefaultServiceQuota", "GetServiceQuota"),
    "ssm": ("GetParameter",),
    "sts": ("GetCallerIdentity",),
}
"""Operations by the name of their boto3 client; each only reads. A client refuses any other."""

ACTIONS: Mapping[str, str] = {
    operation: f"{service.replace('-', '')}:{operation}" for service, names in CALLS.items() for operation in names
}
"""The IAM action of each operation."""


def policy() -> dict[str, Any]:
    """The least that the doctor needs, for every cluster of an account: so it names no resources."""
    statement = {"Sid": "Doctor", "Effect": "Allow", "Action": sorted(ACTIONS.values()), "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
