"""What exists, as the emulator's APIs answer it; and what is left of a cluster after its stacks are gone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.local.aws import Account
from tools.local.process import Emulator

STACKS = ("network", "cluster", "addons", "teams")
Rows = list[tuple[str, str]]
"""What kind of thing, and what it is."""


@dataclass(frozen=True)
class Leftovers:
    """Resources of a cluster without a stack. Some are kept on purpose: keys and logs, whose content may be needed."""

    kept: tuple[str, ...]
    forgotten: tuple[str, ...]


def inventory(emulator: Emulator, account: Account, cluster: str) -> Rows:
    """One row for each thing worth knowing, in the order in which they were made."""
    contents = emulator.contents(account.account, account.region, cluster)
    return [
        *_stacks(account, cluster),
        *_network(account, cluster),
        *_cluster(account, cluster),
        *_releases(contents["releases"]),
        *_objects(contents["objects"]),
    ]


def _stacks(account: Account, cluster: str) -> Iterator[tuple[str, str]]:
    for stack in account.client("cloudformation").describe_stacks()["Stacks"]:
        if stack["StackName"] in stack_names(cluster):
            protected = ", protected" if stack.get("EnableTerminationProtection") else ""
            yield "stack", f"{stack['StackName']} {stack['StackStatus']}{protected}"


def _network(account: Account, cluster: str) -> Iterator[tuple[str, str]]:
    ec2 = account.client("ec2")
    for vpc in _named(ec2.describe_vpcs()["Vpcs"], cluster):
        of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        subnets = ec2.describe_subnets(Filters=of_vpc)["Subnets"]
        zones = {subnet["AvailabilityZone"] for subnet in subnets}
        gateways = ec2.describe_nat_gateways(Filters=of_vpc)["NatGateways"]
        parts = f"{len(subnets)} subnets in {len(zones)} zones, {_count(len(gateways), 'NAT gateway')}"
        yield "VPC", f"{vpc['VpcId']} {vpc['CidrBlock']}, {parts}"


def _cluster(account: Account, cluster: str) -> Iterator[tuple[str, str]]:
    eks = account.client("eks")
    if cluster not in eks.list_clusters()["clusters"]:
        return
    found = eks.describe_cluster(name=cluster)["cluster"]
    endpoint = found["resourcesVpcConfig"]
    public = ", ".join(endpoint["publicAccessCidrs"]) if endpoint["endpointPublicAccess"] else "nobody"
    protection = "on" if found.get("deletionProtection") else "off"
    yield (
        "cluster",
        f"{cluster} {found['version']} {found['status']}, endpoint open to {public}, deletion protection {protection}",
    )
    for name in eks.list_nodegroups(clusterName=cluster)["nodegroups"]:
        group = eks.describe_nodegroup(clusterName=cluster, nodegroupName=name)["nodegroup"]
        size = f"{group['scalingConfig']['minSize']} to {group['scalingConfig']['maxSize']}"
        nodes = f"{size} {' or '.join(group['instanceTypes'])}, {group['capacityType']}"
        yield "node group", f"{name} {group['version']} {group['status']}, {nodes}"
    for name in eks.list_addons(clusterName=cluster)["addons"]:
        addon = eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
        yield "add-on", f"{name} {addon['addonVersion']} {addon['status']}"
    for principal in eks.list_access_entries(clusterName=cluster)["accessEntries"]:
        yield "access entry", _access(eks, cluster, principal)
    for found in eks.list_pod_identity_associations(clusterName=cluster)["associations"]:
        one = eks.describe_pod_identity_association(clusterName=cluster, associationId=found["associationId"])
        role = one["association"]["roleArn"].rpartition("/")[2]
        yield "pod identity", f"{found['namespace']}/{found['serviceAccount']} is {role}"


def _access(eks: Any, cluster: str, principal: str) -> str:
    entry = eks.describe_access_entry(clusterName=cluster, principalArn=principal)["accessEntry"]
    policies = eks.list_associated_access_policies(clusterName=cluster, principalArn=principal)
    rights = [policy["policyArn"].rpartition("/")[2] for policy in policies["associatedAccessPolicies"]]
    rights += [f"group {group}" for group in entry["kubernetesGroups"]]
    return f"{principal.partition('::')[2]}: {', '.join(rights) or entry['type']}"


def _releases(releases: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for release in releases:
        count = release["rendered"]
        state = "not rendered: chart not at hand" if count is None else _count(count, "object")
        chart = f"{release['chart']} {release['version']}"
        yield "release", f"{release['namespace']}/{release['name']}: {chart} ({state})"


def _objects(objects: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    places: dict[str, Counter[str]] = {}
    for manifest in objects:
        place = manifest["metadata"].get("namespace", "")
        places.setdefault(place, Counter())[manifest["kind"]] += 1
    for place, kinds in sorted(places.items()):
        listed = ", ".join(f"{count} {kind}" for kind, count in sorted(kinds.items()))
        yield "objects", f"{place or 'outside of namespaces'}: {listed}"


def leftovers(account: Account, cluster: str) -> Leftovers:
    """What the APIs still show of a cluster."""
    kept = [*_keys(account, cluster), *_log_groups(account, cluster)]
    forgotten = [
        *(text for _, text in _stacks(account, cluster)),
        *_forgotten_network(account, cluster),
        *([f"cluster {cluster}"] if cluster in account.client("eks").list_clusters()["clusters"] else []),
        *_forgotten_names(account, cluster),
    ]
    return Leftovers(tuple(kept), tuple(forgotten))


def is_protected(account: Account, cluster: str) -> bool:
    """Whether CloudFormation or EKS refuses to delete a part of the cluster."""
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    guarded = [stack for stack in stacks if stack["StackName"] in stack_names(cluster)]
    if any(stack.get("EnableTerminationProtection") for stack in guarded):
        return True
    eks = account.client("eks")
    there = cluster in eks.list_clusters()["clusters"]
    return there and bool(eks.describe_cluster(name=cluster)["cluster"].get("deletionProtection"))


def _keys(account: Account, cluster: str) -> Iterator[str]:
    kms = account.client("kms")
    for key in kms.list_keys()["Keys"]:
        found = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
        if found.get("Description", "").startswith(f"EKS cluster {cluster}:"):
            yield f"KMS key {found['Description']}"


def _log_groups(account: Account, cluster: str) -> Iterator[str]:
    for group in account.client("logs").describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        if name == f"/aws/eks/{cluster}/cluster" or _of_stacks(name, cluster):
            yield f"log group {name}"


def _forgotten_network(account: Account, cluster: str) -> Iterator[str]:
    ec2 = account.client("ec2")
    vpcs = {vpc["VpcId"] for vpc in _named(ec2.describe_vpcs()["Vpcs"], cluster)}
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
        named = {item[identity] for item in _named(found, cluster)}
        yield from (
            f"{kind} {item[identity]}" for item in found if item[identity] in named or item.get("VpcId") in vpcs
        )


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


def stack_names(cluster: str) -> list[str]:
    """The four stacks, in the order of deployment."""
    return [f"{cluster}-{stack}" for stack in STACKS]


def _of_stacks(name: str, cluster: str) -> bool:
    return name.startswith(tuple(f"{stack}-" for stack in stack_names(cluster)))


def _named(found: list[Mapping[str, Any]], cluster: str) -> Iterator[Mapping[str, Any]]:
    """Those whose Name tag the CDK made of a path below the cluster."""
    for item in found:
        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
        if tags.get("Name", "").startswith(f"{cluster}/"):
            yield item


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
