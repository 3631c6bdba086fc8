"""The rule pack: each rule finds what it is for and nothing else.

Every case is the template `GOOD` with a change. All of them are stacks of one app, so the engine runs once.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from aws_cdk import Acknowledgment, App, CfnResource, Environment, Stack, Validations, aws_ec2
from aws_cdk import aws_eks_v2 as eks

import stacks.rules
from stacks.rules import eks_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Template = dict[str, dict[str, Any]]

ACCOUNT = "111111111111"


def partition_arn(rest: str) -> dict[str, Any]:
    return {"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, f":{rest}"]]}


def get(resource: str, attribute: str = "Arn") -> dict[str, Any]:
    return {"Fn::GetAtt": [resource, attribute]}


def policy(*statements: dict[str, Any]) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


def trust(principal: object, action: str = "sts:AssumeRole", **conditions: object) -> dict[str, Any]:
    return policy({"Effect": "Allow", "Principal": principal, "Action": action, "Condition": conditions})


def issued_for(*claims: str) -> dict[str, Any]:
    """The trust of a role for service accounts, with the claims of its OIDC issuer that it compares."""
    compared = {f"oidc.eks.us-west-2.amazonaws.com/id/1A2B:{claim}": "value" for claim in claims}
    return trust({"Federated": {"Ref": "Issuer"}}, "sts:AssumeRoleWithWebIdentity", StringEquals=compared)


def issued_for_as_text(claim: str) -> dict[str, Any]:
    """The same as text: keys that hold the issuer of a new cluster cannot be written as an object."""
    document = json.dumps(issued_for(claim)).replace("oidc.eks.us-west-2.amazonaws.com/id/1A2B", "${Name}")
    return {"Fn::Sub": [document, {"Name": {"Fn::Select": [1, {"Fn::Split": ["//", get("Issuer")]}]}}]}


GOOD: Template = {
    "Key": {
        "Type": "AWS::KMS::Key",
        "Properties": {
            "EnableKeyRotation": True,
            "KeyPolicy": policy(
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": partition_arn(f"iam::{ACCOUNT}:root")},
                    "Action": "kms:*",
                    "Resource": "*",
                }
            ),
        },
        "DeletionPolicy": "Retain",
        "UpdateReplacePolicy": "Retain",
    },
    "ClusterRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust({"Service": "eks.amazonaws.com"}),
            "ManagedPolicyArns": [partition_arn("iam::aws:policy/AmazonEKSClusterPolicy")],
        },
    },
    "Cluster": {
        "Type": "AWS::EKS::Cluster",
        "Properties": {
            "Name": "dev",
            "Version": "1.35",
            "RoleArn": get("ClusterRole"),
            "AccessConfig": {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False},
            "BootstrapSelfManagedAddons": False,
            "EncryptionConfig": [{"Provider": {"KeyArn": get("Key")}, "Resources": ["secrets"]}],
            "Logging": {
                "ClusterLogging": {
                    "EnabledTypes": [
                        {"Type": "api"},
                        {"Type": "audit"},
                        {"Type": "authenticator"},
                        {"Type": "controllerManager"},
                        {"Type": "scheduler"},
                    ]
                }
            },
            "ResourcesVpcConfig": {
                "EndpointPrivateAccess": True,
                "EndpointPublicAccess": True,
                "PublicAccessCidrs": ["203.0.113.0/24"],
                "SubnetIds": [{"Fn::ImportValue": "subnet-a"}, {"Fn::ImportValue": "subnet-b"}],
            },
            "UpgradePolicy": {"SupportType": "STANDARD"},
        },
    },
    "Admin": {
        "Type": "AWS::EKS::AccessEntry",
        "Properties": {
            "ClusterName": {"Ref": "Cluster"},
            "PrincipalArn": partition_arn(f"iam::{ACCOUNT}:role/BreakGlass"),
            "Type": "STANDARD",
            "KubernetesGroups": ["platform"],
            "AccessPolicies": [
                {
                    "PolicyArn": partition_arn("eks::aws:cluster-access-policy/AmazonEKSViewPolicy"),
                    "AccessScope": {"Type": "namespace", "Namespaces": ["team-a"]},
                }
            ],
        },
    },
    "NodeRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust({"Service": "ec2.amazonaws.com"}),
            "ManagedPolicyArns": [
                partition_arn("iam::aws:policy/AmazonEKSWorkerNodePolicy"),
                partition_arn("iam::aws:policy/AmazonEC2ContainerRegistryPullOnly"),
            ],
        },
    },
    "NodeEntry": {
        "Type": "AWS::EKS::AccessEntry",
        "Properties": {"ClusterName": {"Ref": "Cluster"}, "PrincipalArn": get("NodeRole"), "Type": "EC2_LINUX"},
    },
    "LaunchTemplate": {
        "Type": "AWS::EC2::LaunchTemplate",
        "Properties": {
            "LaunchTemplateData": {
                "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
                "BlockDeviceMappings": [
                    {"DeviceName": "/dev/xvda", "Ebs": {"Encrypted": True, "VolumeType": "gp3", "VolumeSize": 50}}
                ],
            }
        },
    },
    "Nodes": {
        "Type": "AWS::EKS::Nodegroup",
        "Properties": {
            "ClusterName": {"Ref": "Cluster"},
            "NodeRole": get("NodeRole"),
            "Subnets": [{"Fn::ImportValue": "subnet-a"}],
            "Version": "1.35",
            "AmiType": "AL2023_ARM_64_STANDARD",
            "InstanceTypes": ["m7g.large", "c7gn.large", "im4gn.large", "x2gd.large", "a1.large"],
            "LaunchTemplate": {"Id": {"Ref": "LaunchTemplate"}, "Version": "1"},
            "ScalingConfig": {"MinSize": 1, "DesiredSize": 2, "MaxSize": 3},
            "UpdateConfig": {"MaxUnavailablePercentage": 33},
            "NodeRepairConfig": {"Enabled": True},
        },
    },
    "Addon": {
        "Type": "AWS::EKS::Addon",
        "Properties": {
            "ClusterName": {"Ref": "Cluster"},
            "AddonName": "vpc-cni",
            "AddonVersion": "v1.20.4-eksbuild.1",
            "ConfigurationValues": '{"enableNetworkPolicy": "true"}',
        },
    },
    "Chart": {
        "Type": "Custom::AWSCDK-EKS-HelmChart",
        "Properties": {
            "ServiceToken": {"Fn::ImportValue": "kubectl"},
            "ClusterName": {"Ref": "Cluster"},
            "Release": "podinfo",
            "Chart": "podinfo",
            "Version": "6.9.2",
            "Atomic": True,
            "Wait": True,
            "Timeout": "900s",
        },
    },
    "PodRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust(
                {"Service": "pods.eks.amazonaws.com"},
                StringEquals={"aws:SourceAccount": ACCOUNT},
                ArnEquals={"aws:SourceArn": get("Cluster")},
            )
        },
    },
    "PodPolicy": {
        "Type": "AWS::IAM::Policy",
        "Properties": {
            "PolicyName": "pod",
            "Roles": [{"Ref": "PodRole"}],
            "PolicyDocument": policy(
                {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": partition_arn("s3:::bucket/*")},
                {"Effect": "Deny", "Action": "*", "Resource": "*", "Condition": {"Null": {"aws:SourceVpc": True}}},
            ),
        },
    },
    "Association": {
        "Type": "AWS::EKS::PodIdentityAssociation",
        "Properties": {
            "ClusterName": {"Ref": "Cluster"},
            "Namespace": "podinfo",
            "ServiceAccount": "podinfo",
            "RoleArn": get("PodRole"),
        },
    },
    "Issuer": {
        "Type": "AWS::IAM::OIDCProvider",
        "Properties": {"Url": get("Cluster", "OpenIdConnectIssuerUrl"), "ClientIdList": ["sts.amazonaws.com"]},
    },
    "IrsaRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {"AssumeRolePolicyDocument": issued_for("sub", "aud")},
    },
}


class Case(NamedTuple):
    rule: str
    changes: Mapping[str, object]
    region: str | None = None


ABSENT = object()
RETENTION = ("DeletionPolicy", "UpdateReplacePolicy")


def changed(changes: Mapping[str, object]) -> Template:
    """`GOOD` with other values, each named by its path without `Properties`; `ABSENT` removes one."""
    template = deepcopy(GOOD)
    for path, value in changes.items():
        *steps, last = path.split(".")
        if steps and last not in RETENTION:
            steps.insert(1, "Properties")
        target: Any = template
        for step in steps:
            target = target[int(step)] if isinstance(target, list) else target.setdefault(step, {})
        if value is ABSENT:
            del target[last]
        else:
            target[last] = deepcopy(value)
    return template


def managed(*names: str) -> list[dict[str, Any]]:
    return [partition_arn(f"iam::aws:policy/{name}") for name in names]


def role(trusted: dict[str, Any]) -> dict[str, Any]:
    return {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trusted}}


def cfn_json(*claims: str) -> dict[str, Any]:
    """How the CDK's service accounts write keys that hold the issuer of a new cluster."""
    issuer = {"Fn::Select": [1, {"Fn::Split": ["//", get("Issuer")]}]}
    keys = [part for claim in claims for part in (',"', issuer, f':{claim}":"value"')]
    value = {"Fn::Join": ["", ['{"x":"y"', *keys, "}"]]}
    return {"Type": "Custom::AWSCDKCfnJson", "Properties": {"ServiceToken": "arn", "Value": value}}


