"""The planned nodes and Fargate profiles of a blueprint. Auto Mode is a part of the control plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Literal

from blueprint.access import Role
from blueprint.blueprint import Blueprint
from blueprint.compute import Compute
from blueprint.contribution import NODE_POLICIES
from blueprint.encryption import key_of
from blueprint.facts import ClusterFacts
from blueprint.fargate import FargateProfile
from blueprint.group_settings import NodeRepair, WarmPool
from blueprint.iam import Statement
from blueprint.instances import efa_interfaces
from blueprint.machine import CpuOptions
from blueprint.managed_nodes import ManagedNodes
from blueprint.nodes import Nodes
from blueprint.planning.document import (
    FargateNodes,
    Launch,
    NodeGroup,
    NodeKind,
    NodeRoleKind,
    RollingUpdate,
    ServiceRole,
    Volume,
)
from blueprint.planning.user_data import more_user_data, user_data
from blueprint.references import PARTITION, portable
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.workload import WINDOWS
from blueprint.zones import in_region, is_local

_VOLUMES = {"AL2023": "/dev/xvda", "BOTTLEROCKET": "/dev/xvdb", "WINDOWS": "/dev/sda1"}
"""Where images and pods are. Bottlerocket's first volume is the read-only system, of the image's own size."""


_KINDS: Mapping[NodeRoleKind, tuple[type[Nodes], bool]] = {
    "managed": (ManagedNodes, False),
    "self-managed": (SelfManagedNodes, False),
    "managed Windows": (ManagedNodes, True),
    "self-managed Windows": (SelfManagedNodes, True),
}
"""Class, and whether it is Windows that they run."""


def planned_compute(blueprint: Blueprint, facts: ClusterFacts) -> Iterator[NodeGroup | FargateNodes]:
    """In the order of the blueprint."""
    for compute in blueprint.compute:
        match compute:
            case ManagedNodes():
                yield _managed(compute, facts)
            case SelfManagedNodes():
                yield _self_managed(compute, facts)
            case FargateProfile():
                yield _fargate(compute, facts)


def node_roles(blueprint: Blueprint, facts: ClusterFacts) -> Mapping[NodeRoleKind, ServiceRole]:
    """One for all groups of a kind: EKS makes the access entry of managed groups' role, we that of the others'."""
    roles: dict[NodeRoleKind, ServiceRole] = {}
    for kind, (cls, windows) in _KINDS.items():
        groups = [each for each in blueprint.compute if isinstance(each, cls) and is_windows(each) is windows]
        if groups:
            shells = _sessions(facts) if any(group.session_manager for group in groups) else ()
            roles[kind] = ServiceRole("ec2.amazonaws.com", NODE_POLICIES, (*facts.cache_permissions(), *shells))
    return roles


def is_windows(compute: Compute) -> bool:
    """Whether it is nodes that run Windows."""
    return isinstance(compute, Nodes) and compute.family == "WINDOWS"


def _sessions(facts: ClusterFacts) -> tuple[Statement, ...]:
    """The least for Session Manager; AmazonSSMManagedInstanceCore lets a node read every parameter of the account.

    https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-create-iam-instance-profile.html
    """
    channels = (f"ssmmessages:{what}{kind}Channel" for what in ("Create", "Open") for kind in ("Control", "Data"))
    instances = f"arn:{PARTITION}:ec2:{facts.region}:{facts.account}:instance/*"
    return (
        Statement(("ssm:UpdateInstanceInformation",), (instances,), reason="a node has its id when it starts"),
        Statement(tuple(channels), ("*",), reason="channels of Session Manager have no ARN"),
    )


def _managed(nodes: ManagedNodes, facts: ClusterFacts) -> NodeGroup:
    desired = nodes.min if nodes.desired is None else nodes.desired
    group = _group(nodes, facts, "managed", "CUSTOM" if nodes.image else nodes.type_of_image)
    # EKS gives nothing to nodes with an image of one's own.
    told = user_data(nodes, facts) if nodes.image else more_user_data(nodes, facts)
    return replace(
        group,
        desired=None if desired == "unmanaged" else desired,
        max_unavailable_percent=None if nodes.max_unavailable else nodes.max_unavailable_percent or 33,
        max_unavailable=nodes.max_unavailable,
        update_strategy=nodes.update_strategy,
        node_repair=bool(nodes.node_repair),
        repair=nodes.node_repair if isinstance(nodes.node_repair, NodeRepair) else NodeRepair(),
        warm_pool=nodes.warm_pool if isinstance(nodes.warm_pool, WarmPool) else None,
        without_warm_pool=nodes.warm_pool == "off",
        launch=replace(group.launch, user_data=told, capacity_block=nodes.capacity_block),
    )


def _self_managed(nodes: SelfManagedNodes, facts: ClusterFacts) -> NodeGroup:
    group = _group(nodes, facts, "self-managed", nodes.os)
    launch = replace(group.launch, user_data=user_data(nodes, facts))
    if not nodes.image:
        launch = replace(launch, image_parameter=nodes.image_parameter(facts.version))
    return replace(
        group,
        launch=launch,
        # One at a time, and time to join for its successor.
        rolling_update=RollingUpdate(min(nodes.min, nodes.max - 1)),
    )


def _group(nodes: Nodes, facts: ClusterFacts, kind: NodeKind, image: str) -> NodeGroup:
    windows = is_windows(nodes)
    own, by_id = nodes.image or "", (nodes.image or "").startswith("ami-")
    return NodeGroup(
        name=nodes.name,
        kind=kind,
        instance_types=nodes.instance_types,
        capacity=nodes.capacity,
        image=image,
        version=nodes.own_version or facts.version,
        release="" if nodes.image else nodes.release(facts.version),
        min=nodes.min,
        max=nodes.max,
        labels=dict(sorted(nodes.labels.items())),
        taints=tuple(dict.fromkeys([*(taint.planned for taint in nodes.taints), *([WINDOWS] if windows else [])])),
        launch=Launch(
            _volumes(nodes),
            _tags(nodes, facts),
            security_groups=nodes.security_groups,
            monitoring=nodes.monitoring,
            placement_group=nodes.placement_group or "",
            capacity_reservation=portable(nodes.capacity_reservation or ""),
            partition=nodes.partition,
            tenancy=nodes.tenancy,
            cpu=nodes.cpu or CpuOptions(),
            enclaves=nodes.enclaves,
            licenses=portable(nodes.licenses),
            efa=efa_interfaces(nodes.instance_types) if nodes.efa else 0,
            image_id=own if by_id else "",
            image_parameter="" if by_id else own,
        ),
        zones=tuple(in_region(zone, facts.region) for zone in nodes.zones),
    )


def _volumes(nodes: Nodes) -> tuple[Volume, ...]:
    key = key_of(nodes.kms_key_arn) if nodes.kms_key_arn else ""
    kind = _volume_type(nodes)
    own = Volume(
        _VOLUMES[nodes.family],
        nodes.disk_gib,
        kind,
        iops=nodes.disk_iops,
        throughput_mib=nodes.disk_throughput_mib,
        key=key,
    )
    return (Volume("/dev/xvda", None, kind, key=key), own) if nodes.family == "BOTTLEROCKET" else (own,)


def _volume_type(nodes: Nodes) -> Literal["gp3", "gp2"]:
    """Some Local Zones lack gp3, and no call of AWS says which: awslabs/amazon-eks-ami#1295, and OpenShift's installer
    takes gp2 there for the same reason.
    """
    return "gp2" if any(map(is_local, nodes.zones)) else "gp3"


def _tags(nodes: Nodes, facts: ClusterFacts) -> Mapping[str, str]:
    return dict(sorted([*facts.tags, ("Name", f"{facts.name}-{nodes.name}")]))


def _fargate(profile: FargateProfile, facts: ClusterFacts) -> FargateNodes:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"""
    zones = tuple(in_region(zone, facts.region) for zone in profile.zones)
    selectors = tuple(selector.planned for selector in profile.selectors)
    if profile.role:
        arn = Role(profile.role).arn(facts.account)
        return FargateNodes(profile.name, selectors, None, role_arn=arn, zones=zones)
    profiles = f"arn:{PARTITION}:eks:{facts.region}:{facts.account}:fargateprofile/{facts.name}/*"
    role = ServiceRole(
        "eks-fargate-pods.amazonaws.com",
        ("AmazonEKSFargatePodExecutionRolePolicy",),
        (*_fargate_logs(facts), *facts.cache_permissions("ecr:BatchImportUpstreamImage")),
        conditions={"ArnLike": {"aws:SourceArn": profiles}},
    )
    return FargateNodes(profile.name, selectors, role, zones=zones)


def _fargate_logs(facts: ClusterFacts) -> Iterator[Statement]:
    """https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html, which lets them make groups as well."""
    if group := facts.fargate_log_group:
        streams = facts.arn("logs", f"log-group:{group}:log-stream:*")
        actions = ("logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams")
        yield Statement(
            actions, (streams, facts.arn("logs", f"log-group:{group}")), reason="a stream is named after its pod"
        )
