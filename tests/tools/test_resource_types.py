"""The table of resource types, held against the schemas of CloudFormation that cfn-lint ships."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from blueprint.actions import matching
from tests.templates import Templates
from tools.resource_types import TYPES, _read
from tools.review.dangers.protection import WEAKER

OF_AWS = [name for name in TYPES if name.startswith("AWS::")]
# AWS makes up what these are identified by, and its API refuses a second one with the same values of those properties.
UNIQUE_BY_API = {
    "AWS::EC2::LaunchTemplate": "AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html",
    "AWS::EC2::Subnet": "vpc/latest/userguide/subnet-sizing.html",
    "AWS::EFS::MountTarget": "efs/latest/ug/API_CreateMountTarget.html",
    "AWS::EKS::Capability": "eks/latest/APIReference/API_CreateCapability.html",
    "AWS::EKS::Nodegroup": "eks/latest/APIReference/API_CreateNodegroup.html",
    "AWS::EKS::PodIdentityAssociation": "eks/latest/APIReference/API_CreatePodIdentityAssociation.html",
    "AWS::Events::Rule": "eventbridge/latest/APIReference/API_PutRule.html",
    "AWS::IAM::ManagedPolicy": "IAM/latest/APIReference/API_CreatePolicy.html",
    "AWS::IAM::OIDCProvider": "IAM/latest/APIReference/API_CreateOpenIDConnectProvider.html",
    "AWS::SQS::Queue": "AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    "AWS::SecretsManager::Secret": "secretsmanager/latest/apireference/API_CreateSecret.html",
}
"""By type, the page below https://docs.aws.amazon.com that says so."""


def schema(name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", name).schema
    return found


def properties(paths: Any) -> set[str]:
    return {path.removeprefix("/properties/") for path in paths}


@pytest.mark.parametrize("name", OF_AWS)
def test_a_row_says_what_the_schema_says(name: str) -> None:
    known, row = schema(name), TYPES[name]
    identifiers = [properties(paths) for paths in (known["primaryIdentifier"], *known.get("additionalIdentifiers", []))]
    assert not row.identity or (set(row.identity) in identifiers) != (name in UNIQUE_BY_API)
    assert set(row.replacing) <= properties(known.get("createOnlyProperties", ()))
    assert set(row.creates) <= set(known.get("handlers", {}).get("create", {}).get("permissions", ()))
    assert not row.role or row.role.property in known["properties"]
    for weaker in row.weaker:
        assert weaker.path[0] in known["properties"]


def test_iam_knows_what_is_called() -> None:
    actions = {action for row in TYPES.values() for action in row.creates}
    assert [action for action in actions if not matching(action)] == []


def types_in(templates: Templates) -> Iterator[str]:
    for template in templates.values():
        yield from (each["Type"] for each in template["Resources"].values())


def test_every_type_of_the_templates_has_a_row(fleet: Templates) -> None:
    ours = {name for name in types_in(fleet) if name.startswith("AWS::")}
    assert ours == {name for name, row in TYPES.items() if row.creates}


def test_every_way_to_be_weaker_is_one_that_is_known_and_used() -> None:
    assert {weaker.when for row in TYPES.values() for weaker in row.weaker} == set(WEAKER)


def test_a_key_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="losses"):
        _read({"losses": "x"})