VPC = "Cluster.ResourcesVpcConfig"
AUTO_MODE: Mapping[str, object] = {
    "Cluster.ComputeConfig": {"Enabled": True, "NodePools": ["system"], "NodeRoleArn": get("AutoModeRole")},
    "AutoModeRole": {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "AssumeRolePolicyDocument": trust({"Service": "ec2.amazonaws.com"}),
            "ManagedPolicyArns": managed("AmazonEKSWorkerNodeMinimalPolicy", "AmazonEC2ContainerRegistryPullOnly"),
        },
    },
    "Cluster.StorageConfig.BlockStorage.Enabled": True,
    "Cluster.KubernetesNetworkConfig.ElasticLoadBalancing.Enabled": True,
}
SCOPE = "Admin.AccessPolicies.0.AccessScope"
METADATA = "LaunchTemplate.LaunchTemplateData.MetadataOptions"
VOLUMES = "LaunchTemplate.LaunchTemplateData.BlockDeviceMappings"
INSTANCE_TYPE = "LaunchTemplate.LaunchTemplateData.InstanceType"
IMAGE = "LaunchTemplate.LaunchTemplateData.ImageId"
IRSA = "IrsaRole.AssumeRolePolicyDocument"
POD_CONDITION = "PodRole.AssumeRolePolicyDocument.Statement.0.Condition"
STATEMENT = "PodPolicy.PolicyDocument.Statement.0"
ROOT = {"AWS": partition_arn(f"iam::{ACCOUNT}:root")}
ADMINISTRATOR = policy({"Effect": "Allow", "Action": "*", "Resource": "*"})
GITHUB = {"Federated": partition_arn(f"iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com")}
AUTO_NODE_POLICY = {
    "PolicyArn": partition_arn("eks::aws:cluster-access-policy/AmazonEKSAutoNodePolicy"),
    "AccessScope": {"Type": "cluster"},
}

