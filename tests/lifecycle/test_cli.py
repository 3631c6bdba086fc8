"""One life of a cluster by the real CDK CLI, in the order of these tests: from bootstrap to nothing left."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.planning.planner import plan
from tests.lifecycle.cluster import BASE
from tests.lifecycle.lab import NOTHING, Lab, World, stacks
from tools.local.inventory import inventory
from tools.local.leftovers import leftovers


@pytest.fixture(scope="module")
def world(lab: Lab) -> World:
    """The account that the blueprint names."""
    return World(lab, lab.account(BASE.account))


def deploy(lab: Lab, variant: str) -> str:
    """The output of a deploy, which must succeed."""
    result = lab.cdk(variant).deploy("lab/*")
    assert result.status == 0, result.output[-3000:]
    return result.output


def existing(world: World) -> dict[str, Any]:
    """What EKS and the cluster have, by name."""
    eks = world.account.client("eks")
    held = world.contents()
    groups = eks.list_nodegroups(clusterName="lab")["nodegroups"]
    sizes = [eks.describe_nodegroup(clusterName="lab", nodegroupName=name)["nodegroup"] for name in groups]
    return {
        "nodes": {group["instanceTypes"][0]: group["scalingConfig"]["maxSize"] for group in sizes},
        "add-ons": set(eks.list_addons(clusterName="lab")["addons"]),
        "releases": {release["name"]: release["version"] for release in held["releases"]},
        "namespaces": {each["metadata"]["name"] for each in held["objects"] if each["kind"] == "Namespace"},
        "quotas": {
            each["metadata"]["namespace"]: each["spec"]["hard"]["requests.cpu"]
            for each in held["objects"]
            if each["kind"] == "ResourceQuota" and "requests.cpu" in each["spec"]["hard"]
        },
    }


def test_bootstrap_and_deploy(lab: Lab, world: World) -> None:
    result = lab.cdk("base").bootstrap()
    assert result.status == 0, result.output[-3000:]
    deploy(lab, "base")
    assert {world.status(stack) for stack in stacks()} == {"CREATE_COMPLETE"}
    # The CLI knows the zones from the assembly, so it asks nobody and writes nothing.
    assert not (lab.folder / "home" / "cdk.context.json").exists()


def test_what_exists_is_what_was_planned(lab: Lab, world: World) -> None:
    planned, found = plan(BASE), existing(world)
    parts = [part.contribution for part in planned.parts]
    assert found["add-ons"] == {addon.name for part in parts for addon in part.managed_addons}
    assert found["releases"] == {release.name: release.chart.version for part in parts for release in part.releases}
    assert found["namespaces"] == {namespace.name for part in parts for namespace in part.namespaces}
    assert found["nodes"] == {"m7g.large": 4}
    rows = inventory(lab.emulator, world.account, "lab")
    assert [text.split()[1] for kind, text in rows if kind == "stack"] == ["CREATE_COMPLETE"] * 4
    shown = {text.split()[0] for kind, text in rows if kind == "pod identity"}
    assert {"shop/api", "external-dns/external-dns", "kube-system/aws-node"} <= shown


def test_a_deploy_of_the_same_changes_nothing(lab: Lab, world: World) -> None:
    before = {stack: len(world.events(stack)) for stack in stacks()}
    output = deploy(lab, "base")
    assert output.count("(no changes)") == 4
    assert {stack: len(world.events(stack)) for stack in stacks()} == before


def test_an_addon_a_team_and_nodes_come_change_and_go(lab: Lab, world: World) -> None:
    first = existing(world)
    deploy(lab, "grown")
    grown = existing(world)
    assert grown["releases"].keys() - first["releases"].keys() == {"cert-manager"}
    assert grown["namespaces"] - first["namespaces"] == {"cert-manager", "orders"}
    assert grown["nodes"] == {"m7g.large": 4, "m7i.large": 2}
    deploy(lab, "changed")
    changed = existing(world)
    assert changed["releases"]["cert-manager"] == "1.20.0" != grown["releases"]["cert-manager"]
    assert (grown["quotas"]["orders"], changed["quotas"]["orders"]) == ("8", "4")
    assert changed["nodes"] == {"m7g.large": 4, "m7i.large": 5}
    deploy(lab, "base")
    assert existing(world) == first


def test_a_skipped_minor_is_refused_by_name_and_rolled_back(lab: Lab, world: World) -> None:
    before = existing(world)
    result = lab.cdk("skipping").deploy("lab/*")
    assert result.status == 1
    assert "Unsupported Kubernetes minor version update from 1.34 to 1.36" in result.output
    assert world.status("cluster") == "UPDATE_ROLLBACK_COMPLETE"
    assert existing(world) == before


def test_a_failing_chart_does_not_take_the_cluster_along(lab: Lab, world: World) -> None:
    before = existing(world)
    world.fail_next("Custom::AWSCDK-EKS-HelmChart", "create")
    result = lab.cdk("grown").deploy("lab/*")
    assert result.status == 1
    assert "fails because a test asked for it" in result.output
    assert (world.status("cluster"), world.status("addons")) == ("UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")
    assert existing(world)["releases"] == before["releases"]


def test_upgrade_takes_nodes_along(lab: Lab, world: World) -> None:
    deploy(lab, "upgraded")
    eks = world.account.client("eks")
    (name,) = eks.list_nodegroups(clusterName="lab")["nodegroups"]
    nodes = eks.describe_nodegroup(clusterName="lab", nodegroupName=name)["nodegroup"]
    assert (eks.describe_cluster(name="lab")["cluster"]["version"], nodes["version"]) == ("1.35", "1.35")
    deploy(lab, "protected")  # by itself: EKS takes one kind of update of a control plane at a time


def test_drift_fails_the_command_that_looks_for_it(lab: Lab, world: World) -> None:
    cdk = lab.cdk("protected")
    assert cdk.drift("lab/cluster").status == 0
    world.account.client("eks").update_addon(clusterName="lab", addonName="coredns", addonVersion="v1.0.0-eksbuild.1")
    found = cdk.drift("lab/cluster")
    assert found.status == 1
    assert "v1.0.0-eksbuild.1" in found.output
    assert "AWS::EKS::Addon" in found.output


def test_protected_stacks_stay(lab: Lab, world: World) -> None:
    result = lab.cdk("protected").destroy("lab/*")
    assert result.status == 1
    assert "TerminationProtection is enabled" in result.output
    assert {world.status(stack) for stack in ("network", "cluster")} == {"CREATE_COMPLETE", "UPDATE_COMPLETE"}
    assert existing(world)["nodes"] == {"m7g.large": 4}


def test_destroy_leaves_nothing_but_what_is_retained(lab: Lab, world: World) -> None:
    deploy(lab, "upgraded")
    result = lab.cdk("upgraded").destroy("lab/*")
    assert result.status == 0, result.output[-3000:]
    order = [result.output.index(f"lab/{stack} (lab-{stack}): destroyed") for stack in reversed(stacks())]
    assert order == sorted(order)
    left = leftovers(world.account, "lab")
    assert left.forgotten == ()
    # Of flow logs and the control plane, which have keys, and of the two functions of kubectl.
    assert sorted(item.split()[0] for item in left.kept) == ["KMS"] * 2 + ["log"] * 4
    assert world.contents() == NOTHING
