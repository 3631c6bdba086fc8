"""Changes made behind CloudFormation's back are found, and a deploy of the same templates does not hide them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.lifecycle.lab import Lab, World, stacks

Change = Callable[[Any], object]


def drifted(world: World, stack: str) -> dict[str, str]:
    """Type and drift status of the resources that are not as their template says."""
    client = world.account.client("cloudformation")
    name = f"lab-{stack}"
    detection = client.detect_stack_drift(StackName=name)["StackDriftDetectionId"]
    while True:
        state = client.describe_stack_drift_detection_status(StackDriftDetectionId=detection)
        if state["DetectionStatus"] != "DETECTION_IN_PROGRESS":
            break
        time.sleep(0.05)
    found = client.describe_stack_resource_drifts(
        StackName=name, StackResourceDriftStatusFilters=["MODIFIED", "DELETED", "UNKNOWN"]
    )["StackResourceDrifts"]
    return {each["ResourceType"]: each["StackResourceDriftStatus"] for each in found}


def test_what_was_deployed_has_not_drifted(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    assert [drifted(world, stack) for stack in ("cluster", "addons", "teams")] == [{}, {}, {}]


def _first_association(eks: Any) -> str:
    found = eks.list_pod_identity_associations(clusterName="lab", namespace="external-dns")["associations"]
    return str(found[0]["associationId"])


CHANGES: dict[str, tuple[str, Change]] = {
    "an add-on of another version": (
        "AWS::EKS::Addon",
        lambda eks: eks.update_addon(clusterName="lab", addonName="coredns", addonVersion="v1.9.3-eksbuild.2"),
    ),
    "an add-on is gone": (
        "AWS::EKS::Addon",
        lambda eks: eks.delete_addon(clusterName="lab", addonName="metrics-server"),
    ),
    "a node group is gone": (
        "AWS::EKS::Nodegroup",
        lambda eks: eks.delete_nodegroup(
            clusterName="lab", nodegroupName=eks.list_nodegroups(clusterName="lab")["nodegroups"][0]
        ),
    ),
    "more rights for somebody": (
        "AWS::EKS::AccessEntry",
        lambda eks: eks.update_access_entry(
            clusterName="lab",
            principalArn=_principal(eks, "ShopDeveloper"),
            kubernetesGroups=["team:shop:developer", "team:shop:owner"],
        ),
    ),
    "fewer rights for an administrator": (
        "AWS::EKS::AccessEntry",
        lambda eks: eks.disassociate_access_policy(
            clusterName="lab",
            principalArn=_principal(eks, "BreakGlass"),
            policyArn="arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy",
        ),
    ),
    "another role for pods": (
        "AWS::EKS::PodIdentityAssociation",
        lambda eks: eks.update_pod_identity_association(
            clusterName="lab", associationId=_first_association(eks), roleArn="arn:aws:iam::111111111111:role/Other"
        ),
    ),
    "no role for pods": (
        "AWS::EKS::PodIdentityAssociation",
        lambda eks: eks.delete_pod_identity_association(clusterName="lab", associationId=_first_association(eks)),
    ),
}


def _principal(eks: Any, role: str) -> str:
    entries = eks.list_access_entries(clusterName="lab")["accessEntries"]
    return next(str(arn) for arn in entries if arn.endswith(f":role/{role}"))


@pytest.mark.parametrize(("kind", "change"), CHANGES.values(), ids=CHANGES)
def test_a_change_behind_cloudformations_back_is_found(lab: Lab, kind: str, change: Change) -> None:
    world = lab.world()
    world.put_all()
    change(world.account.client("eks"))
    assert [found for stack in stacks()[1:] for found in drifted(world, stack)] == [kind]