BREAKING = [
    Case("EKS-ENDPOINT-OPEN", {f"{VPC}.PublicAccessCidrs": ["203.0.113.0/24", "0.0.0.0/0"]}),
    Case("EKS-ENDPOINT-OPEN", {f"{VPC}.PublicAccessCidrs": ["::/0"]}),
    Case("EKS-ENDPOINT-OPEN", {f"{VPC}.PublicAccessCidrs": ABSENT}),
    Case("EKS-ENDPOINT-OPEN", {f"{VPC}.PublicAccessCidrs": ABSENT, f"{VPC}.EndpointPublicAccess": ABSENT}),
    Case("EKS-ENDPOINT-NONE", {f"{VPC}.EndpointPrivateAccess": False, f"{VPC}.EndpointPublicAccess": False}),
    Case("EKS-CONTROL-PLANE-LOGS", {"Cluster.Logging": ABSENT}),
    Case("EKS-CONTROL-PLANE-LOGS", {"Cluster.Logging.ClusterLogging.EnabledTypes": [{"Type": "audit"}]}),
    Case("EKS-SECRETS-ENCRYPTION", {"Cluster.EncryptionConfig": ABSENT}),
    Case("EKS-SECRETS-ENCRYPTION", {"Cluster.EncryptionConfig.0.Resources": ["secrets", "configmaps"]}),
    Case("EKS-SECRETS-KEY-ROTATION", {"Key.EnableKeyRotation": ABSENT}),
    Case("EKS-SECRETS-KEY-RETAIN", {"Key.DeletionPolicy": ABSENT}),
    Case("EKS-SECRETS-KEY-RETAIN", {"Key.UpdateReplacePolicy": "Delete"}),
    Case("EKS-AUTHENTICATION-MODE", {"Cluster.AccessConfig.AuthenticationMode": "API_AND_CONFIG_MAP"}),
    Case("EKS-CREATOR-ADMIN", {"Cluster.AccessConfig.BootstrapClusterCreatorAdminPermissions": ABSENT}),
    Case("EKS-SELF-MANAGED-ADDONS", {"Cluster.BootstrapSelfManagedAddons": ABSENT}),
    Case("EKS-SUPPORT-TYPE", {"Cluster.UpgradePolicy": ABSENT}),
    Case("EKS-AUTO-MODE-PARTS", {**AUTO_MODE, "Cluster.StorageConfig": ABSENT}),
    Case("EKS-AUTO-MODE-PARTS", {"Cluster.StorageConfig.BlockStorage.Enabled": True}),
    Case("EKS-CLUSTER-SUBNETS", {f"{VPC}.SubnetIds": ["subnet-1", "subnet-1"]}),
    Case("EKS-NODE-ENTRY-GRANTS", {"NodeEntry.KubernetesGroups": ["nodes"]}),
    Case("EKS-NODE-ENTRY-GRANTS", {"NodeEntry.Type": "FARGATE_LINUX", "NodeEntry.AccessPolicies": [AUTO_NODE_POLICY]}),
    Case("EKS-NODE-ENTRY-GRANTS", {"Admin.Type": "EC2", "Admin.KubernetesGroups": ABSENT}),
    Case("EKS-NAMESPACE-SCOPE", {f"{SCOPE}.Namespaces": ABSENT}),
    Case("EKS-NAMESPACE-SCOPE", {f"{SCOPE}.Namespaces": ["team-a", "team-*"]}),
    Case("EKS-RESERVED-GROUP", {"Admin.KubernetesGroups": ["platform", "system:masters"]}),
    Case("EKS-RESERVED-GROUP", {"Admin.KubernetesGroups": ["eks:admins"]}),
    Case("EKS-RESERVED-GROUP", {"Admin.KubernetesGroups": ["aws:admins"]}),
    Case("EKS-RESERVED-GROUP", {"Admin.KubernetesGroups": ["amazon:admins"]}),
    Case("EKS-RESERVED-GROUP", {"Admin.Username": "iam:admin"}),
    Case("EKS-POD-IDENTITY-DUPLICATE", {"Second": GOOD["Association"]}),
    Case("EKS-ADDON-VERSION", {"Addon.AddonVersion": ABSENT}),
    Case("EKS-ADDON-CONFIGURATION", {"Addon.ConfigurationValues": "replicaCount: 2"}),
    Case("EKS-ADDON-CONFIGURATION", {"Addon.ConfigurationValues": "[1]"}),
    Case("EKS-CHART-VERSION", {"Chart.Version": ABSENT}),
    Case("EKS-CHART-ATOMIC", {"Chart.Atomic": ABSENT}),
    Case("EKS-CHART-WAIT", {"Chart.Wait": False}),
    Case("EKS-CHART-TIMEOUT", {"Chart.Timeout": "901s"}),
    Case("EKS-CHART-TIMEOUT", {"Chart.Timeout": "20m"}),
    Case("EKS-NODE-VERSION", {"Nodes.Version": ABSENT}),
    Case("EKS-NODE-AMI-TYPE", {"Nodes.AmiType": ABSENT}),
    Case("EKS-NODE-DISK-SIZE", {"Nodes.DiskSize": 100}),
    Case("EKS-NODE-SCALING", {"Nodes.ScalingConfig": {"MinSize": 3, "MaxSize": 2}}),
    Case("EKS-NODE-SCALING", {"Nodes.ScalingConfig.DesiredSize": 4}),
    Case("EKS-NODE-MAX-UNAVAILABLE", {"Nodes.UpdateConfig.MaxUnavailable": 1}),
    Case("EKS-NODE-FORCE-UPDATE", {"Nodes.ForceUpdateEnabled": True}),
    Case("EKS-NODE-REMOTE-ACCESS", {"Nodes.RemoteAccess": {"Ec2SshKey": "key"}}),
    Case("EKS-NODE-ARCHITECTURE", {"Nodes.InstanceTypes": ["m7g.large", "m7i.large"]}),
    Case("EKS-NODE-ARCHITECTURE", {"Nodes.InstanceTypes": ["g4dn.xlarge"]}),
    Case("EKS-NODE-ARCHITECTURE", {"Nodes.AmiType": "BOTTLEROCKET_x86_64", "Nodes.InstanceTypes": ["t4g.small"]}),
    Case("EKS-NODE-ARCHITECTURE", {"Nodes.InstanceTypes": ABSENT, INSTANCE_TYPE: "m7i.large"}),
    Case("EKS-NODE-REPAIR", {"Nodes.NodeRepairConfig": ABSENT}),
    Case("EKS-NODE-LAUNCH-TEMPLATE", {"Nodes.LaunchTemplate": ABSENT}),
    Case("EKS-NODE-ROLE-JOIN", {"NodeRole.ManagedPolicyArns": managed("AmazonEKSWorkerNodeMinimalPolicy")}),
    Case("EKS-NODE-ROLE-JOIN", {"NodeRole.ManagedPolicyArns": ABSENT}),
    Case("EKS-NODE-ROLE-JOIN", {"NodeEntry.PrincipalArn": get("PodRole")}),
    Case(
        "EKS-NODE-ROLE-POLICIES",
        {"NodeRole.ManagedPolicyArns": managed("AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy")},
    ),
    Case("EKS-NODE-ROLE-POLICIES", {**AUTO_MODE, "Cluster.ComputeConfig.NodeRoleArn": get("ClusterRole")}),
    Case(
        "EKS-NODE-ROLE-POLICIES", {**AUTO_MODE, "AutoModeRole.ManagedPolicyArns": managed("AmazonEKSWorkerNodePolicy")}
    ),
    Case("EKS-NODE-ROLE-POLICIES", {"NodeEntry.Type": "EC2", "NodeEntry.PrincipalArn": get("ClusterRole")}),
    Case("EKS-NODE-IMDSV2", {f"{METADATA}.HttpTokens": "optional"}),
    Case("EKS-NODE-IMDS-HOPS", {f"{METADATA}.HttpPutResponseHopLimit": 2}),
    Case("EKS-NODE-IMDS-HOPS", {f"{METADATA}.HttpPutResponseHopLimit": ABSENT}),
    Case("EKS-NODE-VOLUME-ENCRYPTION", {VOLUMES: ABSENT}),
    Case("EKS-NODE-VOLUME-ENCRYPTION", {f"{VOLUMES}.0.Ebs.Encrypted": ABSENT}),
    Case("EKS-NODE-VOLUME-TYPE", {f"{VOLUMES}.0.Ebs.VolumeType": "gp2"}),
    Case("EKS-ROOT-TRUST", {"Masters": role(trust(ROOT))}),
    Case("EKS-ROOT-TRUST", {"Masters": role(trust({"AWS": [ACCOUNT]}, Bool={"aws:MultiFactorAuthPresent": True}))}),
    Case("EKS-ROOT-TRUST", {"Masters": role(trust("*"))}),
    Case("EKS-ROOT-TRUST", {"Masters": role(trust(ROOT, StringNotEquals={"aws:PrincipalTag/team": "guests"}))}),
    Case("EKS-IRSA-TRUST", {IRSA: issued_for("sub")}),
    Case("EKS-IRSA-TRUST", {IRSA: issued_for("aud")}),
    Case("EKS-IRSA-TRUST", {IRSA: issued_for_as_text("aud")}),
    Case(
        "EKS-IRSA-TRUST",
        {f"{IRSA}.Statement.0.Condition": {"StringEquals": get("Keys", "Value")}, "Keys": cfn_json("aud")},
    ),
    Case("EKS-IRSA-TRUST", {f"{IRSA}.Statement.0.Condition": {"StringLike": {"x:sub": "*", "x:aud": "*"}}}),
    Case("EKS-POD-IDENTITY-TRUST", {POD_CONDITION: ABSENT}),
    Case("EKS-POD-IDENTITY-TRUST", {f"{POD_CONDITION}.ArnEquals": ABSENT}),
    Case("EKS-POD-IDENTITY-TRUST", {f"{POD_CONDITION}.StringEquals": ABSENT}),
    Case("EKS-ACTION-WILDCARD", {f"{STATEMENT}.Action": ["*"]}),
    Case("EKS-ACTION-WILDCARD", {"PodRole.Policies": [{"PolicyName": "all", "PolicyDocument": ADMINISTRATOR}]}),
    Case("EKS-PARTITION", {f"{STATEMENT}.Resource": "arn:aws:s3:::bucket/*"}),
    Case(
        "EKS-PARTITION",
        {"Chart.Values": '{"bucket":"arn:aws:s3:::bucket"}', "Chart.Release": {"Fn::Join": ["", ["a"]]}},
    ),
    Case("EKS-PARTITION", {"Admin.PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Admin"}, region="us-gov-west-1"),
    Case(
        "EKS-PARTITION",
        {f"{STATEMENT}.Resource": {"Fn::Join": ["", ["arn:aws:s3:::", {"Ref": "PodRole"}]]}},
        region="cn-north-1",
    ),
]
"""Each breaks its rule, and no other."""

