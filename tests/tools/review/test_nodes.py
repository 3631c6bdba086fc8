"""Which nodes a change replaces, and what may hold them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from blueprint.contribution import Contribution, LaunchedNodes
from blueprint.planning.document import Part
from tests.tools.review.support import Made, changing, cluster, resource, rows, thing, touched, words
from tools.review.fleet import ReviewedFleet, Touched
from tools.review.sections import nodes
from tools.revision.differences import Change, ClusterDifference, Impact, StackDifference

SIZES = {"MinSize": 2, "MaxSize": 4}


def changed(before: Mapping[str, Any], after: Mapping[str, Any], **impacts: tuple[str, Impact]) -> ReviewedFleet:
    """A cluster stack with these resources, and by logical id which property changes, and what that leads to."""
    one, other = cluster(control=before), cluster(control=after)
    (stack,) = (each for each in other.stacks if each.name == "cluster")
    (old,) = (each for each in one.stacks if each.name == "cluster")
    changes = tuple(
        Change(stack, id, f"Compute/{id}/Nodes", impact, {name: impact}, before.get(id), after.get(id))
        for id, (name, impact) in impacts.items()
    )
    difference = ClusterDifference("dev", (StackDifference(old, stack, changes),))
    return ReviewedFleet("0123456789ab", (Touched(difference, (one.plan, other.plan)),), ())


def group(**properties: Any) -> Mapping[str, Any]:
    return resource("AWS::EKS::Nodegroup", ScalingConfig=SIZES, **properties)


def test_a_group_of_another_image_is_updated_in_steps() -> None:
    """https://docs.aws.amazon.com/eks/latest/userguide/managed-node-update-behavior.html"""
    before = group(ReleaseVersion="1.35.6-20260714")
    after = group(ReleaseVersion="1.35.9-20260901", UpdateConfig={"MaxUnavailablePercentage": 33})
    found = nodes.section(changed({"A": before}, {"A": after}, A=("ReleaseVersion", "update")))
    why = "ReleaseVersion: 1.35.6-20260714 -> 1.35.9-20260901"
    assert rows(found) == [("~", "A", "2 to 4", why, "one after the other, at most 33 % at once")]
    assert "15 minutes" in words(found)


def test_a_group_that_is_replaced_is_drained() -> None:
    found = nodes.section(changed({"A": group()}, {"A": group()}, A=("InstanceTypes", "replace")))
    assert rows(found) == [("~", "A", "2 to 4", "InstanceTypes", "a new group comes, then the old one is drained")]


def test_labels_and_sizes_replace_no_node() -> None:
    """UpdateNodegroupConfig changes these in place."""
    same = changed({"A": group(Labels={})}, {"A": group(Labels={"a": "b"})}, A=("Labels", "update"))
    assert nodes.section(same).blocks == ()


@pytest.mark.parametrize(
    ("policy", "how"),
    [
        ({"UpdatePolicy": {"AutoScalingRollingUpdate": {"MaxBatchSize": 1}}}, "one batch after the other"),
        ({}, "when somebody terminates them: it has no update policy"),
    ],
)
def test_self_managed_nodes_are_made_anew_as_the_update_policy_says(policy: Mapping[str, Any], how: str) -> None:
    """https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-attribute-updatepolicy.html"""
    template = {"LaunchTemplateSpecification": {"LaunchTemplateId": {"Ref": "T"}}}
    asg = {
        **resource(
            "AWS::AutoScaling::AutoScalingGroup",
            MinSize="3",
            MaxSize="3",
            MixedInstancesPolicy={"LaunchTemplate": template},
        ),
        **policy,
    }
    resources = {"G": asg, "T": resource("AWS::EC2::LaunchTemplate")}
    found = nodes.section(changed(resources, resources, T=("LaunchTemplateData", "update")))
    assert rows(found) == [("~", "G", "3", "a new version of its launch template", how)]
    assert nodes.section(changed({"T": resources["T"]}, resources, T=("LaunchTemplateData", "update"))).blocks == ()


def pool(kind: str, group: str, **spec: Any) -> Made:
    return cluster(objects=(thing(kind, "default", group=group, spec=spec),))


@pytest.mark.parametrize(
    ("kind", "group", "field", "path"),
    [
        ("NodePool", "karpenter.sh", "template", "spec.template"),
        ("EC2NodeClass", "karpenter.k8s.aws", "tags", "spec"),
        ("NodeClass", "eks.amazonaws.com", "role", "spec"),
    ],
)
def test_launched_nodes_drift(kind: str, group: str, field: str, path: str) -> None:
    before, after = (pool(kind, group, **{field: value}) for value in ("a", "b"))
    how = "they drift, and are replaced within the budgets of their pool"
    assert rows(nodes.section(changing(before, after))) == [
        ("~", f"{kind}.{group} default", "those that run", path, how)
    ]


def test_limits_and_weights_of_a_pool_replace_no_node() -> None:
    """Behavioural fields: https://karpenter.sh/docs/concepts/disruption/#drift"""
    before, after = pool("NodePool", "karpenter.sh", weight=1), pool("NodePool", "karpenter.sh", weight=2)
    assert nodes.section(changing(before, after)).blocks == ()


def test_nodes_go_with_their_pool() -> None:
    """EKS deletes a built-in pool that is no longer named, and with it its nodes: set-builtin-node-pools (Important)"""
    how = "they are drained, and no other pool of that name takes their pods"
    gone = ("-", "NodePool.karpenter.sh default", "those that run", "it is no longer in the manifest", how)
    assert rows(nodes.section(changing(pool("NodePool", "karpenter.sh", weight=1), cluster()))) == [gone]
    both, one = (cluster(node_pools=pools) for pools in (("general-purpose", "system"), ("system",)))
    ((sign, name, *_),) = rows(nodes.section(changing(both, one)))
    assert (sign, name) == ("-", "built-in node pool general-purpose of Auto Mode")
    assert nodes.section(changing(one, both)).blocks == ()


def test_an_upgrade_replaces_what_add_ons_launched() -> None:
    part = (Part("pools", "Plain", Contribution(launched_nodes=(LaunchedNodes("default"),))),)
    sides = [cluster(version=version) for version in ("1.35", "1.36")]
    before, after = (Made(side.stacks, side.plan.__class__(**{**vars(side.plan), "addons": part})) for side in sides)
    ((_, name, _, why, _),) = rows(nodes.section(changing(before, after)))
    assert (name, why) == ("nodes launched by pools", "Kubernetes 1.35 -> 1.36")


def test_a_budget_that_lets_no_pod_go_is_a_warning() -> None:
    def budget(name: str, **spec: Any) -> Any:
        return thing("PodDisruptionBudget", name, "shop", "policy", spec=spec)

    budgets = (budget("one", maxUnavailable=1), budget("none", maxUnavailable=0), budget("all", minAvailable="100%"))
    one, other = (cluster(objects=(*budgets, thing("NodeClass", "x", "", "eks.amazonaws.com", spec=n))) for n in (1, 2))
    found = nodes.section(changing(one, other))
    assert rows(found)[1:] == [
        ("~", "PodDisruptionBudget.policy shop/one", "maxUnavailable 1"),
        ("!", "PodDisruptionBudget.policy shop/none", "maxUnavailable 0"),
        ("!", "PodDisruptionBudget.policy shop/all", "minAvailable 100%"),
    ]


def test_a_new_cluster_replaces_nothing() -> None:
    assert (
        nodes.section(ReviewedFleet("0123456789ab", (touched(None, cluster()), touched(cluster(), None)), ())).blocks
        == ()
    )
