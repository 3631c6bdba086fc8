"""What every stack and every add-on consists of. `make snapshots` accepts a change; read the diff before."""

from __future__ import annotations

import pytest
from syrupy.assertion import SnapshotAssertion
from syrupy.extensions.json import JSONSnapshotExtension

from blueprint.planning.document import Plan
from tests.templates import Templates, readable

CLUSTERS = ("dev", "prod", "prod-eu")
STACKS = ("network", "cluster", "addons", "teams")


@pytest.fixture
def snapshot(snapshot: SnapshotAssertion) -> SnapshotAssertion:
    """One JSON file for each test."""
    return snapshot.use_extension(JSONSnapshotExtension)


@pytest.mark.parametrize("stack", STACKS)
@pytest.mark.parametrize("cluster", CLUSTERS)
def test_stack(templates: Templates, cluster: str, stack: str, snapshot: SnapshotAssertion) -> None:
    assert readable(templates[cluster, stack]) == snapshot


def test_every_cluster_and_stack_has_a_snapshot(templates: Templates) -> None:
    assert set(templates) == {(cluster, stack) for cluster in CLUSTERS for stack in STACKS}


ADDONS = (
    *("argo-cd", "aws-ebs-csi-driver", "aws-load-balancer-controller", "cert-manager", "coredns"),
    *(
        "eks-node-monitoring-agent",
        "eks-pod-identity-agent",
        "external-dns",
        "karpenter",
        "kube-proxy",
        "metrics-server",
        "vpc-cni",
    ),
)


@pytest.mark.parametrize("addon", ADDONS)
def test_what_an_addon_adds(templates: Templates, addon: str, snapshot: SnapshotAssertion) -> None:
    """Its resources in the cluster and add-ons stacks of `prod`; logical ids begin with its place in the stack."""
    name = addon.replace("-", "")
    prefixes = (name, f"Addons{name}", f"AddonsBeforeNodes{name}")
    found = {
        stack: {id: body for id, body in templates["prod", stack]["Resources"].items() if id.startswith(prefixes)}
        for stack in ("cluster", "addons")
    }
    assert any(found.values())
    assert readable(found) == snapshot


def test_every_addon_of_the_examples_has_a_snapshot(plans: tuple[Plan, ...]) -> None:
    assert {part.name for plan in plans for part in plan.addons} == set(ADDONS)
