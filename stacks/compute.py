"""Nodes and Fargate profiles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from aws_cdk import CfnAutoScalingRollingUpdate, CfnUpdatePolicy, Fn, aws_autoscaling, aws_ec2, aws_iam
from aws_cdk import aws_eks_v2 as eks
from constructs import Construct

from blueprint.planning.document import FargateNodes, Launch, NodeGroup, NodeRoleKind, Plan, RollingUpdate
from blueprint.references import CLUSTER_CERTIFICATE, CLUSTER_DNS, CLUSTER_ENDPOINT, SERVICE_RANGE, name_of, resolved
from blueprint.workload import EFFECTS
from blueprint.zones import is_local
from stacks.acknowledge import ENGINE, NAG, NIST, acknowledge
from stacks.base import PARTITION_ONLY, given, service_role

Subnets = Sequence[tuple[str, str]]
"""Zone and id of each."""
_ROLES: Mapping[NodeRoleKind, str] = {
    "managed": "NodeRole",
    "self-managed": "SelfManagedNodeRole",
    "managed Windows": "WindowsNodeRole",
    "self-managed Windows": "SelfManagedWindowsNodeRole",
}
_ENTRIES: tuple[tuple[NodeRoleKind, str, str], ...] = (
    ("self-managed", "SelfManagedNodeAccess", "EC2_LINUX"),
    ("self-managed Windows", "SelfManagedWindowsNodeAccess", "EC2_WINDOWS"),
)
_EKS_EFFECTS = {kubernetes: eks for eks, kubernetes in EFFECTS.items()}


def add_compute(scope: Construct, plan: Plan, cluster: eks.CfnCluster, subnets: Subnets, vpc: str) -> None:
    """All nodes and Fargate profiles of the plan; Auto Mode is a property of the control plane.

    EKS makes and removes one Fargate profile at a time, so each waits for the one before.
    https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
    """
    adapters = _let_adapters_talk(scope, vpc) if any(_efa(compute) for compute in plan.compute) else ""
    roles = {kind: service_role(scope, _ROLES[kind], plan, role) for kind, role in plan.node_roles.items()}
    # The entries of managed groups' roles are made by EKS.
    for kind, name, entry in _ENTRIES:
        if kind in roles:
            arn = roles[kind].attr_arn
            eks.CfnAccessEntry(scope, name, cluster_name=plan.facts.name, principal_arn=arn, type=entry)
    profiles: list[Construct] = []
    for compute in plan.compute:
        own = Construct(scope, compute.name)
        if isinstance(compute, FargateNodes):
            _fargate(own, plan, compute, _of_group(compute, subnets))
            if profiles:
                own.node.add_dependency(profiles[-1])
            profiles.append(own)
        elif compute.kind == "managed":
            _managed(own, plan, _with(compute, adapters), roles[compute.role], cluster, _of_group(compute, subnets))
        else:
            _self_managed(
                own, plan, _with(compute, adapters), roles[compute.role], cluster, _of_group(compute, subnets)
            )


def _efa(compute: NodeGroup | FargateNodes) -> int:
    return compute.launch.efa if isinstance(compute, NodeGroup) else 0


def _with(group: NodeGroup, adapters: str) -> NodeGroup:
    """A group whose nodes have Elastic Fabric Adapters, with the security group that these need."""
    if not group.launch.efa:
        return group
    return replace(group, launch=replace(group.launch, security_groups=(adapters, *group.launch.security_groups)))


def _let_adapters_talk(scope: Construct, vpc: str) -> str:
    """A group that lets itself in and out, which a rule for all addresses does not do for these.

    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/efa-start.html (security group)
    """
    why = "Elastic Fabric Adapters of nodes talk to each other"
    own = Construct(scope, "Efa")
    group = aws_ec2.CfnSecurityGroup(own, "Group", group_description=why, vpc_id=vpc).attr_group_id
    given: dict[str, Any] = {"group_id": group, "ip_protocol": "-1", "description": why}
    into = aws_ec2.CfnSecurityGroupIngress(own, "In", source_security_group_id=group, **given)
    acknowledge(into, {f"{NIST}EC2RestrictedCommonPorts": "from the group itself, and from nobody else"})
    aws_ec2.CfnSecurityGroupEgress(own, "Out", destination_security_group_id=group, **given)
    return group


def _of_group(group: NodeGroup | FargateNodes, subnets: Subnets) -> list[str]:
    return [id for zone, id in subnets if (zone in group.zones if group.zones else not is_local(zone))]


def _managed(
    scope: Construct,
    plan: Plan,
    group: NodeGroup,
    role: aws_iam.CfnRole,
    cluster: eks.CfnCluster,
    subnets: list[str],
) -> None:
    launch = group.launch
    more: dict[str, Any] = {}
    if launch.security_groups:
        # EKS adds that of the cluster only where the template names none.
        more |= _network(launch, cluster)
    if own := _image(launch):
        more["imageId"] = own
    if launch.user_data:
        more["userData"] = Fn.base64(resolved(launch.user_data, _of_cluster(plan, cluster)))
    if launch.capacity_block:
        # https://docs.aws.amazon.com/eks/latest/userguide/capacity-blocks-mng.html
        more |= {"instanceMarketOptions": {"marketType": "capacity-block"}, "instanceType": group.instance_types[0]}
    template = _launch_template(scope, launch, _launch_data(launch, **more))
    # Left out, the number of nodes stays as it is; stated, each change of the others sets the group back to it.
    desired = {} if group.desired is None else {"desiredSize": group.desired}
    nodes = eks.CfnNodegroup(
        scope,
        "Nodes",
        cluster_name=plan.facts.name,
        node_role=role.attr_arn,
        subnets=subnets,
        # EKS takes none of the three beside an image of one's own.
        ami_type=None if own else group.image,
        # A release of Amazon Linux is of one Kubernetes version, one of Bottlerocket serves several, Windows has none.
        version=None if own or group.image.startswith("AL2023") else group.version,
        release_version=group.release or None,
        capacity_type="CAPACITY_BLOCK" if launch.capacity_block else group.capacity,
        instance_types=None if launch.capacity_block else list(group.instance_types),
        launch_template={"id": template.ref, "version": template.attr_latest_version_number},
        scaling_config={"minSize": group.min, "maxSize": group.max, **desired},
        update_config=given(
            maxUnavailablePercentage=group.max_unavailable_percent,
            maxUnavailable=group.max_unavailable,
            updateStrategy=None if group.update_strategy == "DEFAULT" else group.update_strategy,
        ),
        node_repair_config=_repair(group),
        warm_pool_config=_warm_pool(group),
        force_update_enabled=False,
        labels=dict(group.labels) or None,
        taints=[
            {"key": taint.key, "value": taint.value or None, "effect": _EKS_EFFECTS[taint.effect]}
            for taint in group.taints
        ]
        or None,
    )
    if not group.node_repair:
        acknowledge(nodes, {f"{ENGINE}EKS-NODE-REPAIR": "the blueprint says node_repair=False: a person replaces them"})


def _repair(group: NodeGroup) -> dict[str, Any] | None:
    repair = group.repair
    overrides = [
        {
            "nodeMonitoringCondition": each.condition,
            "nodeUnhealthyReason": each.reason,
            "repairAction": each.action,
            "minRepairWaitTimeMins": each.wait_minutes,
        }
        for each in repair.overrides
    ]
    return given(
        enabled=group.node_repair,
        maxParallelNodesRepairedCount=repair.parallel,
        maxParallelNodesRepairedPercentage=repair.parallel_percent,
        maxUnhealthyNodeThresholdCount=repair.stop_above,
        maxUnhealthyNodeThresholdPercentage=repair.stop_above_percent,
        nodeRepairConfigOverrides=overrides or None,
    )


def _warm_pool(group: NodeGroup) -> dict[str, Any] | None:
    pool = group.warm_pool
    if pool is None:
        return {"enabled": False} if group.without_warm_pool else None
    return given(
        enabled=True,
        minSize=pool.min,
        maxGroupPreparedCapacity=pool.max_prepared,
        poolState=pool.state,
        reuseOnScaleIn=pool.reuse,
    )


def _launch_template(scope: Construct, launch: Launch, data: dict[str, Any]) -> aws_ec2.CfnLaunchTemplate:
    template = aws_ec2.CfnLaunchTemplate(scope, "LaunchTemplate", launch_template_data=data)
    if any(volume.type == "gp2" for volume in launch.volumes):
        why = "nodes stand in a Local Zone, and some of these have no gp3"
        acknowledge(template, {f"{ENGINE}EKS-NODE-VOLUME-TYPE": why})
    if any((volume.iops or 0) > 16_000 for volume in launch.volumes):
        # https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
        why = "the rule has the limit of gp3 before September 2025, 16,000 operations a second; it is 80,000 now"
        acknowledge(template, {f"{ENGINE}E3671": why}, always=True)
    return template


def _network(launch: Launch, cluster: eks.CfnCluster) -> dict[str, Any]:
    """Groups of the nodes; those of a template with interfaces stand there.

    Interfaces beside the first carry nothing but the adapter, so that they take no address: terraform-aws-eks v21.19.0
    modules/eks-managed-node-group/main.tf:58-64.
    """
    groups = [cluster.attr_cluster_security_group_id, *launch.security_groups]
    if not launch.efa:
        return {"securityGroupIds": groups}
    return {
        "networkInterfaces": [
            {
                "interfaceType": "efa-only" if card else "efa",
                "networkCardIndex": card,
                "deviceIndex": 1 if card else 0,
                "deleteOnTermination": True,
                "groups": groups,
            }
            for card in range(launch.efa)
        ]
    }


def _launch_data(launch: Launch, **more: Any) -> dict[str, Any]:
    """https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html"""
    tags = [{"key": key, "value": value} for key, value in launch.tags.items()]
    return {
        "metadataOptions": {
            "httpTokens": "required",
            "httpPutResponseHopLimit": launch.metadata_hops,
            "httpEndpoint": "enabled",
        },
        "blockDeviceMappings": [
            {
                "deviceName": volume.device,
                "ebs": {
                    "volumeType": volume.type,
                    "encrypted": True,
                    "deleteOnTermination": True,
                    "volumeSize": volume.size_gib,
                    "iops": volume.iops,
                    "throughput": volume.throughput_mib,
                    "kmsKeyId": resolved(volume.key, PARTITION_ONLY) or None,
                },
            }
            for volume in launch.volumes
        ],
        "monitoring": {"enabled": True} if launch.monitoring else None,
        "placement": given(
            groupName=launch.placement_group or None,
            partitionNumber=launch.partition,
            tenancy=None if launch.tenancy == "default" else launch.tenancy,
        ),
        "capacityReservationSpecification": _reservation(launch.capacity_reservation),
        "cpuOptions": given(
            coreCount=launch.cpu.cores,
            threadsPerCore=launch.cpu.threads_per_core,
            nestedVirtualization="enabled" if launch.cpu.nested_virtualization else None,
            amdSevSnp="enabled" if launch.cpu.sev_snp else None,
        ),
        "enclaveOptions": {"enabled": True} if launch.enclaves else None,
        "licenseSpecifications": [
            {"licenseConfigurationArn": resolved(each, PARTITION_ONLY)} for each in launch.licenses
        ]
        or None,
        "tagSpecifications": [
            {"resourceType": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
        ],
        **more,
    }


def _reservation(chosen: str) -> dict[str, Any] | None:
    if chosen == "none":
        return {"capacityReservationPreference": "none"}
    key = "capacityReservationResourceGroupArn" if chosen.startswith("arn:") else "capacityReservationId"
    return {"capacityReservationTarget": {key: resolved(chosen, PARTITION_ONLY)}} if chosen else None


def _self_managed(
    scope: Construct,
    plan: Plan,
    group: NodeGroup,
    role: aws_iam.CfnRole,
    cluster: eks.CfnCluster,
    subnets: list[str],
) -> None:
    profile = aws_iam.CfnInstanceProfile(scope, "Profile", roles=[role.ref], path=role.path)
    data = _launch_data(
        group.launch,
        imageId=_image(group.launch),
        iamInstanceProfile={"arn": profile.attr_arn},
        **_network(group.launch, cluster),
        userData=Fn.base64(resolved(group.launch.user_data, _of_cluster(plan, cluster))),
    )
    template = _launch_template(scope, group.launch, data)
    specification = {"launchTemplateId": template.ref, "version": template.attr_latest_version_number}
    nodes = aws_autoscaling.CfnAutoScalingGroup(
        scope,
        "Nodes",
        min_size=str(group.min),
        max_size=str(group.max),
        vpc_zone_identifier=subnets,
        mixed_instances_policy={
            "instancesDistribution": {
                "onDemandPercentageAboveBaseCapacity": 0 if group.capacity == "SPOT" else 100,
                "spotAllocationStrategy": "price-capacity-optimized",
            },
            "launchTemplate": {
                "launchTemplateSpecification": specification,
                "overrides": [{"instanceType": name} for name in group.instance_types],
            },
        },
        tags=[{"key": f"kubernetes.io/cluster/{plan.facts.name}", "value": "owned", "propagateAtLaunch": True}],
    )
    if group.rolling_update:
        nodes.cfn_options.update_policy = _rolling(group.rolling_update)
    unseen = "the rule does not see the launch template of a mixed instances policy, which sets it"
    watched = "nodes come and go with the pods; Kubernetes reports that"
    acknowledge(nodes, {f"{NAG}EC26": unseen, f"{NIST}EC2IMDSv2Enabled": unseen, f"{NAG}AS3": watched})


def _image(launch: Launch) -> str:
    """What stands in a launch template; CloudFormation reads a parameter as often as the template changes."""
    return launch.image_id or (f"{{{{resolve:ssm:{launch.image_parameter}}}}}" if launch.image_parameter else "")


def _of_cluster(plan: Plan, cluster: eks.CfnCluster) -> dict[str, str]:
    """What user data refers to."""
    told = {
        name_of(CLUSTER_ENDPOINT): cluster.attr_endpoint,
        name_of(CLUSTER_CERTIFICATE): cluster.attr_certificate_authority_data,
    }
    if plan.control_plane.ip_family == "ipv6":
        services = cluster.attr_kubernetes_network_config_service_ipv6_cidr
        # The tenth address: amazon-eks-ami nodeadm/internal/api/net.go (GetClusterDns)
        dns = Fn.join("", [Fn.select(0, Fn.split("/", services)), "a"])
        told |= {name_of(SERVICE_RANGE): services, name_of(CLUSTER_DNS): dns}
    return told


def _rolling(update: RollingUpdate) -> CfnUpdatePolicy:
    """Without it a new launch template would reach new nodes only."""
    return CfnUpdatePolicy(
        auto_scaling_rolling_update=CfnAutoScalingRollingUpdate(
            max_batch_size=update.at_a_time,
            min_instances_in_service=update.min_in_service,
            pause_time=f"PT{update.pause_minutes}M",
        )
    )


def _fargate(scope: Construct, plan: Plan, profile: FargateNodes, subnets: list[str]) -> None:
    arn = resolved(profile.role_arn, PARTITION_ONLY)
    if profile.role:
        arn = service_role(scope, "Role", plan, profile.role).attr_arn
    eks.CfnFargateProfile(
        scope,
        "Profile",
        cluster_name=plan.facts.name,
        pod_execution_role_arn=arn,
        subnets=subnets,
        selectors=[
            {
                "namespace": selector.namespace,
                "labels": [{"key": key, "value": value} for key, value in selector.labels.items()] or None,
            }
            for selector in profile.selectors
        ],
    )
