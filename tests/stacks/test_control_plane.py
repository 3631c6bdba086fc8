"""What a control plane is told beside its version: each field of the model, as CloudFormation's schema calls it."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint import plan
from examples.managed import MANAGED
from examples.provisioned import PROVISIONED
from examples.shared import KEY
from tests.blueprint.examples import changed
from tests.templates import Templates, by_stack, of_type
from tools.assembly import read
from tools.synthesis import synthesize

PATHS = {
    "ControlPlaneScalingConfig.Tier": "tier-xl",
    "ResourcesVpcConfig.ControlPlaneEgressMode": "CUSTOMER_ROUTED",
    "ResourcesVpcConfig.SecurityGroupIds": ["sg-0a1b2c3d4e5f60718"],
    "ZonalShiftConfig.Enabled": True,
    "RollbackConfig.TimeoutMinutes": 240,
    "Logging.ClusterLogging.EnabledTypes": [{"Type": "api"}, {"Type": "audit"}, {"Type": "authenticator"}],
    # "single-unit durations such as 30m or 1h": https://docs.aws.amazon.com/eks/latest/APIReference/API_KubeApiServerConfigRequest.html
    "KubeApiServerConfig.EventTtl": "180m",
    "KubeApiServerConfig.ServiceNodePortRange": {"MinPort": 31_000, "MaxPort": 31_999},
    "KubeControllerManagerConfig.PodGcControllerConfig.TerminatedPodGcThreshold": 5_000,
    "KubeControllerManagerConfig.HorizontalPodAutoscalerControllerConfig.HorizontalPodAutoscalerSyncPeriod": "10s",
    "KubeSchedulerConfig.NodeResourcesFit.ScoringStrategy": {
        "Type": "MostAllocated",
        "Resources": [{"Name": "cpu", "Weight": 2}, {"Name": "memory", "Weight": 1}],
    },
}
OPTIONAL = {path.partition(".")[0] for path in PATHS} - {"ResourcesVpcConfig", "Logging"}


def at(value: Any, path: str) -> Any:
    for name in path.split("."):
        value = value[name]
    return value


@pytest.fixture(scope="module")
def cluster(fleet: Templates) -> dict[str, Any]:
    (found,) = of_type(fleet["provisioned", "cluster"], "AWS::EKS::Cluster").values()
    properties: dict[str, Any] = found["Properties"]
    return properties


def test_successors_of_the_certificate_authority(fleet: Templates) -> None:
    """API_CreateCertificateAuthority: of the cluster, which is there before; people read its id in the outputs."""
    template = fleet["provisioned", "cluster"]
    ((id, authority),) = of_type(template, "AWS::EKS::CertificateAuthority").items()
    assert authority["Properties"] == {"ClusterName": "provisioned"}
    assert "Cluster" in authority["DependsOn"]
    (name,) = (name for name, each in template["Outputs"].items() if each["Value"] == {"Fn::GetAtt": [id, "Id"]})
    assert re.fullmatch("CertificateAuthority2027Id[0-9A-F]{8}", name), "nobody else's, and found by its name"


@pytest.mark.parametrize(("path", "expected"), PATHS.items())
def test_says_what_the_blueprint_says(cluster: dict[str, Any], path: str, expected: object) -> None:
    assert at(cluster, path) == expected


def test_a_role_that_is_there(tmp_path: Path) -> None:
    """In whatever partition; and no other one is made for EKS."""
    one = replace(MANAGED, cluster=changed(MANAGED.cluster, role="platform/EksCluster"))
    synthesize([plan(one)], tmp_path, validate=False)
    template = by_stack(read(tmp_path))["managed", "cluster"]
    (cluster,) = of_type(template, "AWS::EKS::Cluster").values()
    arn = ["arn:", {"Ref": "AWS::Partition"}, ":iam::111111111111:role/platform/EksCluster"]
    assert cluster["Properties"]["RoleArn"] == {"Fn::Join": ["", arn]}
    roles = of_type(template, "AWS::IAM::Role").values()
    assert roles
    assert not [each for each in roles if "'eks.amazonaws.com'" in str(each["Properties"])]


def test_a_key_that_is_there_encrypts_secrets_and_no_other_is_made_for_them(
    cluster: dict[str, Any], fleet: Templates
) -> None:
    (config,) = cluster["EncryptionConfig"]
    parts = config["Provider"]["KeyArn"]["Fn::Join"][1]
    assert "".join("aws" if part == {"Ref": "AWS::Partition"} else part for part in parts) == KEY
    (key,) = of_type(fleet["provisioned", "cluster"], "AWS::KMS::Key")
    resources = fleet["provisioned", "cluster"]["Resources"].values()
    using = {each["Type"] for each in resources if str({"Fn::GetAtt": [key, "Arn"]}) in str(each["Properties"])}
    assert using == {"AWS::Logs::LogGroup"}


def test_what_is_not_chosen_is_left_to_eks(fleet: Templates) -> None:
    for (name, stack), template in fleet.items():
        for found in of_type(template, "AWS::EKS::Cluster").values():
            if (name, stack) != ("provisioned", "cluster"):
                assert not OPTIONAL & set(found["Properties"]), name
                of_vpc = found["Properties"]["ResourcesVpcConfig"]
                hybrid = {"SecurityGroupIds"} if name == "hybrid" else set()  # tests/stacks/test_hybrid.py
                assert {"ControlPlaneEgressMode", "SecurityGroupIds"} & set(of_vpc) == hybrid


def test_identity_providers_come_one_after_another(fleet: Templates) -> None:
    """EKS updates a cluster once at a time: https://docs.aws.amazon.com/eks/latest/APIReference/API_Update.html"""
    found = of_type(fleet["provisioned", "cluster"], "AWS::EKS::IdentityProviderConfig")
    names = {id: each["Properties"]["IdentityProviderConfigName"] for id, each in found.items()}
    assert [(names[id], [names.get(other, other) for other in each["DependsOn"]]) for id, each in found.items()] == [
        ("partners", ["Cluster"]),
        ("staff", ["Cluster", "partners"]),
    ]
    partners, staff = (each["Properties"]["Oidc"] for each in found.values())
    assert partners == {
        "ClientId": "eks",
        "IssuerUrl": "https://login.example.net/realms/partners",
        "UsernameClaim": "email",
        "UsernamePrefix": "partner:",
        "RequiredClaims": [{"Key": "tenant", "Value": "example"}],
    }
    assert staff["GroupsClaim"] == "groups"
    assert staff["GroupsPrefix"] == "oidc:"


def test_no_provider_makes_somebody_a_member_of_a_team(fleet: Templates) -> None:
    """Bindings of every example, against names that a provider may give."""
    prefixes = {each.groups_prefix for each in PROVISIONED.cluster.identity_providers}
    assert prefixes == {"oidc:"}
    text = str(fleet)
    assert len(set(re.findall(r"\bteam:[a-z-]+:[a-z]+", text))) > 3
    assert not re.findall(r'\\"name\\": ?\\"oidc:', text)
