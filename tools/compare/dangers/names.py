"""What is known of types of resources: what is lost with one, and by which name no two can be."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from blueprint.kubernetes import ObjectKey
from tools.assembly import CHART, MANIFEST, Template, objects, text
from tools.compare.dangers.danger import at

STATE: Mapping[str, str] = {
    "AWS::AutoScaling::AutoScalingGroup": "its nodes are terminated without being drained",
    "AWS::DynamoDB::Table": "its items are lost",
    "AWS::EC2::EIP": "the address is given back: others' allow-lists no longer know this cluster",
    "AWS::EC2::NatGateway": "connections from the private subnets to the internet break",
    "AWS::EC2::Subnet": "all that has an address in it must go first: nodes, pods, load balancers, the control plane",
    "AWS::EC2::VPC": "all that is in it must go first: the cluster, its nodes and load balancers",
    "AWS::EC2::Volume": "its data is lost",
    "AWS::ECR::Repository": "its images are lost",
    "AWS::EFS::FileSystem": "its files are lost",
    "AWS::EKS::Cluster": "all workloads and Kubernetes objects in it are lost",
    # https://docs.aws.amazon.com/eks/latest/userguide/delete-fargate-profile.html
    "AWS::EKS::FargateProfile": "its pods are deleted",
    # https://docs.aws.amazon.com/eks/latest/userguide/delete-managed-node-group.html
    "AWS::EKS::Nodegroup": "its nodes are drained and terminated, and their pods must fit elsewhere",
    "AWS::ElastiCache::ReplicationGroup": "its data is lost",
    "AWS::IAM::OIDCProvider": "service accounts with roles by IRSA lose their AWS permissions",
    "AWS::KMS::Key": "what it encrypted can no longer be read: Secrets, logs, volumes",
    "AWS::Logs::LogGroup": "its logs are lost",
    "AWS::RDS::DBCluster": "its data is lost",
    "AWS::RDS::DBInstance": "its data is lost",
    "AWS::S3::Bucket": "its objects are lost, or the deletion fails while there are any",
    "AWS::SecretsManager::Secret": "its value is lost",
}
"""By type, what is lost with it."""

# primaryIdentifier and additionalIdentifiers of https://schema.cloudformation.us-east-1.amazonaws.com/<type>.json, as
# far as a template writes them. Subnets of a VPC do not overlap:
# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
NAMES: Mapping[str, tuple[str, ...]] = {
    "AWS::AutoScaling::AutoScalingGroup": ("AutoScalingGroupName",),
    "AWS::DynamoDB::Table": ("TableName",),
    "AWS::EC2::LaunchTemplate": ("LaunchTemplateName",),
    "AWS::EC2::Subnet": ("VpcId", "CidrBlock"),
    "AWS::ECR::Repository": ("RepositoryName",),
    "AWS::EKS::AccessEntry": ("ClusterName", "PrincipalArn"),
    "AWS::EKS::Addon": ("ClusterName", "AddonName"),
    "AWS::EKS::Cluster": ("Name",),
    "AWS::EKS::FargateProfile": ("ClusterName", "FargateProfileName"),
    "AWS::EKS::Nodegroup": ("ClusterName", "NodegroupName"),
    "AWS::EKS::PodIdentityAssociation": ("ClusterName", "Namespace", "ServiceAccount"),
    "AWS::Events::Rule": ("Name",),
    "AWS::IAM::InstanceProfile": ("InstanceProfileName",),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName",),
    "AWS::IAM::OIDCProvider": ("Url",),
    "AWS::IAM::Role": ("RoleName",),
    "AWS::KMS::Alias": ("AliasName",),
    "AWS::Lambda::Function": ("FunctionName",),
    "AWS::Logs::LogGroup": ("LogGroupName",),
    "AWS::RDS::DBCluster": ("DBClusterIdentifier",),
    "AWS::RDS::DBInstance": ("DBInstanceIdentifier",),
    "AWS::S3::Bucket": ("BucketName",),
    "AWS::SQS::Queue": ("QueueName",),
    "AWS::SecretsManager::Secret": ("Name",),
    CHART: ("ClusterName", "Namespace", "Release"),
}


def name_of(resource: Template | None) -> tuple[str, ...] | None:
    """The values of its identifying properties; None when CloudFormation makes up a name."""
    if resource is None or resource["Type"] not in NAMES:
        return None
    values = [at(resource, name) for name in NAMES[resource["Type"]]]
    return None if None in values else tuple(map(text, values))


def likeness(resource: Template) -> str:
    """What a resource is, whatever it and those that it refers to are called."""
    properties = {name: value for name, value in resource.get("Properties", {}).items() if name != "Tags"}
    return json.dumps(_without_references(properties), sort_keys=True)


def key(thing: Mapping[str, Any]) -> ObjectKey:
    """By which Kubernetes knows an object."""
    group, slash, _ = str(thing.get("apiVersion", "")).partition("/")
    metadata = thing.get("metadata", {})
    return group if slash else "", thing.get("kind", ""), metadata.get("namespace", ""), metadata.get("name", "")


def keys(resource: Template | None) -> frozenset[ObjectKey]:
    """Of the Kubernetes objects that a resource applies."""
    return frozenset(map(key, objects(resource))) if resource and resource["Type"] == MANIFEST else frozenset()


def _without_references(value: Any) -> Any:
    if isinstance(value, Mapping):
        if set(value) & {"Ref", "Fn::GetAtt", "Fn::ImportValue"}:
            return "*"
        return {name: _without_references(item) for name, item in value.items()}
    return [_without_references(item) for item in value] if isinstance(value, list) else value