SATISFYING = [
    Case("all of them", {}),
    Case("all of them", {}, region="cn-north-1"),
    Case("EKS-ENDPOINT-OPEN", {f"{VPC}.PublicAccessCidrs": ABSENT, f"{VPC}.EndpointPublicAccess": False}),
    Case("EKS-SECRETS-KEY-ROTATION", {"Cluster.EncryptionConfig.0.Provider.KeyArn": {"Fn::ImportValue": "key"}}),
    Case("EKS-SUPPORT-TYPE", {"Cluster.UpgradePolicy.SupportType": "EXTENDED"}),
    Case("EKS-AUTO-MODE-PARTS", AUTO_MODE),
    Case("EKS-AUTO-MODE-PARTS", {"Cluster.ComputeConfig": {"Enabled": False}}),
    Case("EKS-NODE-ENTRY-GRANTS", {"NodeEntry.Type": "EC2", "NodeEntry.AccessPolicies": [AUTO_NODE_POLICY]}),
    Case("EKS-NAMESPACE-SCOPE", {SCOPE: {"Type": "cluster"}}),
    Case("EKS-POD-IDENTITY-DUPLICATE", {"Second": GOOD["Association"], "Second.Namespace": "other"}),
    Case(
        "EKS-ADDON-CONFIGURATION",
        {"Addon.ConfigurationValues": {"Fn::Join": ["", ['{"replicas":', get("PodRole"), "}"]]}},
    ),
    Case("EKS-CHART-VERSION", {"Chart.Version": ABSENT, "Chart.ChartAssetURL": "s3://bucket/chart.zip"}),
    Case("EKS-CHART-TIMEOUT", {"Chart.Timeout": ABSENT}),
    Case("EKS-NODE-VERSION", {"Nodes.Version": ABSENT, "Nodes.ReleaseVersion": "1.35.0-20261101"}),
    Case("EKS-NODE-AMI-TYPE", {"Nodes.AmiType": ABSENT, "Nodes.Version": ABSENT, IMAGE: "ami-0123456789abcdef0"}),
    Case("EKS-NODE-ARCHITECTURE", {"Nodes.AmiType": "AL2023_x86_64_STANDARD", "Nodes.InstanceTypes": ["g4dn.xlarge"]}),
    Case("EKS-NODE-ROLE-JOIN", {"NodeEntry.PrincipalArn": {"Fn::ImportValue": "role"}}),
    Case(
        "EKS-NODE-ROLE-POLICIES",
        {"NodeRole.ManagedPolicyArns": managed("AmazonEKSWorkerNodePolicy", "AmazonSSMManagedInstanceCore")},
    ),
    Case("EKS-ROOT-TRUST", {"Narrow": role(trust(ROOT, StringEquals={"aws:PrincipalTag/team": "platform"}))}),
    Case(
        "EKS-IRSA-TRUST",
        {f"{IRSA}.Statement.0.Condition": {"StringEquals": get("Keys", "Value")}, "Keys": cfn_json("aud", "sub")},
    ),
    Case(
        "EKS-IRSA-TRUST",
        {IRSA: trust(GITHUB, "sts:AssumeRoleWithWebIdentity", StringLike={"x:sub": "repo:owner/name:*"})},
    ),
    Case(
        "EKS-POD-IDENTITY-TRUST",
        {POD_CONDITION: {"StringEquals": {"aws:SourceAccount": ACCOUNT, "aws:RequestTag/eks-cluster-name": "dev"}}},
    ),
    Case("EKS-PARTITION", {"Admin.PrincipalArn": f"arn:aws:iam::{ACCOUNT}:role/Admin"}, region="us-west-2"),
    Case("EKS-PARTITION", {"ClusterRole.ManagedPolicyArns": [{"Fn::If": ["Condition", *managed("A", "B")]}]}),
]
"""Near the edge of a rule, on the right side of it."""


