"""What CloudFormation calls when it makes the stacks of a plan."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from blueprint.contribution import EventRule, NodeRole, Queue
from blueprint.planning.document import FargateNodes, NodeGroup, Plan

# Of each resource type what makes it, out of `handlers.create.permissions` of its schema in the CloudFormation registry
# (https://docs.aws.amazon.com/cloudformation-cli/latest/userguide/resource-type-schema.html). A test compares these
# with the schemas that cfn-lint ships, and the types with the templates.
CREATES: Mapping[str, tuple[str, ...]] = {
    "AWS::AutoScaling::AutoScalingGroup": ("autoscaling:CreateAutoScalingGroup", "ec2:RunInstances", "iam:PassRole"),
    "AWS::EC2::EIP": ("ec2:AllocateAddress",),
    "AWS::EC2::FlowLog": ("ec2:CreateFlowLogs", "iam:PassRole"),
    "AWS::EC2::InternetGateway": ("ec2:CreateInternetGateway",),
    "AWS::EC2::LaunchTemplate": ("ec2:CreateLaunchTemplate",),
    "AWS::EC2::NatGateway": ("ec2:CreateNatGateway",),
    "AWS::EC2::Route": ("ec2:CreateRoute",),
    "AWS::EC2::RouteTable": ("ec2:CreateRouteTable",),
    "AWS::EC2::SecurityGroup": ("ec2:CreateSecurityGroup", "ec2:AuthorizeSecurityGroupIngress"),
    "AWS::EC2::Subnet": ("ec2:CreateSubnet", "ec2:CreateTags"),
    "AWS::EC2::SubnetRouteTableAssociation": ("ec2:AssociateRouteTable",),
    "AWS::EC2::VPC": ("ec2:CreateVpc", "ec2:ModifyVpcAttribute"),
    "AWS::EC2::VPCEndpoint": ("ec2:CreateVpcEndpoint",),
    "AWS::EC2::VPCGatewayAttachment": ("ec2:AttachInternetGateway",),
    "AWS::EKS::AccessEntry": ("eks:CreateAccessEntry", "eks:AssociateAccessPolicy"),
    "AWS::EKS::Addon": ("eks:CreateAddon",),
    "AWS::EKS::Cluster": ("eks:CreateCluster", "eks:TagResource", "iam:PassRole", "kms:CreateGrant", "kms:DescribeKey"),
    "AWS::EKS::FargateProfile": ("eks:CreateFargateProfile", "iam:PassRole"),
    "AWS::EKS::Nodegroup": ("eks:CreateNodegroup", "ec2:RunInstances", "iam:PassRole"),
    "AWS::EKS::PodIdentityAssociation": ("eks:CreatePodIdentityAssociation", "iam:PassRole"),
    "AWS::Events::Rule": ("events:PutRule", "events:PutTargets"),
    "AWS::IAM::InstanceProfile": ("iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile"),
    "AWS::IAM::OIDCProvider": ("iam:CreateOpenIDConnectProvider",),
    "AWS::IAM::Policy": ("iam:PutRolePolicy",),
    "AWS::IAM::Role": ("iam:CreateRole", "iam:AttachRolePolicy", "iam:PutRolePolicy", "iam:TagRole"),
    "AWS::KMS::Key": ("kms:CreateKey", "kms:EnableKeyRotation", "kms:TagResource"),
    "AWS::Lambda::Function": ("lambda:CreateFunction", "iam:PassRole"),
    "AWS::Lambda::LayerVersion": ("lambda:PublishLayerVersion",),
    "AWS::Logs::LogGroup": ("logs:CreateLogGroup", "logs:PutRetentionPolicy", "logs:TagResource"),
    "AWS::SQS::Queue": ("sqs:CreateQueue",),
    "AWS::SQS::QueuePolicy": ("sqs:SetQueueAttributes",),
}


def needed_actions(plan: Plan) -> list[str]:
    """IAM actions of the resource types that the stacks of the plan hold."""
    return sorted({action for kind in types_of(plan) for action in CREATES[kind]})


def types_of(plan: Plan) -> Iterator[str]:
    """The resource types that the stacks of the plan hold, without custom resources."""
    optional = dict(_optional(plan))
    for kind in CREATES:
        if optional.get(kind, True):
            yield kind


def _optional(plan: Plan) -> Iterator[tuple[str, bool]]:
    """Resource types that some plans have and others have not."""
    groups = {each.kind for each in plan.compute if isinstance(each, NodeGroup)}
    fargate = any(isinstance(each, FargateNodes) for each in plan.compute)
    contributions = [part.contribution for part in plan.parts]
    made = {type(resource) for contribution in contributions for resource in contribution.resources}
    grants = [grant for contribution in contributions for grant in contribution.grants]
    for kind in ("AWS::EC2::EIP", "AWS::EC2::NatGateway"):
        yield kind, plan.network.nat_gateways > 0
    yield "AWS::EC2::SecurityGroup", bool(plan.network.interface_endpoints)
    yield "AWS::EC2::LaunchTemplate", bool(groups)
    yield "AWS::AutoScaling::AutoScalingGroup", "self-managed" in groups
    yield "AWS::EKS::Nodegroup", "managed" in groups
    yield "AWS::EKS::FargateProfile", fargate
    yield "AWS::EKS::Addon", any(contribution.managed_addons for contribution in contributions)
    yield "AWS::EKS::PodIdentityAssociation", any(not grant.irsa for grant in grants)
    yield "AWS::IAM::InstanceProfile", "self-managed" in groups or NodeRole in made
    yield "AWS::Events::Rule", EventRule in made
    for kind in ("AWS::SQS::Queue", "AWS::SQS::QueuePolicy"):
        yield kind, Queue in made
