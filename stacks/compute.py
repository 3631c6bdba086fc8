"""Nodes and Fargate profiles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import CfnAutoScalingRollingUpdate, CfnUpdatePolicy, Fn, aws_autoscaling, aws_ec2, aws_iam
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint.compute import FargateProfile, ManagedNodes, Nodes, SelfManagedNodes
from blueprint.plan import Plan
from blueprint.references import resolved
from blueprint.user_data import user_data
from stacks.acknowledge import NAG, NIST, acknowledge
from stacks.base import PARTITION, service_role

# No CNI policy: aws-node has a role of its own.
# https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
# Auto Mode's nodes get from EKS what others ask EC2 for before they join.
# https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html
AUTO_MODE_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")


def node_role(scope: Construct, id: str, policies: Sequence[str] = NODE_POLICIES) -> aws_iam.CfnRole:
    """What a node may do: join its cluster and pull images."""
    return service_role(scope, id, "ec2.amazonaws.com", policies)


def add_compute(scope: Construct, plan: Plan, cluster: eks.CfnCluster, subnets: list[str]) -> None:
    """All nodes and Fargate profiles of the plan; Auto Mode is a property of the control plane.

    EKS makes and removes one Fargate profile at a time, so each waits for the one before.
    https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
    """
    kinds = {type(group) for group in plan.blueprint.compute}
    managed = node_role(scope, "NodeRole").attr_arn if ManagedNodes in kinds else None
    joining = _self_managed_role(scope, plan) if SelfManagedNodes in kinds else None
    profiles: list[Construct] = []
    for group in plan.blueprint.compute:
        own = Construct(scope, group.name)
        if isinstance(group, ManagedNodes) and managed:
            _managed(own, plan, group, managed, subnets)
        elif isinstance(group, SelfManagedNodes) and joining:
            _self_managed(own, plan, group, joining, cluster, subnets)
        elif isinstance(group, FargateProfile):
            _fargate(own, plan, group, subnets)
            if profiles:
                own.node.add_dependency(profiles[-1])
            profiles.append(own)


def _self_managed_role(scope: Construct, plan: Plan) -> aws_iam.CfnRole:
    """A role of their own, with an access entry: that of managed groups' role is made by EKS."""
    role = node_role(scope, "SelfManagedNodeRole")
    eks.CfnAccessEntry(
        scope, "SelfManagedNodeAccess", cluster_name=plan.facts.name, principal_arn=role.attr_arn, type="EC2_LINUX"
    )
    return role


def _managed(scope: Construct, plan: Plan, group: ManagedNodes, role_arn: str, subnets: list[str]) -> None:
    data = _launch_data(plan, group, group.image)
    template = aws_ec2.CfnLaunchTemplate(scope, "LaunchTemplate", launch_template_data=data)
    eks.CfnNodegroup(
        scope,
        "Nodes",
        cluster_name=plan.facts.name,
        node_role=role_arn,
        subnets=subnets,
        ami_type=group.image,
        # A release of Amazon Linux is of one Kubernetes version, one of Bottlerocket serves several.
        version=(group.own_version or plan.facts.version) if group.family == "BOTTLEROCKET" else None,
        release_version=group.release(plan.facts.version),
        capacity_type=group.capacity,
        instance_types=list(group.instance_types),
        launch_template={"id": template.ref, "version": template.attr_latest_version_number},
        scaling_config=_scaling(group),
        update_config={"maxUnavailablePercentage": group.max_unavailable_percent},
        node_repair_config={"enabled": group.node_repair},
        force_update_enabled=False,
        labels=dict(sorted(group.labels.items())) or None,
        taints=[{"key": t.key, "value": t.value or None, "effect": t.effect} for t in group.taints] or None,
    )


def _scaling(group: ManagedNodes) -> dict[str, int]:
    """Left out, the number of nodes stays as it is; stated, each change of the others sets the group back to it."""
    sizes = {"minSize": group.min, "maxSize": group.max}
    if group.desired == "unmanaged":
        return sizes
    return {**sizes, "desiredSize": group.min if group.desired is None else group.desired}


