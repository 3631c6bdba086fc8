"""The regions in which EKS is: botocore 1.44.5, data/endpoints.json, the endpoints of `eks`; and their partitions."""

from __future__ import annotations

_BY_PREFIX = {
    "af": "south-1",
    "ap": "east-1 east-2 northeast-1 northeast-2 northeast-3 south-1 south-2",
    "ap-southeast": "1 2 3 4 5 6 7",
    "ca": "central-1 west-1",
    "cn": "north-1 northwest-1",
    "eu": "central-1 central-2 north-1 south-1 south-2 west-1 west-2 west-3",
    "eu-isoe": "west-1",
    "eusc-de": "east-1",
    "il": "central-1",
    "me": "central-1 south-1",
    "mx": "central-1",
    "sa": "east-1",
    "us": "east-1 east-2 west-1 west-2",
    "us-gov": "east-1 west-1",
    "us-iso": "east-1 west-1",
    "us-isob": "east-1 west-1",
    "us-isof": "east-1 south-1",
}
REGIONS = tuple(sorted(f"{prefix}-{rest}" for prefix, found in _BY_PREFIX.items() for rest in found.split()))
"""Of all partitions."""

_PARTITIONS = {
    "cn-": "aws-cn",
    "us-gov-": "aws-us-gov",
    "eusc-": "aws-eusc",
    "us-iso-": "aws-iso",
    "us-isob-": "aws-iso-b",
    "eu-isoe-": "aws-iso-e",
    "us-isof-": "aws-iso-f",
}
"""By how the names of their regions begin; all others are of `aws`."""


def partition_of(region: str) -> str:
    """As in ARNs: `aws-cn`."""
    return next((name for prefix, name in _PARTITIONS.items() if region.startswith(prefix)), "aws")


def dns_suffix(region: str) -> str:
    """Of the names of AWS services: botocore 1.44.5, data/endpoints.json (dnsSuffix), of partitions that are public."""
    return "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
