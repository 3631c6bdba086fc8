"""Roles, keys and functions that may not do what a deploy needs of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.lifecycle.lab import Lab
from tests.lifecycle.templates import ACCESS_ENTRY, ADDON, ROLE, Resources, of_type

KEY, POLICY = "AWS::KMS::Key", "AWS::IAM::Policy"
Change = Callable[[Resources], object]


def _replaced(resources: Resources, kind: str, old: str, new: str) -> None:
    """Resources of a type with one text for another."""
    found = [id for id, resource in resources.items() if resource["Type"] == kind and old in json.dumps(resource)]
    assert found, (kind, old)
    for id in found:
        resources[id] = json.loads(json.dumps(resources[id]).replace(old, new))


def _trusting(resources: Resources, service: str) -> Iterator[dict[str, Any]]:
    return (role for role in of_type(resources, ROLE) if service in json.dumps(role["AssumeRolePolicyDocument"]))


def _cni_for_another(resources: Resources) -> None:
    (addon,) = (found for found in of_type(resources, ADDON) if found["AddonName"] == "vpc-cni")
    role = resources[addon["PodIdentityAssociations"][0]["RoleArn"]["Fn::GetAtt"][0]]
    role["Properties"] = json.loads(json.dumps(role["Properties"]).replace('"aws-node"', '"other"'))


FAILING: dict[str, tuple[str, Change, str]] = {
    "a key for other log groups": (
        "network",
        lambda resources: _replaced(resources, KEY, ":log-group:*", ":log-group:other"),
        "not allowed to be used with LogGroup",
    ),
    "a key for Logs of another region": (
        "network",
        lambda resources: _replaced(resources, KEY, "logs.us-west-2.", "logs.eu-west-1."),
        "not allowed to be used with LogGroup",
    ),
    "a key that Logs cannot decrypt with": (
        "cluster",
        lambda resources: _replaced(resources, KEY, '"kms:Decrypt*", ', ""),
        "not allowed to be used with LogGroup",
    ),
    "a cluster's role for something else": (
        "cluster",
        lambda resources: _replaced(resources, ROLE, '"eks.amazonaws.com"', '"ecs.amazonaws.com"'),
        "could not be assumed by EKS",
    ),
    "a network plugin's role for another service account": (
        "cluster",
        _cni_for_another,
        "does not trust its service account",
    ),
    "a network plugin's role without session tags": (
        "cluster",
        lambda resources: _replaced(resources, ROLE, '["sts:AssumeRole", "sts:TagSession"]', '["sts:AssumeRole"]'),
        "Trust policy of the role provided is invalid",
    ),
}


@pytest.mark.parametrize(("stack", "change", "why"), FAILING.values(), ids=FAILING)
def test_what_may_not_do_its_part_fails_its_stack(lab: Lab, stack: str, change: Change, why: str) -> None:
    world = lab.world()
    if stack == "cluster":
        world.put_all(until="network")
    template = world.template(stack)
    change(template["Resources"])
    assert world.put(stack, template=template) == "ROLLBACK_COMPLETE"
    assert any(why in reason for reason in world.reasons(stack)), world.reasons(stack)


def test_a_role_of_auto_mode_needs_session_tags(lab: Lab) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/auto-cluster-iam-role.html"""
    world = lab.world()
    world.put_all("auto", until="network")
    template = world.template("cluster", "auto")
    for role in _trusting(template["Resources"], "eks.amazonaws.com"):
        role["AssumeRolePolicyDocument"]["Statement"][0]["Action"] = "sts:AssumeRole"
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    assert any("could not be assumed by EKS" in reason for reason in world.reasons("cluster"))


def _administers_a_namespace(resources: Resources) -> None:
    for entry in of_type(resources, ACCESS_ENTRY):
        for policy in entry.get("AccessPolicies", ()):
            policy["AccessScope"] = {"Type": "namespace", "Namespaces": ["default"]}


FUNCTIONS: dict[str, tuple[Change, str]] = {
    "an administrator of one namespace": (_administers_a_namespace, "is no administrator"),
    "nothing of EKS": (
        lambda resources: _replaced(resources, POLICY, '"eks:DescribeCluster"', '"eks:ListClusters"'),
        "is not authorized to perform: eks:DescribeCluster",
    ),
    "no other function": (
        lambda resources: _replaced(resources, POLICY, '"lambda:InvokeFunction"', '"lambda:GetFunction"'),
        "is not authorized to perform: lambda:InvokeFunction",
    ),
}


@pytest.mark.parametrize(("change", "why"), FUNCTIONS.values(), ids=FUNCTIONS)
def test_functions_of_kubectl_that_may_too_little_install_nothing(lab: Lab, change: Change, why: str) -> None:
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    change(template["Resources"])
    assert world.put("cluster", template=template) == "CREATE_COMPLETE", world.reasons("cluster")
    assert world.put("addons") == "ROLLBACK_COMPLETE"
    assert any(why in reason for reason in world.reasons("addons")), world.reasons("addons")
