"""Nodes that never become ready. EKS says it of its own groups; of others only pods without a place tell."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lifecycle.lab import Lab, World
from tests.lifecycle.templates import (
    ACCESS_ENTRY,
    ADDON,
    CLUSTER,
    INSTANCE_PROFILE,
    LAUNCH_TEMPLATE,
    NODE_GROUP,
    PROFILE,
    ROLE,
    SCALING_GROUP,
    Resources,
    of_type,
    remove,
)

Change = Callable[[Resources], object]
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
_MINIMAL = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonEKSWorkerNodeMinimalPolicy"}
_DESCRIBE: dict[str, Any] = {"Effect": "Allow", "Action": "ec2:DescribeInstances", "Resource": "*"}
_REGISTRY = {"Fn::Sub": "arn:${AWS::Partition}:iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"}


def assert_refused(lab: Lab, variant: str, change: Change, reason: str) -> None:
    """The cluster stack with the change is undone, and EKS says so."""
    world = lab.world()
    world.put_all(variant, until="network")
    template = world.template("cluster", variant)
    change(template["Resources"])
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    assert any(reason in each for each in world.reasons("cluster")), world.reasons("cluster")


def node_roles(resources: Resources) -> Iterator[dict[str, Any]]:
    return (role for role in of_type(resources, ROLE) if "ec2.amazonaws.com" in json.dumps(role))


def launched(resources: Resources) -> Iterator[dict[str, Any]]:
    """The data of launch templates."""
    return (found["LaunchTemplateData"] for found in of_type(resources, LAUNCH_TEMPLATE))


def set_policies(*policies: object) -> Change:
    return lambda resources: [role.update(ManagedPolicyArns=list(policies)) for role in node_roles(resources)]


def allow(*statements: dict[str, Any]) -> Change:
    """Adds an inline policy to the roles of nodes."""
    added = {"PolicyName": "own", "PolicyDocument": {"Version": "2012-10-17", "Statement": list(statements)}}
    return lambda resources: [role.update(Policies=[added]) for role in node_roles(resources)]


def _cni_without_rights(resources: Resources) -> None:
    (addon,) = (found for found in of_type(resources, ADDON) if found["AddonName"] == "vpc-cni")
    role = addon["PodIdentityAssociations"][0]["RoleArn"]["Fn::GetAtt"][0]
    resources[role]["Properties"]["ManagedPolicyArns"] = []


MANAGED: dict[str, tuple[Change, str]] = {
    "the policy that is for Auto Mode": (set_policies(_MINIMAL, _REGISTRY), "is not allowed ec2:DescribeInstances"),
    "no images": (
        lambda resources: (set_policies(_MINIMAL)(resources), allow(_DESCRIBE)(resources)),
        "is not allowed ecr:GetAuthorizationToken",
    ),
    "a statement that denies": (
        allow({"Effect": "Deny", "Action": "ec2:Describe*", "Resource": "*"}),
        "is not allowed ec2:DescribeInstances",
    ),
    "no agent for pod identities": (
        lambda resources: remove(resources, lambda found: found.get("AddonName") == "eks-pod-identity-agent"),
        "aws-node has no credentials: no eks-pod-identity-agent",
    ),
    "no pod identities for the agent": (
        lambda resources: (set_policies(_REGISTRY)(resources), allow(_DESCRIBE)(resources)),
        "is not allowed eks-auth:AssumeRoleForPodIdentity",
    ),
    "a network plugin without rights": (_cni_without_rights, "is not allowed ec2:AssignPrivateIpAddresses"),
    "security groups of its own": (
        lambda resources: [
            found["LaunchTemplateData"].update(SecurityGroupIds=["sg-1"])
            for found in of_type(resources, LAUNCH_TEMPLATE)
        ],
        "is not on the nodes",
    ),
    "an endpoint that answers others": (
        lambda resources: [
            cluster["ResourcesVpcConfig"].update(
                EndpointPrivateAccess=False, EndpointPublicAccess=True, PublicAccessCidrs=["203.0.113.0/24"]
            )
            for cluster in of_type(resources, CLUSTER)
        ],
        "does not reach the Kubernetes API",
    ),
    "nobody may be a node": (
        lambda resources: [
            role.update(AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": []})
            for role in node_roles(resources)
        ],
        "EC2 cannot assume",
    ),
}


@pytest.mark.parametrize(("change", "why"), MANAGED.values(), ids=MANAGED)
def test_nodes_that_do_not_join_fail_their_group(lab: Lab, change: Change, why: str) -> None:
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    change(template["Resources"])
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    reason = next(each for each in world.reasons("cluster") if "NodeCreationFailure" in each)
    assert why in reason


def test_inline_policies_count_as_much_as_managed_ones(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    set_policies(_MINIMAL)(template["Resources"])
    allow(_DESCRIBE, {"Effect": "Allow", "Action": "ecr:*", "Resource": "*"})(template["Resources"])
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")


def test_nodes_reach_an_endpoint_that_is_open_to_all(lab: Lab) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"""
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    for cluster in of_type(template["Resources"], CLUSTER):
        config = cluster["ResourcesVpcConfig"]
        config |= {"EndpointPrivateAccess": False, "EndpointPublicAccess": True, "PublicAccessCidrs": ["0.0.0.0/0"]}
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")


