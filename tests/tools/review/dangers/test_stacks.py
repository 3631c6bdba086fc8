"""Clusters and stacks that come, go and move."""

from __future__ import annotations

from dataclasses import replace

from tests.tools.review.dangers.support import only, resource, stack_of, stacks_differing, told
from tools.assembly import Stack
from tools.review.dangers import dangers
from tools.revision.differences import ClusterDifference, _pairs

CLUSTER = stack_of({"Cluster": resource("AWS::EKS::Cluster", {"Name": "dev"}), "Key": resource("AWS::KMS::Key")})
TEAMS = replace(stack_of({"Role": resource("AWS::IAM::Role")}), name="teams", stack_name="dev-teams")


def difference(before: tuple[Stack, ...], after: tuple[Stack, ...]) -> ClusterDifference:
    return stacks_differing(*_pairs(before, after))


def test_a_new_cluster() -> None:
    assert dangers(difference((), (CLUSTER, TEAMS))) == ()


def test_a_cluster_that_goes_stays_behind() -> None:
    danger = only(difference((CLUSTER, TEAMS), ()))
    assert (danger.rule, danger.stack, danger.id, danger.path) == ("leaves-behind", "*", "dev", "dev/*")
    assert "cdk destroy -c cluster=dev 'dev/*'" in danger.fix


def test_a_stack_that_goes_stays_behind() -> None:
    danger = only(difference((CLUSTER, TEAMS), (CLUSTER,)))
    assert (danger.rule, danger.stack, danger.id) == ("leaves-behind", "teams", "dev-teams")
    assert told(difference((CLUSTER,), (CLUSTER, TEAMS))) == []


def test_a_cluster_that_moves() -> None:
    before = (CLUSTER, TEAMS)
    for place, after in (
        ("eu-west-1", tuple(replace(stack, region="eu-west-1") for stack in before)),
        ("222222222222", tuple(replace(stack, account="222222222222") for stack in before)),
    ):
        danger = only(difference(before, after))
        assert (danger.rule, danger.id) == ("moves", "dev")
        assert danger.why.startswith("111111111111 us-west-2 -> ")
        assert place in danger.why
