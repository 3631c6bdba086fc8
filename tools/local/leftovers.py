"""What is left of a cluster after its stacks are gone, as the emulator's APIs answer it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tools.local.aws import Account
from tools.local.inventory import named, stack_names, stacks


@dataclass(frozen=True)
class Leftovers:
    """Resources of a cluster without a stack. Some are kept on purpose: keys and logs, whose content may be needed."""

    kept: tuple[str, ...]
    forgotten: tuple[str, ...]


def leftovers(account: Account, cluster: str) -> Leftovers:
    """What the APIs still show of a cluster."""
    kept = [*_keys(account, cluster), *_log_groups(account, cluster)]
    forgotten = [
        *(text for _, text in stacks(account, cluster)),
        *_forgotten_network(account, cluster),
        *([f"cluster {cluster}"] if cluster in account.client("eks").list_clusters()["clusters"] else []),
        *_forgotten_names(account, cluster),
    ]
    return Leftovers(tuple(kept), tuple(forgotten))


def _keys(account: Account, cluster: str) -> Iterator[str]:
    kms = account.client("kms")
    for key in kms.list_keys()["Keys"]:
        found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if found.get("Description", "").startswith(f"EKS cluster {cluster}:"):
            yield f"KMS key {found['Description']}"


def _log_groups(account: Account, cluster: str) -> Iterator[str]:
    for group in account.client("logs").describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        of_stacks = any(part in stack_names(cluster) or _of_stacks(part, cluster) for part in name.split("/"))
        if of_stacks or name.startswith(f"/aws/eks/{cluster}/"):
            yield f"log group {name}"


def _forgotten_network(account: Account, cluster: str) -> Iterator[str]:
    ec2 = account.client("ec2")
    vpcs = {vpc["VpcId"] for vpc in named(ec2.describe_vpcs()["Vpcs"], cluster)}
    answers = {
        "VPC": ("VpcId", ec2.describe_vpcs()["Vpcs"]),
        "subnet": ("SubnetId", ec2.describe_subnets()["Subnets"]),
        "route table": ("RouteTableId", ec2.describe_route_tables()["RouteTables"]),
        "internet gateway": ("InternetGatewayId", ec2.describe_internet_gateways()["InternetGateways"]),
        "NAT gateway": ("NatGatewayId", ec2.describe_nat_gateways()["NatGateways"]),
        "elastic IP": ("AllocationId", ec2.describe_addresses()["Addresses"]),
        "VPC endpoint": ("VpcEndpointId", ec2.describe_vpc_endpoints()["VpcEndpoints"]),
        "security group": ("GroupId", ec2.describe_security_groups()["SecurityGroups"]),
        "launch template": ("LaunchTemplateId", ec2.describe_launch_templates()["LaunchTemplates"]),
    }
    for kind, (identity, found) in answers.items():
        ours = {item[identity] for item in named(found, cluster)}
        yield from (f"{kind} {item[identity]}" for item in found if item[identity] in ours or item.get("VpcId") in vpcs)


def _forgotten_names(account: Account, cluster: str) -> Iterator[str]:
    """Resources that CloudFormation named after their stack."""
    iam = account.client("iam")
    names = {
        "role": [role["RoleName"] for role in iam.list_roles()["Roles"]],
        "instance profile": [item["InstanceProfileName"] for item in iam.list_instance_profiles()["InstanceProfiles"]],
        "function": [item["FunctionName"] for item in account.client("lambda").list_functions()["Functions"]],
        "layer": [item["LayerName"] for item in account.client("lambda").list_layers()["Layers"]],
        "queue": [url.rpartition("/")[2] for url in account.client("sqs").list_queues().get("QueueUrls", [])],
        "rule": [rule["Name"] for rule in account.client("events").list_rules()["Rules"]],
    }
    for kind, found in names.items():
        yield from (f"{kind} {name}" for name in found if _of_stacks(name, cluster))


def _of_stacks(name: str, cluster: str) -> bool:
    return name.startswith(tuple(f"{stack}-" for stack in stack_names(cluster)))
