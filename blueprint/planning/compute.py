"""The planned nodes and Fargate profiles of a blueprint. Auto Mode is a part of the control plane."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from blueprint.blueprint import Blueprint
from blueprint.compute import FargateProfile, ManagedNodes, Nodes, SelfManagedNodes
from blueprint.contribution import NODE_POLICIES
from blueprint.facts import ClusterFacts
from blueprint.planning.document import FargateNodes, Launch, NodeGroup, NodeKind, RollingUpdate, ServiceRole, Volume
from blueprint.planning.user_data import user_data
from blueprint.references import PARTITION

_VOLUMES = {"AL2023": "/dev/xvda", "BOTTLEROCKET": "/dev/xvdb"}
"""Where images and pods are. Bottlerocket's first volume is the read-only system, of the image's own size."""


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


def node_roles(blueprint: Blueprint) -> Mapping[NodeKind, ServiceRole]:
    """One for all groups of a kind: EKS makes the access entry of managed groups' role, we that of the others'."""
    kinds = {type(compute) for compute in blueprint.compute}
    role = ServiceRole("ec2.amazonaws.com", NODE_POLICIES)
    roles: dict[NodeKind, ServiceRole] = {}
    if ManagedNodes in kinds:
        roles["managed"] = role
    if SelfManagedNodes in kinds:
        roles["self-managed"] = role
    return roles


def _managed(nodes: ManagedNodes, facts: ClusterFacts) -> NodeGroup:
    desired = nodes.min if nodes.desired is None else nodes.desired
    return replace(
        _group(nodes, facts, "managed", nodes.image),
        desired=None if desired == "unmanaged" else desired,
        max_unavailable_percent=nodes.max_unavailable_percent,
        node_repair=nodes.node_repair,
    )


def _self_managed(nodes: SelfManagedNodes, facts: ClusterFacts) -> NodeGroup:
    group = _group(nodes, facts, "self-managed", nodes.os)
    image = nodes.image_parameter(facts.version)
    return replace(
        group,
        launch=replace(group.launch, image_parameter=image, user_data=user_data(nodes, facts)),
        # One at a time, and time to join for its successor.
        rolling_update=RollingUpdate(min(nodes.min, nodes.max - 1)),
    )


def _group(nodes: Nodes, facts: ClusterFacts, kind: NodeKind, image: str) -> NodeGroup:
    return NodeGroup(
        name=nodes.name,
        kind=kind,
        instance_types=nodes.instance_types,
        capacity=nodes.capacity,
        image=image,
        version=nodes.own_version or facts.version,
        release=nodes.release(facts.version),
        min=nodes.min,
        max=nodes.max,
        labels=dict(sorted(nodes.labels.items())),
        taints=tuple(taint.planned for taint in nodes.taints),
        launch=Launch(_volumes(nodes), _tags(nodes, facts)),
    )


def _volumes(nodes: Nodes) -> tuple[Volume, ...]:
    own = Volume(_VOLUMES[nodes.family], nodes.disk_gib)
    return (Volume("/dev/xvda", None), own) if nodes.family == "BOTTLEROCKET" else (own,)


def _tags(nodes: Nodes, facts: ClusterFacts) -> Mapping[str, str]:
    return dict(sorted([*facts.tags, ("Name", f"{facts.name}-{nodes.name}")]))


def _fargate(profile: FargateProfile, facts: ClusterFacts) -> FargateNodes:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"""
    profiles = f"arn:{PARTITION}:eks:{facts.region}:{facts.account}:fargateprofile/{facts.name}/*"
    role = ServiceRole(
        "eks-fargate-pods.amazonaws.com",
        ("AmazonEKSFargatePodExecutionRolePolicy",),
        conditions={"ArnLike": {"aws:SourceArn": profiles}},
    )
    return FargateNodes(profile.name, tuple(selector.planned for selector in profile.selectors), role)
