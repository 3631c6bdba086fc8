"""What every role of a cluster has in common."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from blueprint import Blueprint, Iam, plan
from blueprint.contribution import Grant
from examples.launched import LAUNCHED
from examples.teams import TEAMS
from tests.templates import Templates, of_type, synthesized

IAM = Iam(permissions_boundary="platform/Boundary", path="/platform/")


def roles(templates: Templates) -> Iterator[tuple[str, dict[str, Any]]]:
    for (_, stack), template in templates.items():
        for id, role in of_type(template, "AWS::IAM::Role").items():
            yield f"{stack}/{id}", role["Properties"]


def boundary(properties: dict[str, Any]) -> str:
    found = properties.get("PermissionsBoundary", "")
    parts = found["Fn::Join"][1] if found else []
    return "".join("aws" if part == {"Ref": "AWS::Partition"} else part for part in parts)


def test_each_role_has_both_those_that_the_cdk_makes_as_well(tmp_path: Path) -> None:
    """Karpenter's nodes, Fargate, add-ons, flow logs, the installer, and who closes the VPC's security group."""
    templates = synthesized([plan(replace(LAUNCHED, iam=IAM))], tmp_path)
    found = dict(roles(templates))
    assert len(found) > 8
    expected = "arn:aws:iam::111111111111:policy/platform/Boundary"
    assert {id: (boundary(each), each.get("Path")) for id, each in found.items()} == dict.fromkeys(
        found, (expected, "/platform/")
    )
    (profile,) = of_type(templates["launched", "addons"], "AWS::IAM::InstanceProfile").values()
    assert profile["Properties"]["Path"] == "/platform/"


def grants(blueprint: Blueprint) -> Iterator[Grant]:
    for part in plan(blueprint).parts:
        yield from part.contribution.grants
        yield from (addon.grant for addon in part.contribution.managed_addons if addon.grant)


def test_that_of_a_team_stands_in_its_place() -> None:
    before, after = list(grants(TEAMS)), list(grants(replace(TEAMS, iam=IAM)))
    assert {grant.boundary is None for grant in before} == {True, False}
    assert [grant.boundary for grant in after] == [grant.boundary or "platform/Boundary" for grant in before]


def test_without_it_iam_decides(fleet: Templates) -> None:
    bounded = ("argo-delivery", "provisioned", "teams")
    others = {key: template for key, template in fleet.items() if key[0] not in bounded}
    assert len(others) > 20
    assert {(boundary(each), each.get("Path")) for _, each in roles(others)} == {("", None)}
    assert {(boundary(each), each.get("Path")) for _, each in roles(of(fleet, "provisioned"))} == {
        ("arn:aws:iam::111111111111:policy/platform/ClusterBoundary", "/platform/")
    }


def of(fleet: Templates, cluster: str) -> Templates:
    return {key: template for key, template in fleet.items() if key[0] == cluster}
