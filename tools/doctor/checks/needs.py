"""What CloudFormation calls when it makes the stacks of a plan."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.contribution import (
    BackupPlan,
    BackupVault,
    Bucket,
    Capability,
    EventRule,
    FileSystem,
    MetricsWorkspace,
    MountTargets,
    NodeRole,
    Queue,
    RuleGroups,
)
from blueprint.planning.document import FargateNodes, NodeGroup, Plan
from tools.resource_types import TYPES


def needed_actions(plan: Plan) -> list[str]:
    """IAM actions of the resource types that the stacks of the plan hold."""
    return sorted({action for kind in types_of(plan) for action in TYPES[kind].creates})


def types_of(plan: Plan) -> Iterator[str]:
    """The resource types that the stacks of the plan hold, without custom resources."""
    optional = dict(_optional(plan))
    for kind, known in TYPES.items():
        if known.creates and optional.get(kind, True):
            yield kind


_OF_A_VPC = (
    *("FlowLog", "InternetGateway", "Route", "RouteTable", "Subnet", "SubnetRouteTableAssociation", "VPC"),
    *("VPCEndpoint", "VPCGatewayAttachment"),
)


def _optional(plan: Plan) -> Iterator[tuple[str, bool]]:
    """Resource types that some plans have and others have not."""
    groups = {each.kind for each in plan.compute if isinstance(each, NodeGroup)}
    fargate = any(isinstance(each, FargateNodes) for each in plan.compute)
    contributions = [part.contribution for part in plan.parts]
    resources = {type(resource) for contribution in contributions for resource in contribution.resources}
    grants = [grant for contribution in contributions for grant in contribution.grants]
    made = not plan.network.vpc_id
    for kind in _OF_A_VPC:
        yield f"AWS::EC2::{kind}", made
    yield "AWS::EC2::VPCCidrBlock", made and (len(plan.network.cidrs) > 1 or plan.network.ipv6)
    yield "AWS::EC2::EgressOnlyInternetGateway", plan.network.ipv6_nodes and plan.network.nat_gateways > 0
    yield "AWS::EC2::TransitGatewayAttachment", bool(plan.network.transit_gateways)
    for kind in ("AWS::EC2::EIP", "AWS::EC2::NatGateway"):
        yield kind, plan.network.nat_gateways > 0
    efa = any(isinstance(each, NodeGroup) and each.launch.efa for each in plan.compute)
    hybrid = bool(plan.control_plane.hybrid)
    yield (
        "AWS::EC2::SecurityGroup",
        ((made and bool(plan.network.interface_endpoints)) or efa or hybrid or MountTargets in resources),
    )
    for kind in ("AWS::EC2::SecurityGroupEgress", "AWS::EC2::SecurityGroupIngress"):
        yield kind, efa
    yield "AWS::EKS::CertificateAuthority", bool(plan.control_plane.certificate_authorities)
    for kind in ("AWS::IAM::Policy", "AWS::Lambda::LayerVersion"):
        yield kind, plan.installer is not None
    yield "AWS::Lambda::Function", plan.installer is not None or made  # one closes a new VPC's default group
    yield "AWS::EC2::LaunchTemplate", bool(groups)
    yield "AWS::AutoScaling::AutoScalingGroup", "self-managed" in groups
    yield "AWS::EKS::Nodegroup", "managed" in groups
    yield "AWS::EKS::FargateProfile", fargate
    yield "AWS::EKS::IdentityProviderConfig", bool(plan.control_plane.identity_providers)
    yield "AWS::EKS::Addon", any(contribution.managed_addons for contribution in contributions)
    yield "AWS::EKS::PodIdentityAssociation", any(not grant.irsa for grant in grants)
    yield "AWS::IAM::InstanceProfile", "self-managed" in groups or NodeRole in resources
    yield "AWS::EKS::Capability", Capability in resources
    auto = plan.control_plane.auto_mode
    for kind in ("Delivery", "DeliveryDestination", "DeliverySource"):
        yield f"AWS::Logs::{kind}", bool(auto and auto.logs)
    yield "AWS::Events::Rule", EventRule in resources
    yield "AWS::Route53::HostedZone", bool(plan.hosted_zones)
    yield "AWS::APS::Workspace", MetricsWorkspace in resources
    yield "AWS::APS::RuleGroupsNamespace", RuleGroups in resources
    yield "AWS::EFS::FileSystem", FileSystem in resources
    yield "AWS::EFS::MountTarget", MountTargets in resources
    yield "AWS::Backup::BackupVault", BackupVault in resources
    for kind in ("AWS::Backup::BackupPlan", "AWS::Backup::BackupSelection"):
        yield kind, BackupPlan in resources
    for kind in ("AWS::S3::Bucket", "AWS::S3::BucketPolicy"):
        yield kind, Bucket in resources
    yield "AWS::SSM::Parameter", plan.delivery is not None and plan.delivery.handed is not None
    for kind in ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"):
        yield kind, Queue in resources
