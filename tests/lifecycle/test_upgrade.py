"""A newer Kubernetes version: one minor at a time, nodes and add-ons with it, and back when it fails."""

from __future__ import annotations

from typing import Any

import pytest

from tests.lifecycle.lab import Lab, World
from tests.lifecycle.templates import NODE_GROUP, of_type


def versions(world: World) -> dict[str, str]:
    """The Kubernetes version of the control plane, and of each node group."""
    eks = world.account.client("eks")
    groups = eks.list_nodegroups(clusterName="lab")["nodegroups"]
    described = [eks.describe_nodegroup(clusterName="lab", nodegroupName=name)["nodegroup"] for name in groups]
    return {"lab": eks.describe_cluster(name="lab")["cluster"]["version"]} | {
        group["nodegroupName"]: group["version"] for group in described
    }


def addon_versions(world: World) -> dict[str, str]:
    eks = world.account.client("eks")
    names = eks.list_addons(clusterName="lab")["addons"]
    return {name: eks.describe_addon(clusterName="lab", addonName=name)["addon"]["addonVersion"] for name in names}


def _declared(world: World, variant: str) -> dict[str, Any]:
    resources = world.template("cluster", variant)["Resources"].values()
    addons = (each["Properties"] for each in resources if each["Type"] == "AWS::EKS::Addon")
    return {addon["AddonName"]: addon["AddonVersion"] for addon in addons}


def test_nodes_and_addons_follow_the_control_plane(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    before = world.resources("cluster")
    world.put_all("upgraded")
    assert set(versions(world).values()) == {"1.35"}
    assert len(versions(world)) == 2
    assert addon_versions(world) == _declared(world, "upgraded") != _declared(world, "base")
    stateful = ("AWS::EKS::Cluster", "AWS::EKS::Nodegroup", "AWS::KMS::Key", "AWS::Logs::LogGroup")
    kept = {id: found for id, found in world.resources("cluster").items() if found[0] in stateful}
    assert kept == {id: found for id, found in before.items() if found[0] in stateful}


def test_nodes_come_after_the_control_plane(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    seen = len(world.events("cluster"))
    world.put_all("upgraded", until="cluster")
    done = [each for each in world.events("cluster")[seen:] if each["ResourceStatus"] == "UPDATE_COMPLETE"]
    kinds = [each["ResourceType"] for each in done]
    assert kinds.index("AWS::EKS::Cluster") < kinds.index("AWS::EKS::Nodegroup")


def test_a_skipped_minor_is_refused_and_nothing_changes(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    before, addons, held = world.resources("cluster"), addon_versions(world), world.contents()
    assert world.put("cluster", "skipping") == "UPDATE_ROLLBACK_COMPLETE"
    assert "Unsupported Kubernetes minor version update from 1.34 to 1.36" in "\n".join(world.reasons("cluster"))
    assert set(versions(world).values()) == {"1.34"}
    assert (world.resources("cluster"), addon_versions(world), world.contents()) == (before, addons, held)
    world.put_all("upgraded")
    assert set(versions(world).values()) == {"1.35"}


def test_a_failed_node_upgrade_takes_the_control_plane_back(lab: Lab) -> None:
    world = lab.world()
    world.put_all()
    world.fail_next("AWS::EKS::Nodegroup", "update")
    assert world.put("cluster", "upgraded") == "UPDATE_ROLLBACK_COMPLETE"
    assert set(versions(world).values()) == {"1.34"}


@pytest.mark.parametrize(
    ("image", "why"),
    [
        ({"ReleaseVersion": "1.35.6-20260714"}, "version 1.35 is newer than the cluster's 1.34"),
        ({"Version": "1.33", "ReleaseVersion": "1.34.9-20260714"}, "is not valid for kubernetes version 1.33"),
        # https://github.com/aws/containers-roadmap/issues/1945
        ({"AmiType": "BOTTLEROCKET_ARM_64", "ReleaseVersion": "1.66.0-1ad6b4a4"}, None),
    ],
)
def test_an_image_belongs_to_a_version(lab: Lab, image: dict[str, str], why: str | None) -> None:
    world = lab.world()
    world.put_all(until="network")
    template = world.template("cluster")
    for group in of_type(template["Resources"], NODE_GROUP):
        group.pop("Version", None)
        group.update(image)
    status = world.put("cluster", template=template)
    assert status == ("ROLLBACK_COMPLETE" if why else "CREATE_COMPLETE"), world.reasons("cluster")
    if why:
        assert any(why in reason for reason in world.reasons("cluster")), world.reasons("cluster")
    else:
        assert world.group()["version"] == "1.34"