def test_nodes_without_a_way_out_fail_their_group(lab: Lab) -> None:
    world = lab.world()
    network = world.template("network")
    remove(network["Resources"], lambda found: "NatGatewayId" in found)
    assert world.put("network", template=network) == "CREATE_COMPLETE"
    assert world.put("cluster") == "ROLLBACK_COMPLETE"
    assert any("does not reach ec2, ecr.api, ecr.dkr" in reason for reason in world.reasons("cluster"))


@pytest.mark.parametrize("service", ["ec2", "ecr.api", "ecr.dkr", "eks-auth", "s3"])
def test_without_nat_nodes_need_each_endpoint(lab: Lab, service: str) -> None:
    world = lab.world()
    assert world.put("network", template=_without_endpoint(world, service)) == "CREATE_COMPLETE"
    assert world.put("cluster", "isolated") == "ROLLBACK_COMPLETE"
    assert any(f"does not reach {service}" in reason for reason in world.reasons("cluster"))


@pytest.mark.parametrize("service", ["eks", "lambda"])
def test_without_nat_the_functions_of_kubectl_need_each_endpoint(lab: Lab, service: str) -> None:
    world = lab.world()
    assert world.put("network", template=_without_endpoint(world, service)) == "CREATE_COMPLETE"
    assert world.put("cluster", "isolated") == "CREATE_COMPLETE", world.reasons("cluster")
    world.put("addons", "isolated")
    assert world.put("teams", "isolated") == "ROLLBACK_COMPLETE"
    assert any(f"has no way to {service}" in reason for reason in world.reasons("teams")), world.reasons("teams")


def _without_endpoint(world: World, service: str) -> dict[str, Any]:
    network = world.template("network", "isolated")
    remove(network["Resources"], lambda found: f'.{service}"' in json.dumps(found.get("ServiceName", "")))
    return network


def _swap(resources: Resources) -> None:
    """Endpoint and authority of the cluster change places in the user data."""
    for data in launched(resources):
        text = json.dumps(data["UserData"])
        names = ('"Endpoint"', '"CertificateAuthorityData"')
        for old, new in ((names[0], "?"), (names[1], names[0]), ("?", names[1])):
            text = text.replace(old, new)
        data["UserData"] = json.loads(text)


SELF_MANAGED: dict[str, Change] = {
    "no access entry": lambda resources: remove(resources, lambda found: found.get("Type") == "EC2_LINUX"),
    "an entry for people": lambda resources: [
        entry.update(Type="STANDARD") for entry in of_type(resources, ACCESS_ENTRY) if entry.get("Type") == "EC2_LINUX"
    ],
    "the policy that is for Auto Mode": set_policies(_MINIMAL, _REGISTRY),
    "an empty profile": lambda resources: [
        profile.update(Roles=[]) for profile in of_type(resources, INSTANCE_PROFILE)
    ],
    "no security group": lambda resources: [data.pop("SecurityGroupIds") for data in launched(resources)],
    "no user data": lambda resources: [data.pop("UserData") for data in launched(resources)],
    "another cluster's user data": _swap,
    "no tag": lambda resources: [group.pop("Tags") for group in of_type(resources, SCALING_GROUP)],
    "none wanted": lambda resources: [group.update(MinSize="0") for group in of_type(resources, SCALING_GROUP)],
}


