"""EKS Capabilities in a cluster: what EKS refuses, and what others stand on."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.lifecycle.lab import Lab, World

CAPABILITY = "AWS::EKS::Capability"


@pytest.fixture
def world(lab: Lab) -> Iterator[World]:
    made = lab.world()
    made.put_all("capabilities", until="cluster")
    yield made
    made.delete_all()


def changed(world: World) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """The template with the add-ons, and its capabilities by type."""
    template = deepcopy(world.template("addons", "capabilities"))
    found = {each["Properties"]["Type"]: each for each in template["Resources"].values() if each["Type"] == CAPABILITY}
    return template, found


def refused(world: World, template: dict[str, Any], why: str) -> None:
    assert world.put("addons", template=template) == "ROLLBACK_COMPLETE"
    assert why in str(world.reasons("addons"))
    world.delete("addons")


def test_its_role_must_trust_it(world: World) -> None:
    """terraform-aws-eks modules/capability/main.tf: the words of EKS, of a role without tags."""
    template, found = changed(world)
    role = template["Resources"][found["KRO"]["Properties"]["RoleArn"]["Fn::GetAtt"][0]]
    (statement,) = role["Properties"]["AssumeRolePolicyDocument"]["Statement"]
    statement["Action"] = ["sts:AssumeRole"]
    refused(world, template, "The policy must include sts:AssumeRole and sts:TagSession")


def test_there_is_one_of_a_type(world: World) -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html"""
    template, found = changed(world)
    again = deepcopy(found["KRO"])
    again["Properties"]["CapabilityName"] = "other"
    template["Resources"]["Again"] = again
    refused(world, template, "a capability of type KRO already")


def test_nothing_of_argo_cd_is_known_without_it(world: World) -> None:
    template, found = changed(world)
    (gone,) = (id for id, each in template["Resources"].items() if each is found["ARGOCD"])
    del template["Resources"][gone]
    for each in template["Resources"].values():
        if gone in each.get("DependsOn", ()):
            each["DependsOn"] = [id for id in each["DependsOn"] if id != gone]
    refused(world, template, 'namespaces "argocd" not found')
