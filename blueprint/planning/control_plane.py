"""The planned control plane of a blueprint, and what installs charts and objects into it."""

from __future__ import annotations

from blueprint.access import AccessPolicy, Role, auto_node_access
from blueprint.auto_mode import AutoMode
from blueprint.auto_node_class import OWN_NODES
from blueprint.blueprint import Blueprint
from blueprint.cluster import PublicEndpoint
from blueprint.delivery import hub_of
from blueprint.encryption import key_of
from blueprint.facts import ClusterFacts
from blueprint.hybrid_nodes import HybridNodes
from blueprint.planning import auto_mode, hybrid
from blueprint.planning.document import AutoModeNodes, ControlPlane, Installer, ServiceRole
from blueprint.planning.network import control_plane_subnets
from blueprint.versions import kubectl_layer

# Auto Mode's nodes get from EKS what others ask EC2 for before they join.
# https://docs.aws.amazon.com/eks/latest/userguide/auto-create-node-role.html
_AUTO_MODE_NODE_POLICIES = ("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly")


def planned_control_plane(blueprint: Blueprint, facts: ClusterFacts) -> ControlPlane:
    """The EKS cluster."""
    cluster = blueprint.cluster
    auto = next((compute for compute in blueprint.compute if isinstance(compute, AutoMode)), None)
    return ControlPlane(
        version=cluster.version,
        role=_role(facts, auto),
        subnets=control_plane_subnets(
            blueprint.network, blueprint.region, cluster.subnets_beside(auto_mode=bool(auto))
        ),
        public_ranges=cluster.endpoint.allow if isinstance(cluster.endpoint, PublicEndpoint) else (),
        log_types=cluster.log_types,
        log_retention_days=cluster.log_retention_days,
        deletion_protection=cluster.deletion_protection,
        support_policy=cluster.support_policy,
        ip_family=cluster.ip_family,
        service_cidr=cluster.service_cidr if cluster.ip_family == "ipv4" else "",
        auto_mode=_auto_mode(auto, facts) if auto else None,
        components=cluster.components,
        identity_providers=tuple(sorted(cluster.identity_providers, key=lambda each: each.name)),
        key=key_of(cluster.kms_key_arn) if cluster.kms_key_arn else "",
        security_groups=cluster.security_groups,
        scaling_tier=cluster.scaling_tier or "",
        egress_mode=cluster.egress_mode or "",
        zonal_shift=cluster.zonal_shift,
        rollback_timeout_minutes=cluster.rollback_timeout_minutes,
        certificate_authorities=tuple(sorted(cluster.certificate_authorities)),
        active_certificate_authority=cluster.active_certificate_authority or "",
        role_arn=Role(cluster.role).arn(facts.account) if cluster.role else "",
        hybrid=tuple(hybrid.planned(each, facts) for each in blueprint.compute if isinstance(each, HybridNodes)),
    )


def planned_installer(blueprint: Blueprint, facts: ClusterFacts) -> Installer | None:
    """It administers the cluster, since charts and manifests may hold anything."""
    if hub_of(blueprint.delivery):
        return None
    policies = (AccessPolicy("AmazonEKSClusterAdminPolicy"),)
    return Installer(kubectl_layer(facts.version), policies, blueprint.delivery.retain)


def _auto_mode(auto: AutoMode, facts: ClusterFacts) -> AutoModeNodes:
    """EKS takes no role of nodes without a built-in pool. Nodes of own classes have another one, since EKS makes the
    access entry of the first itself, whenever a built-in pool comes.
    """
    role = ServiceRole("ec2.amazonaws.com", _AUTO_MODE_NODE_POLICIES, facts.cache_permissions())
    return AutoModeNodes(
        auto.name,
        auto.node_pools,
        role if auto.node_pools else None,
        tuple(sorted(pool.name for pool in auto.own_node_pools)),
        role if auto.node_classes else None,
        auto_node_access(OWN_NODES) if auto.node_classes else None,
        tuple(sorted(auto.logs)),
    )


def _role(facts: ClusterFacts, auto: AutoMode | None) -> ServiceRole:
    """https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html"""
    service, policy = "eks.amazonaws.com", "AmazonEKSClusterPolicy"
    if not auto:
        # It gives pods on Windows their addresses: https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html
        windows = ("AmazonEKSVPCResourceController",) if facts.windows else ()
        return ServiceRole(service, (policy, *windows))
    # https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html
    more = (f"AmazonEKS{what}Policy" for what in ("BlockStorage", "Compute", "LoadBalancing", "Networking"))
    statements = auto_mode.cluster_permissions(facts, auto)
    return ServiceRole(service, (policy, *more), statements, ("sts:AssumeRole", "sts:TagSession"))
