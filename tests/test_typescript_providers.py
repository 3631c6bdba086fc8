"""Each input of the peer's cluster providers stands in the tables, and what they name here is there."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

import pytest
from aws_cdk import aws_eks, aws_eks_v2

from tests.test_eksctl_examples import KNOWN, calls

# Of @aws-quickstart/eks-blueprints 1.19.0, dist/cluster-providers/*.d.ts; of `launchTemplate` its own inputs.
OWN: Mapping[str, tuple[str, ...]] = {
    "A cluster": (
        *("id", "name", "isolatedCluster", "privateCluster", "managedNodeGroups", "autoscalingNodeGroups", "compute"),
        *("fargateProfiles", "tags", "nodeGroupTags"),
    ),
    "A managed node group": (
        *("id", "minSize", "maxSize", "desiredSize", "instanceTypes", "amiType", "amiReleaseVersion"),
        *("nodeGroupCapacityType", "nodeGroupSubnets", "enableSsmPermissions"),
        *(
            f"launchTemplate.{name}"
            for name in (
                *("blockDevices", "machineImage", "userData", "tags", "requireImdsv2", "securityGroup"),
                "httpPutResponseHopLimit",
            )
        ),
    ),
    "A self-managed node group": ("id", "minSize", "maxSize", "desiredSize", "instanceType", "nodeGroupSubnets"),
    "A Fargate profile": (),
    "Auto Mode": (
        *("extraNodePools", "extraNodeClasses", "extraNodePools.nodeClassName"),
        *(
            f"extraNodeClasses.{name}"
            for name in (
                *("role", "instanceProfile", "subnetSelectorTerms", "securityGroupSelectorTerms", "snatPolicy", "tags"),
                *("podSubnetSelectorTerms", "podSecurityGroupSelectorTerms", "capacityReservationSelectorTerms"),
                *("networkPolicy", "networkPolicyEventLogs", "ephemeralStorage", "advancedNetworking"),
                *("advancedSecurity", "certificateBundles"),
            )
        ),
    ),
}
INHERITED: Mapping[str, tuple[type, ...]] = {
    "A cluster": (aws_eks.ClusterOptions, aws_eks_v2.ClusterProps),
    "A managed node group": (aws_eks.NodegroupOptions,),
    "A self-managed node group": (aws_eks.AutoScalingGroupCapacityOptions,),
    "A Fargate profile": (aws_eks.FargateProfileOptions,),
    "Auto Mode": (aws_eks_v2.ComputeConfig,),
}
OMITTED = {
    "A managed node group": {"subnets", "capacityType", "releaseVersion"},
    "A self-managed node group": {"minCapacity", "maxCapacity", "desiredCapacity", "vpcSubnets"},
}
"""By the types of the package."""


def inputs(section: str) -> set[str]:
    """Its own, and those of the CDK that is installed: one that a new release brings turns this red."""
    names = {name for cls in INHERITED[section] for name in inspect.signature(cls).parameters}
    camel = {re.sub(r"_([a-z0-9])", lambda found: found[1].upper(), name) for name in names}
    return {*OWN[section], *camel} - OMITTED.get(section, set())


@pytest.fixture(scope="module")
def sections(root: Path) -> Mapping[str, list[tuple[str, str, str]]]:
    text = (root / "docs" / "typescript-cluster-providers.md").read_text(encoding="utf-8")
    found = re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    row = re.compile(r"^\| (`.+?`) \|(.*)\|(.*)\|$", re.MULTILINE)
    return {name: row.findall(body) for name, body in found}


def named(rows: list[tuple[str, str, str]]) -> Iterator[str]:
    for first, _, _ in rows:
        yield from re.findall(r"`(.+?)`", first)


@pytest.mark.parametrize("section", OWN)
def test_every_input_stands_in_the_table(sections: Mapping[str, list[tuple[str, str, str]]], section: str) -> None:
    found = [*named(sections[section])]
    assert sorted(found) == sorted({*found})
    assert {*found} == inputs(section)
    assert [first for first, here, why in sections[section] if not here.strip() and not why.strip()] == []


def test_what_is_named_here_is_there(sections: Mapping[str, list[tuple[str, str, str]]]) -> None:
    said = [call for rows in sections.values() for _, here, why in rows for call in calls(f"{here} {why}")]
    assert len(said) > 60
    for call in said:
        name = getattr(call.func, "id", "")
        assert name in KNOWN, name
        known = [field.name for field in fields(KNOWN[name]) if field.init]
        assert {each.arg for each in call.keywords} <= {*known}, name


def test_examples_that_take_the_place_of_builders_are_there(root: Path) -> None:
    text = (root / "docs" / "typescript-cluster-providers.md").read_text(encoding="utf-8")
    names = re.findall(r"\]\(\.\./(examples/\w+\.py)\)", text)
    assert len(names) >= 5
    assert [name for name in names if not (root / name).is_file()] == []