def add_template(scope: App, name: str, template: Template, region: str | None = None) -> Stack:
    stack = Stack(scope, name, env=Environment(region=region))
    for logical_id, resource in template.items():
        made = CfnResource(stack, logical_id, type=resource["Type"], properties=resource["Properties"])
        for attribute in RETENTION:
            if attribute in resource:
                made.add_override(attribute, resource[attribute])
    return stack


def app_with_rules(outdir: Path, context: Mapping[str, object] | None = None) -> App:
    app = App(outdir=str(outdir), analytics_reporting=False, tree_metadata=False, context=context)
    Validations.of(app).add_plugins(eks_rules())
    return app


def violations(outdir: Path) -> Iterator[tuple[str, str]]:
    """Rule and construct path of everything found."""
    report = json.loads((outdir / "validation-report.json").read_text())
    for plugin in report["pluginReports"]:
        for violation in plugin["violations"]:
            for construct in violation["violatingConstructs"]:
                yield violation["ruleName"], construct["constructPath"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, set[str]]:
    """The rules that found something, by stack."""
    outdir = tmp_path_factory.mktemp("rules")
    app = app_with_rules(outdir, {"@aws-cdk/core:failSynthOnValidationErrors": False})  # nor print them
    for kind, cases in (("Breaking", BREAKING), ("Satisfying", SATISFYING)):
        for number, case in enumerate(cases):
            add_template(app, f"{kind}{number}", changed(case.changes), case.region)
    add_template(app, "Pipeline", {"Deploy": role(trust(ROOT))})
    add_template(app, "Misspelt", changed({"Cluster.Versoin": "1.35"}))
    l2 = Stack(app, "L2")
    eks.Cluster(l2, "Cluster", version=eks.KubernetesVersion.of("1.35"), vpc=aws_ec2.Vpc(l2, "Vpc", max_azs=2))
    app.synth()
    by_stack: dict[str, set[str]] = defaultdict(set)
    for rule, path in violations(outdir):
        by_stack[path.split("/")[0]].add(rule)
    return by_stack


