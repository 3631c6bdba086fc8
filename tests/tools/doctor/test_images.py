"""Whether the images that the plan pins are in the region."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from addons.karpenter import Karpenter
from blueprint import Blueprint, ManagedNodes, SelfManagedNodes, plan
from tests.blueprint.examples import FARGATE, SMALL, with_addons, with_nodes
from tests.tools.doctor.account import Account, refused, statuses, worst
from tools.doctor.checks.images import parameters, wanted_by

EKS = "/aws/service/eks/optimized-ami/1.35/amazon-linux-2023"
BOTTLEROCKET = "/aws/service/bottlerocket/aws-k8s-1.35"
DAY = "v20260714"


def with_group(group: ManagedNodes | SelfManagedNodes) -> Blueprint:
    return replace(SMALL, compute=(group,))


# AL2023: karpenter-provider-aws v1.14.1 pkg/providers/amifamily/al2023.go:82-88. Bottlerocket's variants:
# https://github.com/bottlerocket-os/bottlerocket/tree/v1.50.0/variants; FIPS: eksctl pkg/ami/ssm_resolver.go:88.
@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (SMALL, f"{EKS}/arm64/standard/amazon-eks-node-al2023-arm64-standard-1.35-{DAY}/image_id"),
        (
            with_nodes(instance_types=("g6.xlarge",), device_plugin="elsewhere"),
            f"{EKS}/x86_64/nvidia/amazon-eks-node-al2023-x86_64-nvidia-1.35-{DAY}/image_id",
        ),
        (
            with_nodes(instance_types=("m7i.large",), ami_type="BOTTLEROCKET_x86_64"),
            f"{BOTTLEROCKET}/x86_64/1.66.0/image_id",
        ),
        (
            with_nodes(instance_types=("g6.xlarge",), ami_type="BOTTLEROCKET_x86_64_NVIDIA_FIPS"),
            f"{BOTTLEROCKET}-nvidia-fips/x86_64/1.66.0/image_id",
        ),
        (
            with_group(SelfManagedNodes("own", instance_types=("m7g.large",), os="BOTTLEROCKET")),
            f"{BOTTLEROCKET}/arm64/1.66.0/image_id",
        ),
    ],
)
def test_the_parameter_of_a_group(made: Blueprint, expected: str) -> None:
    assert list(wanted_by(plan(made))) == [expected]


def test_karpenters_node_class_names_one_too() -> None:
    made = plan(with_addons(Karpenter()))
    name = f"{EKS}/arm64/standard/amazon-eks-node-al2023-arm64-standard-1.35-{DAY}/image_id"
    assert wanted_by(made) == {name: "system"}  # the same as the group's
    other = plan(with_addons(Karpenter(), base=with_nodes(release_version="1.35.6-20260101")))
    assert wanted_by(other)[name] == "karpenter"


def test_an_image_that_is_not_in_the_region(account: Account) -> None:
    asked: list[str] = []

    def answer(given: Mapping[str, Any]) -> Mapping[str, Any]:
        asked.append(given["Name"])
        raise refused("ParameterNotFound")

    account.answers("GetParameter", answer)
    found = worst(account.found(parameters, plan(SMALL)))
    assert found.status == "problem"
    assert found.what == f"system: us-west-2 has no image at {asked[0]}"
    assert found.fix.endswith(f"--path {EKS}/arm64/standard")


def test_images_that_are_there(account: Account) -> None:
    account.answers("GetParameter", {"Parameter": {"Value": "ami-1"}})
    assert statuses(account.found(parameters, plan(SMALL))) == ["ok"]
    assert account.found(parameters, plan(FARGATE)) == []
