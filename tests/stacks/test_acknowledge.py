"""What is accepted of a role's permissions: as the nag packs find it, and no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from aws_cdk import App, CfnResource, Stack, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from app import build
from blueprint.contribution import Grant
from blueprint.iam import Statement
from blueprint.managed_nodes import ManagedNodes
from blueprint.planning.document import ServiceRole
from blueprint.planning.planner import plan
from examples.dev import DEV
from stacks.acknowledge import acknowledge, aws_managed, of_grant, of_statements
from stacks.base import service_role
from tools.synthesis import settings

BUCKETS = "arn:${blueprint:partition}:s3:::logs-*"
NARROWED = Statement(("s3:Get*",), (BUCKETS,), {"StringEquals": {"aws:ResourceTag/b": "1", "aws:ResourceTag/a": "1"}})
EXPLAINED = Statement(("s3:GetObject",), ("*",), reason="an object has no name yet")
BARE = Statement(("s3:Get*",), ("*",))


def judged(tmp_path: Path, statements: Sequence[Statement], managed: Sequence[str] = ()) -> None:
    """Synthesizes a role as a service has it, and lets the packs judge it."""
    app = App(outdir=str(tmp_path), context=settings())
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))
    role = ServiceRole("eks.amazonaws.com", tuple(managed), statements=tuple(statements))
    service_role(Stack(app, "One"), "Role", plan(DEV), role)
    app.synth()


@pytest.fixture(autouse=True)
def validated(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise nothing is acknowledged."""
    monkeypatch.setenv("CDK_VALIDATION", "true")


@pytest.mark.thorough
def test_the_packs_find_nothing_more(tmp_path: Path) -> None:
    judged(tmp_path, (NARROWED, EXPLAINED), ("AmazonEKSClusterPolicy",))


@pytest.mark.thorough
def test_a_wildcard_without_a_reason_is_still_found(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"AwsSolutions-IAM5\[Resource::\*\]"):
        judged(tmp_path, (BARE,))


def test_no_more_is_accepted_than_is_explained() -> None:
    own = {
        re.sub(r"^.*?::(AwsSolutions|NIST.800.53.R5)-", "", name): why
        for name, why in of_statements((NARROWED, EXPLAINED, BARE)).items()
    }
    narrowed = "narrowed by aws:ResourceTag/a, aws:ResourceTag/b"
    assert own == {
        "IAMNoInlinePolicy": "the policy belongs to this one role and goes with it",
        "IAM5[Resource::arn:<AWS::Partition>:s3:::logs-*]": narrowed,
        "IAM5[Action::s3:Get*]": narrowed,
        "IAM5[Resource::*]": "an object has no name yet",
    }
    assert of_statements(()) == {}


def test_a_grant_has_those_of_its_statements_and_of_policies_of_aws() -> None:
    grant = Grant("kube-system", "one", (EXPLAINED,), managed_policies=("AmazonEKSBlockPolicy",))
    policy = "arn:<AWS::Partition>:iam::aws:policy/AmazonEKSBlockPolicy"
    assert of_grant(grant).keys() == {
        *of_statements((EXPLAINED,)),
        f"AwsSolutions::AwsSolutions-IAM4[Policy::{policy}]",
    }


def test_without_judges_nothing_is_accepted_but_what_the_engine_always_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CDK_VALIDATION", "false")
    topic = CfnResource(Stack(App(outdir=str(tmp_path)), "One"), "Topic", type="AWS::SNS::Topic")
    accepted = []
    for always in (False, True):
        acknowledge(topic, aws_managed(("One",), "why"), always=always)
        accepted.append(Validations.ACKNOWLEDGED_RULES_METADATA_KEY in [each.type for each in topic.node.metadata])
    assert accepted == [False, True]


@pytest.mark.parametrize("repaired", [True, False])
@pytest.mark.thorough
def test_only_who_replaces_nodes_himself_is_excused(tmp_path: Path, *, repaired: bool) -> None:
    """The rule EKS-NODE-REPAIR finds groups that nobody repairs."""
    group = replace(cast("ManagedNodes", DEV.compute[0]), node_repair=repaired)
    app = App(outdir=str(tmp_path), context=settings())
    build(app, [plan(replace(DEV, compute=(group, *DEV.compute[1:])))])
    (nodes,) = (each for each in app.node.find_all() if each.node.path.endswith(f"/{group.name}/Nodes"))
    accepted = [each for each in nodes.node.metadata if each.type == Validations.ACKNOWLEDGED_RULES_METADATA_KEY]
    assert any("EKS-NODE-REPAIR" in str(each.data) for each in accepted) is not repaired
