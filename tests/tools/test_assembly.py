"""Reading what was synthesized."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from blueprint.planning.document import Plan
from tools.assembly import CHART, MANIFEST, Assembly, objects, read, text
from tools.synthesis import RESOURCE_LIMIT, synthesize


@pytest.fixture(scope="module")
def assembly(plans: tuple[Plan, ...], tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    out = tmp_path_factory.mktemp("assembly")
    synthesize([plan for plan in plans if plan.facts.name in ("dev", "prod-eu")], out, validate=False)
    return read(out)


def test_has_the_stacks_of_each_cluster_in_the_order_of_deployment(assembly: Assembly) -> None:
    assert {name: [stack.name for stack in stacks] for name, stacks in assembly.items()} == {
        "dev": ["network", "cluster", "addons", "teams"],
        "prod-eu": ["network", "cluster", "addons", "teams"],
    }
    stack = assembly["prod-eu"][1]
    assert (stack.stack_name, stack.account, stack.region) == ("prod-eu-cluster", "222222222222", "eu-west-1")
    assert [stack.termination_protection for stack in assembly["prod-eu"]] == [True, True, False, False]
    assert {stack.tags["environment"] for stack in assembly["prod-eu"]} == {"prod"}
    assert all(0 < len(stack.resources) < RESOURCE_LIMIT for stacks in assembly.values() for stack in stacks)


def test_every_resource_has_the_path_that_a_person_wrote(assembly: Assembly) -> None:
    assert [
        id for stacks in assembly.values() for stack in stacks for id in stack.resources if id not in stack.paths
    ] == []
    addons = assembly["dev"][2]
    assert [addons.paths[id] for id in addons.of_type(CHART)][:2] == [
        "argo-cd/release-argo-cd",
        "aws-load-balancer-controller/release-aws-load-balancer-controller",
    ]


def test_opens_manifests_whatever_they_refer_to(assembly: Assembly) -> None:
    addons = assembly["dev"][2]
    found = [each for resource in addons.of_type(MANIFEST).values() for each in objects(resource)]
    (node_class,) = (each for each in found if each["kind"] == "EC2NodeClass")
    assert node_class["spec"]["instanceProfile"].startswith("${karpenterkarpenternodesprofile")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("plain", "plain"),
        ({"Ref": "AWS::Partition"}, "${AWS::Partition}"),
        ({"Fn::GetAtt": ["Key", "Arn"]}, "${Key.Arn}"),
        ({"Fn::Join": ["", ["arn:", {"Ref": "AWS::Partition"}, ":iam"]]}, "arn:${AWS::Partition}:iam"),
        ({"Fn::Join": [",", ["a", {"Fn::ImportValue": "dev-network:Out"}]]}, "a,${dev-network:Out}"),
        ({"Fn::Join": ["||", {"Fn::GetAtt": ["Vpc", "Ipv6CidrBlocks"]}]}, "${Vpc.Ipv6CidrBlocks}"),
        ({"Fn::Sub": "x-${AWS::Region}"}, "x-${AWS::Region}"),
        ({"Fn::Select": [0, {"Fn::GetAZs": ""}]}, "${0.${}}"),
        (3, "3"),
        ({"a": 1, "b": 2}, '{"a": 1, "b": 2}'),
        (["a"], '["a"]'),
    ],
)
def test_a_property_as_text(value: Any, expected: str) -> None:
    assert text(value) == expected


def test_an_app_without_stages_is_read_as_well(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(
        """{"version": "55.0.0", "artifacts": {"one": {"type": "aws:cloudformation:stack",
        "environment": "aws://111111111111/us-west-2", "displayName": "one",
        "metadata": {"/one/Key/Resource": [{"type": "aws:cdk:logicalId", "data": "Key"}]},
        "properties": {"templateFile": "one.template.json"}}}}""",
        encoding="utf-8",
    )
    (tmp_path / "one.template.json").write_text('{"Resources": {"Key": {"Type": "AWS::KMS::Key"}}}', encoding="utf-8")
    ((stack,),) = read(tmp_path).values()
    assert (stack.cluster, stack.name, stack.stack_name) == ("one", "", "one")
    assert stack.paths == {"Key": "Key"}