def pack(rules: set[str]) -> set[str]:
    return {rule for rule in rules if rule.startswith("EKS-")}


@pytest.mark.parametrize("number", range(len(BREAKING)), ids=[case.rule for case in BREAKING])
def test_a_rule_finds_what_breaks_it(found: dict[str, set[str]], number: int) -> None:
    assert pack(found[f"Breaking{number}"]) == {BREAKING[number].rule}


@pytest.mark.parametrize("number", range(len(SATISFYING)), ids=[case.rule for case in SATISFYING])
def test_a_rule_passes_what_satisfies_it(found: dict[str, set[str]], number: int) -> None:
    assert not pack(found[f"Satisfying{number}"])


def test_every_rule_has_a_breaking_template() -> None:
    files = Path(stacks.rules.__file__).parent.glob("*.rego")
    rules = {rule for file in files for rule in re.findall(r'"(EKS-[A-Z0-9-]+)"', file.read_text())}
    assert rules == {case.rule for case in BREAKING}


def test_roles_of_a_pipeline_may_trust_their_account(found: dict[str, set[str]]) -> None:
    assert not pack(found["Pipeline"])


def test_rules_see_resources_of_the_l2(found: dict[str, set[str]]) -> None:
    assert {"EKS-ENDPOINT-OPEN", "EKS-CONTROL-PLANE-LOGS", "EKS-NODE-ROLE-POLICIES"} <= found["L2"]


def test_built_in_rules_still_run(found: dict[str, set[str]]) -> None:
    assert found["Misspelt"] - pack(found["Misspelt"])


@pytest.mark.parametrize("flag", ["strictCfnValidateErrors", "validateAgainstDefaultRules"])
def test_a_finding_fails_a_strict_synth(tmp_path: Path, flag: str) -> None:
    app = app_with_rules(tmp_path, {f"@aws-cdk/core:{flag}": True})
    add_template(app, "Strict", changed({"Addon.AddonVersion": ABSENT}))
    with pytest.raises(RuntimeError, match="CloudFormation-Validate::EKS-ADDON-VERSION"):
        app.synth()


def test_an_acknowledged_finding_does_not(tmp_path: Path) -> None:
    app = app_with_rules(tmp_path, {"@aws-cdk/core:validateAgainstDefaultRules": True})
    addon = add_template(app, "Strict", changed({"Addon.AddonVersion": ABSENT})).node.find_child("Addon")
    rule = Acknowledgment(id="CloudFormation-Validate::EKS-ADDON-VERSION", reason="the test of acknowledgments")
    Validations.of(addon).acknowledge(rule)
    app.synth()
