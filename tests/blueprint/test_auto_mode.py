"""What a plan adds to EKS Auto Mode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from blueprint import AutoMode, Blueprint, plan
from blueprint.iam import policy
from blueprint.kubernetes import Manifest
from tests.addons import support
from tests.blueprint.examples import AUTO, SMALL, changed, part, places
from tests.permissions.evaluator import allowed

TAGS = {"cost-center": "42", "team": "platform"}
KEY = "arn:aws:kms:us-west-2:111111111111:key/01234567-89ab-cdef-0123-456789abcdef"
DEFAULT = "storageclass.kubernetes.io/is-default-class"


def made(blueprint: Blueprint) -> dict[tuple[str, str], Manifest]:
    objects = part(plan(blueprint), "auto-mode").objects
    return {(one["kind"], one["metadata"]["name"]): support.deployed(one) for one in objects}


def classes(blueprint: Blueprint) -> dict[str, Mapping[str, Any]]:
    found = {name: one for (kind, name), one in made(blueprint).items() if kind == "StorageClass"}
    assert len({json.dumps(one["parameters"]) for one in found.values()}) == len(found)
    return found


def the_default(blueprint: Blueprint) -> tuple[str, Mapping[str, Any]]:
    ((name, one),) = (
        (name, one) for name, one in classes(blueprint).items() if one["metadata"]["annotations"][DEFAULT] == "true"
    )
    return name, one["parameters"]


TAGGED = replace(AUTO, tags=TAGS)


def test_without_tags_there_is_one_class_of_each() -> None:
    assert set(made(AUTO)) == {("ConfigMap", "amazon-vpc-cni"), ("StorageClass", "gp3"), ("IngressClass", "alb")}
    assert the_default(AUTO) == ("gp3", {"type": "gp3", "encrypted": "true"})
    assert plan(AUTO).control_plane.role.statements == ()


def test_beside_nodes_the_add_on_of_the_network_brings_its_own_switch() -> None:
    """amazon-vpc-cni-k8s charts/aws-vpc-cni/templates/configmap.yaml makes the ConfigMap amazon-vpc-cni."""
    mixed = replace(SMALL, compute=(*SMALL.compute, AutoMode()))
    assert "ConfigMap" not in {kind for kind, _ in made(mixed)}


def test_volumes_carry_the_tags() -> None:
    """Amazon-eks-user-guide automode/create-storage-class.adoc:203; docs/tagging.md:13-39 of aws-ebs-csi-driver."""
    name, parameters = the_default(TAGGED)
    assert {value for key, value in parameters.items() if key.startswith("tagSpecification_")} == {
        "cost-center=42",
        "team=platform",
    }
    assert sorted(key for key in parameters if "_" in key) == ["tagSpecification_1", "tagSpecification_2"]
    assert classes(TAGGED)["gp3"]["parameters"] == {"type": "gp3", "encrypted": "true"}
    assert name != the_default(replace(AUTO, tags={**TAGS, "team": "search"}))[0], "parameters never change"
    assert name == the_default(replace(AUTO, tags=dict(reversed(TAGS.items()))))[0]


def test_load_balancers_carry_the_tags() -> None:
    """Amazon-eks-user-guide automode/auto-configure-alb.adoc:36,62,160."""
    found = made(TAGGED)
    assert found["IngressClassParams", "alb"] == {
        "apiVersion": "eks.amazonaws.com/v1",
        "kind": "IngressClassParams",
        "metadata": {"name": "alb"},
        "spec": {"tags": [{"key": "cost-center", "value": "42"}, {"key": "team", "value": "platform"}]},
    }
    assert found["IngressClass", "alb"]["spec"]["parameters"] == {
        "apiGroup": "eks.amazonaws.com",
        "kind": "IngressClassParams",
        "name": "alb",
    }
    assert list(found).index(("IngressClassParams", "alb")) < list(found).index(("IngressClass", "alb"))


def test_beside_nodes_the_classes_have_names_of_their_own() -> None:
    mixed = replace(SMALL, compute=(*SMALL.compute, AutoMode()), tags=TAGS)
    assert ("IngressClass", "alb-auto-mode") in made(mixed)
    assert [name[:13] for name in classes(mixed)] == ["gp3-auto-mode", "gp3-auto-mode"]
    assert {one["metadata"]["annotations"][DEFAULT] for one in classes(mixed).values()} == {"false"}


KEYED = replace(AUTO, compute=(AutoMode(kms_key_arn=KEY),))


def test_volumes_under_a_key() -> None:
    """Amazon-eks-user-guide automode/create-storage-class.adoc:130 (kmsKeyId)."""
    assert the_default(KEYED)[1] == {"type": "gp3", "encrypted": "true", "kmsKeyId": KEY}
    permissions = plan(KEYED).control_plane.role.statements
    via = {"kms:ViaService": "ec2.us-west-2.amazonaws.com"}
    assert support.allowed(permissions, "kms:GenerateDataKeyWithoutPlaintext", KEY, via)
    assert support.allowed(permissions, "kms:CreateGrant", KEY, {**via, "kms:GrantIsForAWSResource": "true"})
    assert not support.allowed(permissions, "kms:CreateGrant", KEY, via)


def test_a_key_of_another_region() -> None:
    assert places(changed(KEYED, region="eu-west-1")) == ["compute[0].kms_key_arn"]


# --- The cluster's role: with the policies of AWS alone, a tag of one's own is refused ---

POLICIES = (
    "AmazonEKSBlockStoragePolicy",
    "AmazonEKSComputePolicy",
    "AmazonEKSLoadBalancingPolicy",
    "AmazonEKSNetworkingPolicy",
)
EC2, ELB = "arn:aws:ec2:us-west-2:111111111111:", "arn:aws:elasticloadbalancing:us-west-2:111111111111:"
MAKES = [
    ("ec2:CreateVolume", f"{EC2}volume/vol-1", {}),
    ("ec2:CreateSnapshot", "arn:aws:ec2:us-west-2::snapshot/snap-1", {}),
    ("ec2:CreateSecurityGroup", f"{EC2}security-group/sg-1", {}),
    ("elasticloadbalancing:CreateLoadBalancer", f"{ELB}loadbalancer/app/a/1", {}),
    ("elasticloadbalancing:CreateTargetGroup", f"{ELB}targetgroup/a/1", {}),
    ("elasticloadbalancing:CreateListener", f"{ELB}listener/app/a/1/2", {}),
    ("elasticloadbalancing:CreateRule", f"{ELB}listener-rule/app/a/1/2/3", {}),
    (
        "ec2:RunInstances",
        f"{EC2}instance/i-1",
        {"eks:kubernetes-node-class-name": "default", "eks:kubernetes-node-pool-name": "system"},
    ),
    ("ec2:CreateNetworkInterface", f"{EC2}network-interface/eni-1", {"eks:kubernetes-cni-node-name": "i-1"}),
]


def by_aws() -> list[Any]:
    """AWS's policies for the cluster."""
    documents = json.loads(aws_managed_policies_data)
    return [documents[name]["Document"] for name in POLICIES]