@pytest.mark.parametrize("change", SELF_MANAGED.values(), ids=SELF_MANAGED)
def test_self_managed_nodes_that_do_not_join_leave_pods_without_a_place(lab: Lab, change: Change) -> None:
    world = lab.world()
    world.put_all("self-managed", until="network")
    template = world.template("cluster", "self-managed")
    change(template["Resources"])
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    # The groups themselves are made: Auto Scaling does not know what its instances are for.
    assert all("has no node to run on" in reason for reason in world.reasons("cluster")), world.reasons("cluster")


def _without_ipam(resources: Resources) -> None:
    (addon,) = (found for found in of_type(resources, ADDON) if found["AddonName"] == "vpc-cni")
    settings = json.loads(addon["ConfigurationValues"])
    addon["ConfigurationValues"] = json.dumps({**settings, "enableWindowsIpam": "false"})


def _without_controller(resources: Resources) -> None:
    role = resources["Role"]["Properties"]
    role["ManagedPolicyArns"] = [arn for arn in role["ManagedPolicyArns"] if "VPCResourceController" not in str(arn)]


def _one_role(resources: Resources) -> None:
    groups = [*of_type(resources, NODE_GROUP)]
    for group in groups:
        group["NodeRole"] = groups[0]["NodeRole"]


WINDOWS: dict[str, tuple[Change, str]] = {
    # windows-support.html: "enable-windows-ipam", and AmazonEKSVPCResourceController in the role of the cluster
    "no addresses": (_without_ipam, "vpc-cni is not told to give addresses to Windows"),
    "nobody who gives them": (_without_controller, "is not allowed ec2:AssignPrivateIpAddresses"),
    # creating-access-entries.html: a principal has one entry, whose type is for good
    "the role of Linux": (_one_role, "is of type EC2_"),
}


@pytest.mark.parametrize(("change", "reason"), WINDOWS.values(), ids=WINDOWS)
def test_windows_nodes_that_do_not_join_fail_their_group(lab: Lab, change: Change, reason: str) -> None:
    assert_refused(lab, "windows", change, reason)


def test_windows_nodes_that_join_by_themselves_have_an_entry_of_their_own(lab: Lab) -> None:
    """Nothing of the example waits for them, so nothing fails; EKS only knows nodes that have joined."""
    world = lab.world()
    world.put_all("windows", until="cluster")
    entries = [
        world.account.client("eks").describe_access_entry(clusterName="lab", principalArn=arn)["accessEntry"]["type"]
        for arn in world.account.client("eks").list_access_entries(clusterName="lab")["accessEntries"]
    ]
    assert sorted(each for each in entries if each != "STANDARD") == ["EC2_LINUX", "EC2_WINDOWS", "EC2_WINDOWS"]


def test_nodes_that_keep_all_pods_away_are_no_place(lab: Lab) -> None:
    """https://github.com/aws/containers-roadmap/issues/1930"""
    for tolerations, status in (([], "ROLLBACK_COMPLETE"), ([{"key": "dedicated"}], "CREATE_COMPLETE")):
        world = lab.world()
        world.put_all(until="network")
        template = world.template("cluster")
        for group in of_type(template["Resources"], NODE_GROUP):
            group["Taints"] = [{"Key": "dedicated", "Value": "ops", "Effect": "NO_SCHEDULE"}]
        for addon in of_type(template["Resources"], ADDON):
            settings = json.loads(addon.get("ConfigurationValues", "{}"))
            addon["ConfigurationValues"] = json.dumps({**settings, "tolerations": tolerations})
        assert world.put("cluster", template=template) == status, world.reasons("cluster")
        assert all("has no node to run on" in reason for reason in world.reasons("cluster"))


