"""What AWS is told of single resources, held against what its documentation says of them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Stack
from aws_cdk.assertions import Template as Rendered

from blueprint import FargateProfile, FargateSelector
from blueprint.access import AccessEntry, AccessPolicy
from blueprint.planning.planner import plan
from examples.fargate import FARGATE
from examples.managed import MANAGED
from stacks.permissions import access_entry
from tests.templates import Template, Templates, of_type, synthesized
from tools.assembly import text


def every(fleet: Templates, kind: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Cluster and properties of every resource of a type; there are some."""
    found = [
        (cluster, resource["Properties"])
        for (cluster, _), template in fleet.items()
        for resource in of_type(template, kind).values()
    ]
    assert found
    yield from found


def statements(role: Template) -> list[dict[str, Any]]:
    """Who may take a role."""
    found = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    assert isinstance(found, list)
    return found


# --- Access -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("namespaces", "scope"),
    [((), {"Type": "cluster"}), (("a", "b"), {"Type": "namespace", "Namespaces": ["a", "b"]})],
)
def test_a_policy_of_some_namespaces_is_not_of_the_cluster(namespaces: tuple[str, ...], scope: dict[str, Any]) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_AccessScope.html"""
    stack = Stack(App(), "Stack")
    policies = (AccessPolicy("AmazonEKSViewPolicy", namespaces), AccessPolicy("AmazonEKSAdminViewPolicy", ("c",)))
    access_entry(stack, plan(MANAGED), AccessEntry("arn:aws:iam::111111111111:role/viewer", policies=policies), {})
    (entry,) = Rendered.from_stack(stack).find_resources("AWS::EKS::AccessEntry").values()
    properties = entry["Properties"]
    assert (properties["ClusterName"], properties["Type"]) == ("managed", "STANDARD")
    assert [each["AccessScope"] for each in properties["AccessPolicies"]] == [
        scope,
        {"Type": "namespace", "Namespaces": ["c"]},
    ]
    # https://docs.aws.amazon.com/eks/latest/userguide/access-policies.html: arn:aws:eks::aws:cluster-access-policy/…
    assert [text(each["PolicyArn"]).partition("}")[2] for each in properties["AccessPolicies"]] == [
        ":eks::aws:cluster-access-policy/AmazonEKSViewPolicy",
        ":eks::aws:cluster-access-policy/AmazonEKSAdminViewPolicy",
    ]


def test_self_managed_nodes_may_join(fleet: Templates) -> None:
    """EKS makes the entry of managed groups itself (userguide, creating-access-entries: EC2_LINUX)."""
    template = fleet["self-managed", "cluster"]
    (entry,) = (
        each["Properties"]
        for each in of_type(template, "AWS::EKS::AccessEntry").values()
        if each["Properties"]["Type"] == "EC2_LINUX"
    )
    role = template["Resources"][entry["PrincipalArn"]["Fn::GetAtt"][0]]
    assert [each["Principal"] for each in statements(role)] == [{"Service": "ec2.amazonaws.com"}]
    profiles = of_type(template, "AWS::IAM::InstanceProfile").values()
    assert [each["Properties"]["Roles"][0]["Ref"] for each in profiles] == [entry["PrincipalArn"]["Fn::GetAtt"][0]] * 2
    assert not {"KubernetesGroups", "AccessPolicies"} & set(entry)
    assert entry["ClusterName"] == "self-managed"


def test_the_identity_provider_is_the_cluster_s_and_of_sts(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/enable-iam-roles-for-service-accounts.html"""
    for _, provider in every(fleet, "AWS::IAM::OIDCProvider"):
        assert provider == {
            "ClientIdList": ["sts.amazonaws.com"],
            "Url": {"Fn::GetAtt": ["Cluster", "OpenIdConnectIssuerUrl"]},
        }


# --- The control plane ------------------------------------------------------------------------------------------------


def test_the_api_is_reached_from_the_network_whoever_else_reaches_it(fleet: Templates) -> None:
    """Without, nodes leave the VPC to talk to it (userguide, cluster-endpoint)."""
    found = {cluster: each["ResourcesVpcConfig"] for cluster, each in every(fleet, "AWS::EKS::Cluster")}
    assert {each["EndpointPrivateAccess"] for each in found.values()} == {True}
    assert {cluster for cluster, each in found.items() if each["EndpointPublicAccess"]} >= {"dev"}
    assert found["dev"]["PublicAccessCidrs"] == ["203.0.113.0/24"]
    assert all(each["EndpointPublicAccess"] is ("PublicAccessCidrs" in each) for each in found.values())