def _launch_data(plan: Plan, group: Nodes, image: str, **more: Any) -> dict[str, Any]:
    """IMDSv2 with one hop keeps the node's credentials from pods; volumes are encrypted.

    https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html
    """
    volumes: dict[str, int | None] = {"/dev/xvda": group.disk_gib}
    if image.startswith("BOTTLEROCKET"):
        # The first volume is the read-only system, of the image's own size; images and pods use the second.
        volumes = {"/dev/xvda": None, "/dev/xvdb": group.disk_gib}
    tags = [*plan.blueprint.tags.items(), ("Name", f"{plan.facts.name}-{group.name}")]
    listed = [{"key": key, "value": value} for key, value in sorted(tags)]
    return {
        "metadataOptions": {"httpTokens": "required", "httpPutResponseHopLimit": 1, "httpEndpoint": "enabled"},
        "blockDeviceMappings": [
            {
                "deviceName": device,
                "ebs": {"volumeType": "gp3", "encrypted": True, "deleteOnTermination": True, "volumeSize": size},
            }
            for device, size in volumes.items()
        ],
        "tagSpecifications": [
            {"resourceType": kind, "tags": listed} for kind in ("instance", "volume", "network-interface")
        ],
        **more,
    }


def _self_managed(
    scope: Construct,
    plan: Plan,
    group: SelfManagedNodes,
    role: aws_iam.CfnRole,
    cluster: eks.CfnCluster,
    subnets: list[str],
) -> None:
    profile = aws_iam.CfnInstanceProfile(scope, "Profile", roles=[role.ref])
    image = group.image_parameter(plan.facts.version)
    told = {
        "cluster-endpoint": cluster.attr_endpoint,
        "cluster-certificate": cluster.attr_certificate_authority_data,
    }
    data = _launch_data(
        plan,
        group,
        group.os,
        imageId=f"{{{{resolve:ssm:{image}}}}}",
        iamInstanceProfile={"arn": profile.attr_arn},
        securityGroupIds=[cluster.attr_cluster_security_group_id],
        userData=Fn.base64(resolved(user_data(group, plan.facts), told)),
    )
    template = aws_ec2.CfnLaunchTemplate(scope, "LaunchTemplate", launch_template_data=data)
    specification = {"launchTemplateId": template.ref, "version": template.attr_latest_version_number}
    spot = group.capacity == "SPOT"
    nodes = aws_autoscaling.CfnAutoScalingGroup(
        scope,
        "Nodes",
        min_size=str(group.min),
        max_size=str(group.max),
        vpc_zone_identifier=subnets,
        mixed_instances_policy={
            "instancesDistribution": {
                "onDemandPercentageAboveBaseCapacity": 0 if spot else 100,
                "spotAllocationStrategy": "price-capacity-optimized",
            },
            "launchTemplate": {
                "launchTemplateSpecification": specification,
                "overrides": [{"instanceType": name} for name in group.instance_types],
            },
        },
        tags=[{"key": f"kubernetes.io/cluster/{plan.facts.name}", "value": "owned", "propagateAtLaunch": True}],
    )
    # Without it a new launch template would reach new nodes only. One at a time, and time to join for its successor.
    nodes.cfn_options.update_policy = CfnUpdatePolicy(
        auto_scaling_rolling_update=CfnAutoScalingRollingUpdate(
            max_batch_size=1, min_instances_in_service=min(group.min, group.max - 1), pause_time="PT5M"
        )
    )
    unseen = "the rule does not see the launch template of a mixed instances policy, which sets it"
    watched = "nodes come and go with the pods; Kubernetes reports that"
    acknowledge(nodes, {f"{NAG}EC26": unseen, f"{NIST}EC2IMDSv2Enabled": unseen, f"{NAG}AS3": watched})


def _fargate(scope: Construct, plan: Plan, profile: FargateProfile, subnets: list[str]) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"""
    profiles = f"arn:{PARTITION}:eks:{plan.facts.region}:{plan.facts.account}:fargateprofile/{plan.facts.name}/*"
    role = service_role(
        scope,
        "Role",
        "eks-fargate-pods.amazonaws.com",
        ["AmazonEKSFargatePodExecutionRolePolicy"],
        ArnLike={"aws:SourceArn": profiles},
    )
    eks.CfnFargateProfile(
        scope,
        "Profile",
        cluster_name=plan.facts.name,
        pod_execution_role_arn=role.attr_arn,
        subnets=subnets,
        selectors=[
            {
                "namespace": selector.namespace,
                "labels": [{"key": key, "value": value} for key, value in sorted(selector.labels.items())] or None,
            }
            for selector in profile.selectors
        ],
    )