def subnets(world: World, kind: str) -> list[str]:
    """The subnets of a kind, by the name that the CDK tags them with."""
    found = world.account.client("ec2").describe_subnets(
        Filters=[{"Name": "tag:aws-cdk:subnet-name", "Values": [kind]}]
    )
    return [subnet["SubnetId"] for subnet in found["Subnets"]]


@pytest.mark.parametrize("number", [0, 1])
def test_each_group_of_self_managed_nodes_joins_by_itself(lab: Lab, number: int) -> None:
    world = lab.world()
    world.put_all("self-managed", until="network")
    template = world.template("cluster", "self-managed")
    groups = list(of_type(template["Resources"], SCALING_GROUP))
    assert len(groups) == 2
    groups[1 - number]["MinSize"] = "0"
    for addon in of_type(template["Resources"], ADDON):
        settings = json.loads(addon.get("ConfigurationValues", "{}"))
        addon["ConfigurationValues"] = json.dumps({**settings, "tolerations": [{"operator": "Exists"}]})
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")


@pytest.mark.parametrize("given", [{"KubernetesGroups": ["team"]}, {"AccessPolicies": [{"PolicyArn": "a"}]}])
def test_an_entry_for_nodes_takes_no_groups_and_no_policies(lab: Lab, given: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html"""
    world = lab.world()
    world.put_all("self-managed", until="network")
    template = world.template("cluster", "self-managed")
    for entry in of_type(template["Resources"], ACCESS_ENTRY):
        if entry["Type"] == "EC2_LINUX":
            entry.update(given)
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    assert any("not allowed for type EC2_LINUX" in reason for reason in world.reasons("cluster"))


def _auto(world: World, kind: str) -> dict[str, Any]:
    """The cluster's template with its control plane in subnets of a kind, and no add-on that would need nodes."""
    template = world.template("cluster", "auto")
    kept = {id: found for id, found in template["Resources"].items() if found["Type"] != ADDON}
    template["Resources"] = kept
    for cluster in of_type(template["Resources"], CLUSTER):
        cluster["ResourcesVpcConfig"]["SubnetIds"] = subnets(world, kind)
    return template


def test_auto_mode_starts_nodes_where_the_control_plane_was_when_it_was_turned_on(lab: Lab) -> None:
    """https://github.com/aws/containers-roadmap/issues/2793"""
    world = lab.world()
    world.put_all("auto", until="network")
    assert len(subnets(world, "control-plane")) == len(subnets(world, "private")) == 2
    assert world.put("cluster", template=_auto(world, "control-plane")) == "CREATE_COMPLETE", world.reasons("cluster")
    assert world.put("addons", "auto") == "ROLLBACK_COMPLETE"
    assert any("pods of the release are not ready" in reason for reason in world.reasons("addons"))
    world.delete("addons")
    assert world.put("cluster", template=_auto(world, "private")) == "UPDATE_COMPLETE", world.reasons("cluster")
    assert world.put("addons", "auto") == "ROLLBACK_COMPLETE"


def test_small_subnets_hold_no_nodes_of_auto_mode(lab: Lab) -> None:
    world = lab.world()
    world.put_all("auto", until="network")
    ec2 = world.account.client("ec2")
    gateway = ec2.describe_nat_gateways()["NatGateways"][0]["NatGatewayId"]
    for subnet in subnets(world, "control-plane"):
        of_subnet = [{"Name": "association.subnet-id", "Values": [subnet]}]
        (table,) = ec2.describe_route_tables(Filters=of_subnet)["RouteTables"]
        ec2.create_route(RouteTableId=table["RouteTableId"], DestinationCidrBlock="0.0.0.0/0", NatGatewayId=gateway)
    assert world.put("cluster", template=_auto(world, "control-plane")) == "CREATE_COMPLETE", world.reasons("cluster")
    assert world.put("addons", "auto") == "ROLLBACK_COMPLETE"


@pytest.mark.parametrize(
    "change",
    [
        lambda resources: [
            found["ComputeConfig"].update(NodePools=["system"]) for found in of_type(resources, CLUSTER)
        ],
        lambda resources: [found["ComputeConfig"].update(NodePools=[]) for found in of_type(resources, CLUSTER)],
        set_policies(_MINIMAL),
    ],
    ids=["a pool that keeps others away", "no pool", "no images"],
)
def test_auto_mode_starts_no_nodes_for_everybody(lab: Lab, change: Change) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html"""
    world = lab.world()
    world.put_all("auto", until="network")
    template = _auto(world, "private")
    change(template["Resources"])
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")
    assert world.put("addons", "auto") == "ROLLBACK_COMPLETE"


def test_auto_mode_can_be_turned_on_later(lab: Lab) -> None:
    world = lab.world()
    world.put_all("auto", until="network")
    off = _auto(world, "private")
    for cluster in of_type(off["Resources"], CLUSTER):
        cluster["ComputeConfig"] = {"Enabled": False}
    assert world.put("cluster", template=off) == "CREATE_COMPLETE", world.reasons("cluster")
    assert world.put("cluster", template=_auto(world, "private")) == "UPDATE_COMPLETE", world.reasons("cluster")
    assert world.put("addons", "auto") == "CREATE_COMPLETE", world.reasons("addons")


FARGATE_PROFILES: dict[str, tuple[Change, str]] = {
    "CoreDNS that wants EC2": (
        lambda resources: [found.pop("ConfigurationValues", None) for found in of_type(resources, ADDON)],
        "coredns has no node to run on",
    ),
    "another namespace": (
        lambda resources: [
            found.update(Selectors=[{"Namespace": "kube-*-system"}]) for found in of_type(resources, PROFILE)
        ],
        "coredns has no node to run on",
    ),
    "some pods of the namespace": (
        lambda resources: [
            found.update(Selectors=[{"Namespace": "kube-system", "Labels": [{"Key": "a", "Value": "b"}]}])
            for found in of_type(resources, PROFILE)
        ],
        "coredns has no node to run on",
    ),
    "no images": (
        lambda resources: [
            role.update(ManagedPolicyArns=[_MINIMAL]) for role in of_type(resources, ROLE) if "fargate" in str(role)
        ],
        "coredns has no node to run on",
    ),
    "a role that Fargate cannot assume": (
        lambda resources: [
            role.update(AssumeRolePolicyDocument={"Version": "2012-10-17", "Statement": []})
            for role in of_type(resources, ROLE)
            if "fargate" in str(role)
        ],
        "Misconfigured PodExecutionRole Trust Policy",
    ),
}


@pytest.mark.parametrize(("change", "why"), FARGATE_PROFILES.values(), ids=FARGATE_PROFILES)
def test_profiles_that_take_no_pods(lab: Lab, change: Change, why: str) -> None:
    assert_refused(lab, "fargate", change, why)


def test_profiles_take_wildcards_and_private_subnets_only(lab: Lab) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html"""
    for kind, status in (("private", "CREATE_COMPLETE"), ("public", "ROLLBACK_COMPLETE")):
        world = lab.world()
        world.put_all("fargate", until="network")
        template = world.template("cluster", "fargate")
        for profile in of_type(template["Resources"], PROFILE):
            profile.update({"Selectors": [{"Namespace": "kube-s?s*"}], "Subnets": subnets(world, kind)})
        assert world.put("cluster", template=template) == status, world.reasons("cluster")


def test_profiles_hold_their_cluster(lab: Lab) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_DeleteCluster.html"""
    world = lab.world()
    world.put_all("fargate", until="network")
    template = world.template("cluster", "fargate")
    template["Resources"] = {
        id: {**found, "DeletionPolicy": "Retain"} if found["Type"] == PROFILE else found
        for id, found in template["Resources"].items()
    }
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")
    assert world.delete("cluster") == "DELETE_FAILED"
    assert any("has Fargate profiles attached" in reason for reason in world.reasons("cluster"))
