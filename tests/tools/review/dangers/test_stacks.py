"""Clusters and stacks that come, go and move."""

from __future__ import annotations

from dataclasses import replace

from tests.tools.review.dangers.support import only, resource, stack_of, stacks_differing, told
from tools.assembly import Stack
from tools.review.dangers import dangers
from tools.review.guard.verdict import verdict
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


RETAINED = {"DeletionPolicy": "RetainExceptOnCreate", "UpdateReplacePolicy": "Retain"}


def retained(stack: Stack) -> Stack:
    return replace(stack, template={"Resources": {id: {**each, **RETAINED} for id, each in stack.resources.items()}})


def test_what_destroying_a_cluster_deletes_is_told() -> None:
    key = retained(stack_of({"Key": resource("AWS::KMS::Key")})).resources
    some = replace(CLUSTER, template={"Resources": {**CLUSTER.resources, **key}})
    danger = only(difference((some, TEAMS), ()))
    assert "with 2 of 3 resources (Cluster): cdk destroy" in danger.fix
    assert verdict([danger]).refused == (danger,)


def test_of_a_cluster_that_is_retained_nothing_is_lost() -> None:
    danger = only(difference((retained(CLUSTER), retained(TEAMS)), ()))
    assert (danger.rule, danger.stack, danger.id) == ("keeps-resources", "*", "dev")
    assert "nothing is lost" in danger.what
    assert "cdk destroy -c cluster=dev 'dev/*'" in danger.fix
    found = verdict([danger])
    assert (found.refused, found.told) == ((), (danger,))


def test_one_that_is_half_retained_is_not() -> None:
    assert only(difference((retained(CLUSTER), TEAMS), ())).rule == "leaves-behind"
    assert only(difference((retained(CLUSTER), TEAMS), (retained(CLUSTER),))).rule == "leaves-behind"
    assert only(difference((CLUSTER, retained(TEAMS)), (CLUSTER,))).rule == "keeps-resources"


def test_what_comes_from_git_is_of_no_stack() -> None:
    git = {"Git:addons.dns": resource("Custom::AWSCDK-EKS-HelmChart")}
    stack = replace(TEAMS, template={"Resources": {**retained(TEAMS).resources, **git}})
    assert only(difference((CLUSTER, stack), (CLUSTER,))).rule == "keeps-resources"


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