def test_nothing_has_to_be_looked_up(examples: Path) -> None:
    """cloud-assembly-schema of the CDK, `missing`: what its CLI asks of the account before it synthesizes again."""
    found = [json.loads(path.read_text(encoding="utf-8")) for path in examples.glob("**/manifest.json")]
    assert len(found) > 10
    assert not any("missing" in each for each in found)


def test_the_stack_tells_the_command_that_opens_the_cluster(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/create-kubeconfig.html"""
    told = fleet["dev", "cluster"]["Outputs"]["UpdateKubeconfig"]["Value"]
    assert told == "aws eks update-kubeconfig --name dev --region us-west-2"


def test_what_a_control_plane_keeps_for_good_is_stated(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html"""
    for cluster, each in every(fleet, "AWS::EKS::Cluster"):
        assert each["Name"] == cluster
        assert each["BootstrapSelfManagedAddons"] is False
        assert each["AccessConfig"] == {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False}
        family = "ipv6" if cluster == "ipv6" else "ipv4"
        assert each["KubernetesNetworkConfig"]["IpFamily"] == family
        # EKS chooses those of IPv6.
        assert each["KubernetesNetworkConfig"].get("ServiceIpv4Cidr", "").endswith(".0.0/16") is (family == "ipv4")
        if cluster == "provisioned":
            continue  # tests/stacks/test_control_plane.py
        assert each["EncryptionConfig"] == [
            {"Provider": {"KeyArn": {"Fn::GetAtt": ["Key", "Arn"]}}, "Resources": ["secrets"]}
        ]
        logs = [log["Type"] for log in each["Logging"]["ClusterLogging"]["EnabledTypes"]]
        # userguide, control-plane-logs
        assert sorted(logs) == ["api", "audit", "authenticator", "controllerManager", "scheduler"]
    names = [each.get("LogGroupName") for cluster, each in every(fleet, "AWS::Logs::LogGroup") if cluster == "dev"]
    assert "/aws/eks/dev/cluster" in names


def test_an_addon_wins_over_what_somebody_changed_by_hand(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateAddon.html (resolveConflicts)"""
    for cluster, addon in every(fleet, "AWS::EKS::Addon"):
        assert addon["ResolveConflicts"] == "OVERWRITE"
        assert addon["ClusterName"] == cluster


def test_a_key_is_the_account_s_and_of_its_logs(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html

    The condition keeps logs of other accounts and regions out, whose service has the same name.
    """
    for cluster, key in every(fleet, "AWS::KMS::Key"):
        account, logs = key["KeyPolicy"]["Statement"]
        assert key["EnableKeyRotation"] is True
        assert (account["Effect"], account["Action"]) == ("Allow", "kms:*")
        assert text(account["Principal"]["AWS"]).endswith(":root")
        assert logs["Effect"] == "Allow"
        assert sorted(logs["Action"]) == [
            "kms:Decrypt*",
            "kms:Describe*",
            "kms:Encrypt*",
            "kms:GenerateDataKey*",
            "kms:ReEncrypt*",
        ]
        (arn,) = logs["Condition"]["ArnLike"].values()
        assert [*logs["Condition"]["ArnLike"]] == ["kms:EncryptionContext:aws:logs:arn"]
        if cluster == "dev":
            assert text(arn) == "arn:${AWS::Partition}:logs:us-west-2:111111111111:log-group:*"


# --- Nodes ------------------------------------------------------------------------------------------------------------


def launched(fleet: Templates, cluster: str) -> dict[str, dict[str, Any]]:
    """Data of the launch templates by the name of their group."""
    found = of_type(fleet[cluster, "cluster"], "AWS::EC2::LaunchTemplate")
    return {
        id.removeprefix("Compute").partition("LaunchTemplate")[0]: each["Properties"]["LaunchTemplateData"]
        for id, each in found.items()
    }


def test_pods_get_no_credentials_from_a_node(fleet: Templates) -> None:
    """IMDSv2 within one hop: https://docs.aws.amazon.com/eks/latest/best-practices/identity-and-access-management.html"""
    for _, template in every(fleet, "AWS::EC2::LaunchTemplate"):
        assert template["LaunchTemplateData"]["MetadataOptions"] == {
            "HttpEndpoint": "enabled",
            "HttpPutResponseHopLimit": 1,
            "HttpTokens": "required",
        }


def test_every_volume_is_encrypted_and_goes_with_its_node(fleet: Templates) -> None:
    """Bottlerocket has two: the system, and what images and pods write.

    karpenter-provider-aws v1.14.1, pkg/providers/amifamily/bottlerocket.go:199 (EphemeralBlockDevice)
    """
    own = {"DeleteOnTermination": True, "Encrypted": True, "VolumeType": "gp3"}
    data = {**own, "VolumeSize": 50}
    al2023, bottlerocket = {"/dev/xvda": data}, {"/dev/xvda": own, "/dev/xvdb": data}
    for cluster, name, volumes in (
        ("managed", "x86", al2023),
        ("managed", "arm", bottlerocket),
        ("self-managed", "al2023", al2023),
        ("self-managed", "bottlerocket", bottlerocket),
    ):
        found = launched(fleet, cluster)[name]["BlockDeviceMappings"]
        assert {each["DeviceName"]: each["Ebs"] for each in found} == volumes, (cluster, name)


def test_what_a_group_launches_has_its_tags(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_LaunchTemplateTagSpecificationRequest.html"""
    for _, template in every(fleet, "AWS::EC2::LaunchTemplate"):
        found = template["LaunchTemplateData"]["TagSpecifications"]
        assert [each["ResourceType"] for each in found] == ["instance", "volume", "network-interface"]
        assert all(each["Tags"] == found[0]["Tags"] for each in found)


def test_self_managed_nodes_are_told_where_their_cluster_is(fleet: Templates) -> None:
    """amazon-eks-ami v20260714, nodeadm/api/v1alpha1/nodeconfig_types.go:47 and 50; and settings.kubernetes:
    https://bottlerocket.dev/en/os/1.50.x/api/settings/kubernetes
    """
    told = {name: text(each["UserData"]["Fn::Base64"]) for name, each in launched(fleet, "self-managed").items()}
    assert '"apiServerEndpoint": "${Cluster.Endpoint}"' in told["al2023"]
    assert '"certificateAuthority": "${Cluster.CertificateAuthorityData}"' in told["al2023"]
    assert 'api-server = "${Cluster.Endpoint}"' in told["bottlerocket"]
    assert 'cluster-certificate = "${Cluster.CertificateAuthorityData}"' in told["bottlerocket"]


def test_self_managed_nodes_stand_in_the_cluster_s_group_and_role(fleet: Templates) -> None:
    template = fleet["self-managed", "cluster"]
    for name, data in launched(fleet, "self-managed").items():
        assert data["SecurityGroupIds"] == [{"Fn::GetAtt": ["Cluster", "ClusterSecurityGroupId"]}]
        (profile,) = data["IamInstanceProfile"].values()
        assert profile["Fn::GetAtt"][0].startswith(f"Compute{name}Profile")
        assert profile["Fn::GetAtt"][0] in template["Resources"]


def test_spot_and_on_demand_are_all_or_nothing(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_InstancesDistribution.html"""
    template = fleet["self-managed", "cluster"]
    groups = [each["Properties"] for each in of_type(template, "AWS::AutoScaling::AutoScalingGroup").values()]
    assert len(groups) == 2
    for group, (on_demand, types) in zip(groups, ((100, ["m7i.large"]), (0, ["m7g.large", "m6g.large"])), strict=True):
        policy = group["MixedInstancesPolicy"]
        assert policy["InstancesDistribution"] == {
            "OnDemandPercentageAboveBaseCapacity": on_demand,
            "SpotAllocationStrategy": "price-capacity-optimized",  # recommended: ec2, spot-fleet-allocation-strategy
        }
        assert policy["LaunchTemplate"]["Overrides"] == [{"InstanceType": name} for name in types]
        specification = policy["LaunchTemplate"]["LaunchTemplateSpecification"]
        id = specification["LaunchTemplateId"]["Ref"]
        assert specification["Version"] == {"Fn::GetAtt": [id, "LatestVersionNumber"]}
        # userguide, worker: nodes need it to find each other's cluster
        (tag,) = group["Tags"]
        assert tag == {"Key": "kubernetes.io/cluster/self-managed", "Value": "owned", "PropagateAtLaunch": True}
        assert all("privateSubnet" in each["Fn::ImportValue"] for each in group["VPCZoneIdentifier"])


def test_a_managed_group_is_what_the_blueprint_says(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html"""
    found = {
        id.removeprefix("Compute").partition("Nodes")[0]: each["Properties"]
        for id, each in of_type(fleet["managed", "cluster"], "AWS::EKS::Nodegroup").items()
    }
    arm, x86 = found["arm"], found["x86"]
    assert arm["Taints"] == [{"Key": "example.com/arm", "Value": "true", "Effect": "NO_SCHEDULE"}]
    assert (arm["Labels"], "Labels" in x86, "Taints" in x86) == ({"example.com/pool": "arm"}, False, False)
    assert [each["CapacityType"] for each in (arm, x86)] == ["ON_DEMAND", "SPOT"]
    assert [each["AmiType"] for each in (arm, x86)] == ["BOTTLEROCKET_ARM_64", "AL2023_x86_64_STANDARD"]
    for name, group in found.items():
        assert group["UpdateConfig"] == {"MaxUnavailablePercentage": 33}
        assert group["NodeRepairConfig"] == {"Enabled": True}
        assert group["ForceUpdateEnabled"] is False, "pod disruption budgets hold"
        id = group["LaunchTemplate"]["Id"]["Ref"]
        assert id.startswith(f"Compute{name}")
        assert group["LaunchTemplate"]["Version"] == {"Fn::GetAtt": [id, "LatestVersionNumber"]}


@pytest.fixture(scope="module")
def fargate(tmp_path_factory: pytest.TempPathFactory) -> Template:
    """A cluster with three profiles."""
    third = FargateProfile("third", selectors=(FargateSelector("third", labels={"a": "1", "b": "2"}),))
    blueprint = replace(FARGATE, compute=(*FARGATE.compute, third))
    return synthesized([plan(blueprint)], tmp_path_factory.mktemp("fargate"))["fargate", "cluster"]


def test_each_fargate_profile_waits_for_the_one_before(fargate: Template) -> None:
    """EKS makes and deletes one at a time: https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html"""
    profiles = of_type(fargate, "AWS::EKS::FargateProfile")
    first, second, third = profiles
    assert first in profiles[second]["DependsOn"]
    assert second in profiles[third]["DependsOn"]
    assert not {second, third} & {*profiles[first]["DependsOn"]}


def test_a_fargate_profile_chooses_pods_by_all_labels(fargate: Template) -> None:
    """https://docs.aws.amazon.com/eks/latest/APIReference/API_FargateProfileSelector.html"""
    chosen = [each["Properties"]["Selectors"] for each in of_type(fargate, "AWS::EKS::FargateProfile").values()]
    assert chosen[0] == [{"Namespace": "kube-system"}, {"Namespace": "external-dns"}]
    assert chosen[2] == [
        {"Namespace": "third", "Labels": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
    ]


def test_only_this_cluster_s_profiles_take_the_role_of_fargate(fargate: Template) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html (confused deputy)"""
    for profile in of_type(fargate, "AWS::EKS::FargateProfile").values():
        role = fargate["Resources"][profile["Properties"]["PodExecutionRoleArn"]["Fn::GetAtt"][0]]
        (trust,) = statements(role)
        assert trust["Principal"] == {"Service": "eks-fargate-pods.amazonaws.com"}
        assert trust["Action"] in ("sts:AssumeRole", ["sts:AssumeRole"])
        (condition,) = trust["Condition"].items()
        assert condition[0] == "ArnLike"
        assert {key: text(value) for key, value in condition[1].items()} == {
            "aws:SourceArn": "arn:${AWS::Partition}:eks:us-west-2:111111111111:fargateprofile/fargate/*"
        }
        (policy,) = role["Properties"]["ManagedPolicyArns"]
        assert text(policy).endswith(":iam::aws:policy/AmazonEKSFargatePodExecutionRolePolicy")


def test_profiles_and_their_roles_keep_their_ids(fargate: Template) -> None:
    """With another id of either a profile is made anew, and its pods go: its role is create-only in the schema."""
    profiles = of_type(fargate, "AWS::EKS::FargateProfile")
    roles = {id: each["Properties"]["PodExecutionRoleArn"]["Fn::GetAtt"][0] for id, each in profiles.items()}
    assert roles == {
        "ComputesystemProfile916F455D": "ComputesystemRoleDCCC935C",
        "ComputebatchProfile1EB2794C": "ComputebatchRole2196AF24",
        "ComputethirdProfileD0706755": "ComputethirdRole2331A477",
    }


# --- Queues and the network -------------------------------------------------------------------------------------------


def test_only_rules_of_this_account_write_to_a_queue(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html (SQS, confused deputy)"""
    for cluster, account in (("dev", "111111111111"), ("prod", "222222222222")):
        template = fleet[cluster, "addons"]
        ((queue, made),) = of_type(template, "AWS::SQS::Queue").items()
        assert made["Properties"]["SqsManagedSseEnabled"] is True
        (policy,) = of_type(template, "AWS::SQS::QueuePolicy").values()
        assert policy["Properties"]["Queues"] == [{"Ref": queue}]
        allow, deny = policy["Properties"]["PolicyDocument"]["Statement"]
        assert (allow["Effect"], allow["Principal"]) == ("Allow", {"Service": "events.amazonaws.com"})
        assert allow["Action"] == "sqs:SendMessage"
        assert allow["Resource"] == deny["Resource"] == {"Fn::GetAtt": [queue, "Arn"]}
        rules = text(allow["Condition"]["ArnLike"]["aws:SourceArn"])
        assert rules == f"arn:${{AWS::Partition}}:events:us-west-2:{account}:rule/*"
        assert (deny["Effect"], deny["Principal"], deny["Action"]) == ("Deny", "*", "sqs:*")
        assert deny["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
        targets = [each["Properties"]["Targets"] for each in of_type(template, "AWS::Events::Rule").values()]
        assert len(targets) == 5
        assert all(each == [{"Id": "queue", "Arn": {"Fn::GetAtt": [queue, "Arn"]}}] for each in targets)


def test_flow_logs_tell_all_traffic_of_the_vpc(fleet: Templates) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-ec2-flowlog.html"""
    for _, log in every(fleet, "AWS::EC2::FlowLog"):
        assert (log["ResourceType"], log["TrafficType"]) == ("VPC", "ALL")
        assert log["LogDestination"] == {"Fn::GetAtt": ["FlowLogs", "Arn"]}


def test_endpoints_answer_the_vpc_by_https_only(fleet: Templates) -> None:
    """By the names that clients look up: https://docs.aws.amazon.com/vpc/latest/privatelink/create-interface-endpoint.html"""
    template = fleet["isolated", "network"]
    ((id, group),) = (
        (id, each["Properties"])
        for id, each in of_type(template, "AWS::EC2::SecurityGroup").items()
        if id.startswith("Endpoints")
    )
    ((vpc, network),) = of_type(template, "AWS::EC2::VPC").items()
    (rule,) = group["SecurityGroupIngress"]
    assert {key: rule[key] for key in ("CidrIp", "IpProtocol", "FromPort", "ToPort")} == {
        "CidrIp": network["Properties"]["CidrBlock"],
        "IpProtocol": "tcp",
        "FromPort": 443,
        "ToPort": 443,
    }
    assert all(each["CidrIp"] == "255.255.255.255/32" for each in group["SecurityGroupEgress"]), "none"
    endpoints = [each["Properties"] for each in of_type(template, "AWS::EC2::VPCEndpoint").values()]
    interfaces = [each for each in endpoints if each["VpcEndpointType"] == "Interface"]
    assert len(interfaces) == len(endpoints) - 1 > 5
    for each in interfaces:
        assert each["SecurityGroupIds"] == [{"Fn::GetAtt": [id, "GroupId"]}]
        assert each["PrivateDnsEnabled"] is True
        assert all("EndpointSubnet" in subnet["Ref"] for subnet in each["SubnetIds"])
        assert each["VpcId"] == {"Ref": vpc}
