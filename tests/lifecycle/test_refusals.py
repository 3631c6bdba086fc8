"""What EKS refuses in a deploy, so that the stack rolls back. What else the emulator refuses: test_eks_facts.py."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.lifecycle.lab import Lab
from tests.lifecycle.templates import ACCESS_ENTRY, CLUSTER, NODE_GROUP, Resources, of_type

Change = Callable[[Resources], object]


def put(kind: str, **properties: Any) -> Change:
    """Other properties for all resources of a type."""
    return lambda resources: [found.update(properties) for found in of_type(resources, kind)]


AT_CREATION: dict[str, tuple[Change, str]] = {
    "a version that is not offered": (put(CLUSTER, Version="1.32"), "unsupported Kubernetes version 1.32"),
    "STANDARD on a version in extended support": (
        put(CLUSTER, Version="1.33", UpgradePolicy={"SupportType": "STANDARD"}),
        "EKS takes no STANDARD policy",
    ),
    "a group behind its cluster": (
        put(NODE_GROUP, Version="1.33", ReleaseVersion="1.33.13-20260714"),
        "Requested Nodegroup version 1.33 is not the cluster's 1.34",
    ),
    "fewer nodes at most than at least": (
        put(NODE_GROUP, ScalingConfig={"MinSize": 4, "MaxSize": 2, "DesiredSize": 4}),
        "Minimum capacity 4 can't be greater than max size 2",
    ),
    "more nodes than a group may have": (
        put(NODE_GROUP, ScalingConfig={"MinSize": 1, "MaxSize": 451, "DesiredSize": 1}),
        "maxSize 451 exceeds the limit of 450",
    ),
    "a group of Kubernetes itself": (
        put(ACCESS_ENTRY, KubernetesGroups=["system:masters"]),
        "The kubernetes group name system:masters is invalid",
    ),
}


@pytest.mark.parametrize(("change", "why"), AT_CREATION.values(), ids=AT_CREATION)
def test_a_creation_that_eks_refuses(lab: Lab, change: Change, why: str) -> None:
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    change(template["Resources"])
    assert world.put("cluster", template=template) == "ROLLBACK_COMPLETE"
    assert why in "\n".join(world.reasons("cluster"))


UPDATES: dict[str, tuple[str, Change, str]] = {
    "a way back without an upgrade": (
        "upgraded",
        put(CLUSTER, Version="1.34"),
        "EKS goes back one minor, within seven days of an upgrade",
    ),
    "an older image": (
        "upgraded",
        put(NODE_GROUP, ReleaseVersion="1.35.6-20260101"),
        "EKS takes no node group back to an earlier version or image",
    ),
    "two kinds of update": (
        "base",
        put(CLUSTER, Version="1.35", Logging={"ClusterLogging": {"EnabledTypes": [{"Type": "api"}]}}),
        "Only one type of update can be allowed: VersionUpdate, LoggingUpdate",
    ),
}


@pytest.mark.parametrize(("variant", "change", "why"), UPDATES.values(), ids=UPDATES)
def test_an_update_that_eks_refuses(lab: Lab, variant: str, change: Change, why: str) -> None:
    world = lab.world()
    world.put_all(variant, until="cluster")
    template = world.template("cluster", variant)
    change(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_ROLLBACK_COMPLETE"
    assert why in "\n".join(world.reasons("cluster"))


def test_a_control_plane_waits_for_its_nodes(lab: Lab) -> None:
    """One minor ahead of them it may go, and no further."""
    world = lab.world()
    world.put_all(until="cluster")
    template = world.template("cluster")
    put(CLUSTER, Version="1.35")(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"
    assert world.group()["version"] == "1.34"
    put(CLUSTER, Version="1.36")(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_ROLLBACK_COMPLETE"
    assert "EKS upgrades a control plane only when its managed node groups have its version" in "\n".join(
        world.reasons("cluster")
    )


def test_a_young_upgrade_goes_back(lab: Lab) -> None:
    world = lab.world()
    world.put_all(until="cluster")
    template = world.template("cluster")
    put(CLUSTER, Version="1.35")(template["Resources"])
    assert world.put("cluster", template=template) == "UPDATE_COMPLETE"
    assert world.put("cluster") == "UPDATE_COMPLETE", world.reasons("cluster")
    assert world.account.client("eks").describe_cluster(name="lab")["cluster"]["version"] == "1.34"
