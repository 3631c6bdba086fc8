"""Names for what AWS only tells during a deploy. A plan is plain text, so it holds these; renderers put values there.

`${blueprint:vpc-id}` can stand anywhere in Helm values, Kubernetes objects and IAM statements.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.texts import texts_in

PATTERN = re.compile(r"\$\{blueprint:([^}]*)\}")

PARTITION = "${blueprint:partition}"
"""`aws`, `aws-cn`, `aws-us-gov`: no ARN of the plan names one."""
_OF_A_PARTITION = re.compile(r"\barn:aws(-[a-z]+)*:")
VPC_ID = "${blueprint:vpc-id}"
"""Of a VPC that a deploy makes."""
FLOW_LOGS_ARN = "${blueprint:flow-logs-arn}"
"""ARN of the log group of the network's flow logs."""
CLUSTER_SECURITY_GROUP = "${blueprint:cluster-security-group}"
"""Id of the security group that EKS makes for the cluster, in which nodes and pods are."""
VPC_IPV6_RANGE = "${blueprint:vpc-ipv6-range}"
"""The IPv6 range that Amazon gives to a VPC that a deploy makes."""
SERVICE_RANGE = "${blueprint:service-range}"
"""Addresses of Services, where EKS chooses them: those of IPv6."""
CLUSTER_DNS = "${blueprint:cluster-dns}"
"""The address among them that answers for names."""
CLUSTER_ENDPOINT = "${blueprint:cluster-endpoint}"
"""Address of the Kubernetes API."""
CLUSTER_CERTIFICATE = "${blueprint:cluster-certificate}"
"""Its certificate authority, base64."""


def subnet_id(kind: str, zone: str) -> str:
    """Id of a subnet that a deploy makes."""
    return f"${{blueprint:subnet-id:{kind}:{zone}}}"


def subnet_ipv6_range(kind: str, zone: str) -> str:
    """IPv6 range of a subnet that a deploy makes."""
    return f"${{blueprint:subnet-ipv6-range:{kind}:{zone}}}"


def role_arn(name: str) -> str:
    """ARN of the role of a grant (`namespace/service-account`) or of a node role."""
    return f"${{blueprint:role-arn:{name}}}"


def role_name(name: str) -> str:
    """Name of a role of nodes."""
    return f"${{blueprint:role-name:{name}}}"


def instance_profile(name: str) -> str:
    """Name of the instance profile of a node role."""
    return f"${{blueprint:instance-profile:{name}}}"


def queue_name(name: str) -> str:
    """Name of an SQS queue."""
    return f"${{blueprint:queue-name:{name}}}"


def queue_arn(name: str) -> str:
    """ARN of an SQS queue."""
    return f"${{blueprint:queue-arn:{name}}}"


def workspace_id(name: str) -> str:
    """Id of a workspace of Amazon Managed Service for Prometheus."""
    return f"${{blueprint:workspace-id:{name}}}"


def file_system_id(name: str) -> str:
    """Id of a file system of EFS."""
    return f"${{blueprint:file-system-id:{name}}}"


def hosted_zone_id(domain: str, *, private: bool) -> str:
    """Id of a hosted zone that a deploy makes."""
    return f"${{blueprint:hosted-zone-id:{'private' if private else 'public'}:{domain}}}"


def name_of(reference: str) -> str:
    """The name of a text that is one reference and nothing else: vpc-id."""
    return PATTERN.sub(r"\1", reference)


def portable(data: Any) -> Any:
    """The data without a partition in its ARNs: who copies one from the console means that of the cluster."""
    if isinstance(data, str):
        return _OF_A_PARTITION.sub(f"arn:{PARTITION}:", data) if "arn:" in data else data
    if isinstance(data, (dict, Mapping)):  # to know the first takes no time
        return {key: portable(item) for key, item in data.items()}
    if isinstance(data, (list, tuple)):
        return type(data)(map(portable, data))
    return data


def references_in(data: Any) -> Iterator[str]:
    """The names of all references in a value, a manifest, a statement."""
    for text in texts_in(data):
        if "${" in text:
            yield from PATTERN.findall(text)


def resolved(data: Any, values: Mapping[str, str]) -> Any:
    """The data as plain dicts and lists, with each reference replaced. KeyError: the renderer does not know one."""
    if isinstance(data, str):
        return PATTERN.sub(lambda found: values[found[1]], data)
    if isinstance(data, Mapping):
        return {resolved(key, values): resolved(item, values) for key, item in data.items()}
    if isinstance(data, list | tuple):
        return [resolved(item, values) for item in data]
    return data
