"""Fargate profiles in the templates: whose role, in which subnets."""

from __future__ import annotations

from typing import Any

import pytest

from tests.templates import Templates, of_type


@pytest.fixture(scope="module")
def profiles(fleet: Templates) -> dict[str, dict[str, Any]]:
    found = of_type(fleet["fargate-roles", "cluster"], "AWS::EKS::FargateProfile")
    return {id.removeprefix("Compute").partition("Profile")[0]: each["Properties"] for id, each in found.items()}


def test_zones_choose_subnets(profiles: dict[str, dict[str, Any]]) -> None:
    assert {name: len(each["Subnets"]) for name, each in profiles.items()} == {"system": 2, "batch": 1, "given": 2}
    assert profiles["batch"]["Subnets"] == profiles["system"]["Subnets"][:1]


def test_a_given_role_is_used(profiles: dict[str, dict[str, Any]]) -> None:
    arn = profiles["given"]["PodExecutionRoleArn"]["Fn::Join"][1]
    assert arn == ["arn:", {"Ref": "AWS::Partition"}, ":iam::111111111111:role/fargate/Reports"]
    assert all("Fn::GetAtt" in profiles[name]["PodExecutionRoleArn"] for name in ("system", "batch"))


def test_patterns_reach_eks(profiles: dict[str, dict[str, Any]]) -> None:
    """docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html (wildcards)"""
    assert profiles["batch"]["Selectors"][0] == {
        "Namespace": "batch-*",
        "Labels": [{"Key": "example.com/*", "Value": "y?s"}],
    }