@pytest.mark.parametrize(
    ("action", "resource", "tags"), MAKES, ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_cluster_may_put_the_tags_on_what_it_makes(action: str, resource: str, tags: dict[str, str]) -> None:
    own = [support.deployed(policy(plan(TAGGED).control_plane.role.statements))]

    def may(documents: list[Any], cluster: str, *more: str) -> bool:
        asked = {"eks:eks-cluster-name": cluster, **tags, **dict.fromkeys(more, "42")}
        context: dict[str, Any] = {f"aws:RequestTag/{key}": value for key, value in asked.items()}
        session = {"aws:PrincipalTag/eks:eks-cluster-name": "dev"}
        return allowed(documents, action, resource, {**context, **session, "aws:TagKeys": list(asked)})

    assert may(by_aws(), "dev")
    assert not may(by_aws(), "dev", "cost-center")
    assert may(own, "dev", "cost-center")
    assert not may(own, "prod", "cost-center")


def test_all_statements_are_sound_and_name_no_partition() -> None:
    permissions = plan(replace(TAGGED, compute=(AutoMode(kms_key_arn=KEY),))).control_plane.role.statements
    assert not [each for one in permissions for each in support.rules_broken(one)]
    assert support.names_no_partition(plan(TAGGED).control_plane.role.statements)
