"""What exists, as the emulator's APIs answer it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tools.local.aws import Account
from tools.local.process import Emulator

STACKS = ("network", "cluster", "addons", "teams")
Rows = list[tuple[str, str]]
"""What kind of thing, and what it is."""


def inventory(emulator: Emulator, account: Account, cluster: str) -> Rows:
    """One row for each thing worth knowing, in the order in which they were made."""
    contents = emulator.contents(account.account, account.region, cluster)
    return [
        *stacks(account, cluster),
        *_network(account, cluster),
        *_cluster(account, cluster),
        *_releases(contents["releases"]),
        *_objects(contents["objects"]),
        *(("webhook", f"{name} is not asked, since none of its pods has a program") for name in contents["webhooks"]),
    ]


def stacks(account: Account, cluster: str) -> Iterator[tuple[str, str]]:
    """The stacks of a cluster and their status."""
    for stack in account.client("cloudformation").describe_stacks()["Stacks"]:
        if stack["StackName"] in stack_names(cluster):
            protected = ", protected" if stack.get("EnableTerminationProtection") else ""
            yield "stack", f"{stack['StackName']} {stack['StackStatus']}{protected}"


def _network(account: Account, cluster: str) -> Iterator[tuple[str, str]]:
    ec2, vpcs = account.client("ec2"), account.client("ec2").describe_vpcs()["Vpcs"]
    own = [vpc["VpcId"] for vpc in named(vpcs, cluster)]
    for vpc in vpcs:
        if vpc["VpcId"] not in (*own, _vpc_of(account, cluster)):
            continue
        of_vpc = [{"Name": "vpc-id", "Values": [vpc["VpcId"]]}]
        subnets = ec2.describe_subnets(Filters=of_vpc)["Subnets"]
        zones = {subnet["AvailabilityZone"] for subnet in subnets}
        gateways = ec2.describe_nat_gateways(Filters=of_vpc)["NatGateways"]
        parts = f"{len(subnets)} subnets in {len(zones)} zones, {_count(len(gateways), 'NAT gateway')}"
        owners = "" if vpc["VpcId"] in own else ", its owner's"
        yield "VPC", f"{vpc['VpcId']} {vpc['CidrBlock']}, {parts}{owners}"


def _vpc_of(account: Account, cluster: str) -> str:
    eks = account.client("eks")
    if cluster not in eks.list_clusters()["clusters"]:
        return ""
    return str(eks.describe_cluster(name=cluster)["cluster"]["resourcesVpcConfig"]["vpcId"])


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
        state = "only recorded: its chart is not at hand" if count is None else _count(count, "object")
        if release["status"] != "deployed":
            state = f"{release['status']}, {state}"
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


def is_bootstrapped(account: Account) -> bool:
    """Whether `cdk bootstrap` has been there."""
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    return any(stack["StackName"] == "CDKToolkit" for stack in stacks)


def is_protected(account: Account, cluster: str) -> bool:
    """Whether CloudFormation or EKS refuses to delete a part of the cluster."""
    stacks = account.client("cloudformation").describe_stacks()["Stacks"]
    guarded = [stack for stack in stacks if stack["StackName"] in stack_names(cluster)]
    if any(stack.get("EnableTerminationProtection") for stack in guarded):
        return True
    eks = account.client("eks")
    there = cluster in eks.list_clusters()["clusters"]
    return there and bool(eks.describe_cluster(name=cluster)["cluster"].get("deletionProtection"))


def stack_names(cluster: str) -> list[str]:
    """The four stacks, in the order of deployment."""
    return [f"{cluster}-{stack}" for stack in STACKS]


def named(found: list[Mapping[str, Any]], cluster: str) -> Iterator[Mapping[str, Any]]:
    """Those whose Name tag the CDK made of a path below the cluster."""
    for item in found:
        tags = {tag["Key"]: tag["Value"] for tag in item.get("Tags", [])}
        if tags.get("Name", "").startswith(f"{cluster}/"):
            yield item


def _count(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
