"""What CloudFormation would do, as the CDK's diff engine sees it."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.tools.review.dangers import support
from tools.assembly import CHART, MANIFEST, Stack
from tools.revision.differences import Change, ClusterDifference, differences

RESOURCES: dict[str, Any] = {
    "Cluster": {
        "Type": "AWS::EKS::Cluster",
        "Properties": {
            "Name": "dev",
            "Version": "1.35",
            "ResourcesVpcConfig": {"SubnetIds": ["a"]},
            "AccessConfig": {"AuthenticationMode": "API", "BootstrapClusterCreatorAdminPermissions": False},
            "KubernetesNetworkConfig": {"ServiceIpv4Cidr": "172.20.0.0/16"},
        },
    },
    "Nodes": {
        "Type": "AWS::EKS::Nodegroup",
        "Properties": {
            "ClusterName": {"Ref": "Cluster"},
            "InstanceTypes": ["m7g.large"],
            "ScalingConfig": {"MaxSize": 3},
        },
    },
    "Key": {"Type": "AWS::KMS::Key", "DeletionPolicy": "Retain", "Properties": {"EnableKeyRotation": True}},
    "Logs": {"Type": "AWS::Logs::LogGroup", "Properties": {"RetentionInDays": 30}},
    "Objects": {
        "Type": MANIFEST,
        "Properties": {"Manifest": json.dumps([{"kind": "Namespace", "metadata": {"name": "a"}}])},
    },
    "Chart": {"Type": CHART, "Properties": {"Values": json.dumps({"replicas": 1}), "Version": "1.0.0"}},
}
STACK = replace(support.STACK, template={"Resources": RESOURCES}, paths={"Nodes": "Compute/system"})


def changed(edit: Callable[[dict[str, Any]], object]) -> Stack:
    """The stack with other resources."""
    resources = copy.deepcopy(RESOURCES)
    edit(resources)
    return replace(STACK, template={"Resources": resources})


def difference(before: Stack, after: Stack) -> ClusterDifference:
    (found,) = differences({"dev": (before,)}, {"dev": (after,)})
    return found


def change(edit: Callable[[dict[str, Any]], object]) -> Change:
    (found,) = difference(STACK, changed(edit)).changes
    return found


def network(them: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = them["Cluster"]["Properties"]["KubernetesNetworkConfig"]
    return found


def access(them: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = them["Cluster"]["Properties"]["AccessConfig"]
    return found


EDITS: tuple[tuple[Callable[[dict[str, Any]], object], str, str], ...] = (
    (lambda them: them["Cluster"]["Properties"].update(Version="1.36"), "Cluster", "update"),
    (lambda them: them["Nodes"]["Properties"].update(InstanceTypes=["m7g.xlarge"]), "Nodes", "replace"),
    (lambda them: them["Nodes"]["Properties"]["ScalingConfig"].update(MaxSize=5), "Nodes", "update"),
    (lambda them: them.update(New={"Type": "AWS::SQS::Queue"}), "New", "create"),
    (lambda them: them.pop("Logs"), "Logs", "delete"),
    (lambda them: them.pop("Key"), "Key", "orphan"),
    (lambda them: them["Logs"].update(DeletionPolicy="Retain"), "Logs", "update"),
    (lambda them: them["Nodes"].update(DependsOn=["Key"]), "Nodes", "update"),
    (lambda them: them["Logs"].update(Type="AWS::SQS::Queue", Properties={}), "Logs", "replace"),
    # Create-only in parts, where the engine sees whole properties
    (lambda them: network(them).update(ElasticLoadBalancing={"Enabled": True}), "Cluster", "update"),
    (lambda them: network(them).update(ServiceIpv4Cidr="10.0.0.0/16"), "Cluster", "replace"),
    (lambda them: access(them).update(AuthenticationMode="API_AND_CONFIG_MAP"), "Cluster", "update"),
    (lambda them: access(them).update(BootstrapClusterCreatorAdminPermissions=True), "Cluster", "replace"),
    # Text that holds JSON: other tools see no difference there. https://github.com/aws/aws-cdk-cli/issues/1780
    (lambda them: them["Chart"]["Properties"].update(Values='{"replicas": 2}'), "Chart", "update"),
    (lambda them: them["Objects"]["Properties"].update(Manifest="[]"), "Objects", "update"),
)


def test_says_what_becomes_of_a_resource() -> None:
    """All in one call: the engine takes a second to start."""
    before = {str(number): (STACK,) for number in range(len(EDITS))}
    after = {str(number): (changed(edit),) for number, (edit, _, _) in enumerate(EDITS)}
    found = {int(cluster.name): cluster.changes for cluster in differences(before, after)}
    assert [[(each.id, each.impact) for each in found.get(number, ())] for number in range(len(EDITS))] == [
        [(id, impact), *([("Nodes", "replace")] if (id, impact) == ("Cluster", "replace") else [])]
        for _, id, impact in EDITS
    ]
    for change in (change for changes in found.values() for change in changes):
        assert (change.before is None) == (change.impact == "create")
        assert (change.after is None) == (change.impact in ("delete", "orphan"))


def test_a_replacement_reaches_what_refers_to_it() -> None:
    found = difference(STACK, changed(lambda them: them["Cluster"]["Properties"].update(Name="other")))
    assert {each.id: each.impact for each in found.changes} == {"Cluster": "replace", "Nodes": "replace"}


def test_names_properties_and_paths() -> None:
    def edit(them: dict[str, Any]) -> None:
        them["Nodes"]["Properties"].update(InstanceTypes=["m7g.xlarge"], ScalingConfig={"MaxSize": 4})

    found = change(edit)
    assert found.properties == {"InstanceTypes": "replace", "ScalingConfig": "update"}
    assert (found.type, found.path) == ("AWS::EKS::Nodegroup", "Compute/system")
    assert change(lambda them: them.pop("Nodes")).path == "Compute/system"
    assert change(lambda them: them.pop("Logs")).path == "Logs"


def test_has_the_words_of_cdk_diff_without_colours() -> None:
    (stack,) = difference(STACK, changed(lambda them: them["Cluster"]["Properties"].update(Version="1.36"))).stacks
    assert "[~] AWS::EKS::Cluster" in stack.text
    assert "[+] 1.36" in stack.text
    assert "\x1b" not in stack.text


def test_order_of_keys_is_no_difference() -> None:
    shuffled = replace(STACK, template={"Resources": dict(reversed(RESOURCES.items()))})
    assert differences({"dev": (STACK,)}, {"dev": (shuffled,)}) == ()


def test_stacks_that_come_and_go() -> None:
    (new,) = differences({}, {"dev": (STACK,)})
    assert {each.impact for each in new.changes} == {"create"}
    assert (new.before, new.after) == ((), (STACK,))
    (gone,) = differences({"dev": (STACK,)}, {})
    assert {each.impact for each in gone.changes} == {"orphan"}
    assert (gone.before, gone.after) == ((STACK,), ())


def test_in_another_region_it_is_another_stack() -> None:
    found = difference(STACK, replace(STACK, region="eu-west-1"))
    assert [(stack.stack.region, {each.impact for each in stack.changes}) for stack in found.stacks] == [
        ("eu-west-1", {"create"}),
        ("us-west-2", {"orphan"}),
    ]


def test_protection_and_tags_of_a_stack_are_no_resource() -> None:
    for other in (replace(STACK, termination_protection=False), replace(STACK, tags={"a": "b"})):
        found = difference(STACK, other)
        assert found.changes == ()
        assert [(stack.before, stack.after) for stack in found.stacks] == [(STACK, other)]


def test_other_clusters_are_not_named() -> None:
    other = replace(STACK, cluster="prod", stack_name="prod-cluster")
    found = differences(
        {"dev": (STACK,), "prod": (other,)}, {"dev": (changed(lambda them: them.pop("Logs")),), "prod": (other,)}
    )
    assert [cluster.name for cluster in found] == ["dev"]


def test_objects_and_values_stand_in_sections_of_their_own() -> None:
    """As one line of JSON each, cut off and with a label of the cluster, they say nothing, and no two read the same."""

    def edit(resources: dict[str, Any]) -> None:
        resources["Objects"]["Properties"]["Manifest"] = json.dumps([{"kind": "Namespace", "metadata": {"name": "b"}}])
        resources["Chart"]["Properties"] |= {"Values": json.dumps({"replicas": 2}), "Version": "1.0.1"}

    found = difference(STACK, changed(edit))
    assert {each.id: sorted(each.properties) for each in found.changes} == {
        "Objects": ["Manifest"],
        "Chart": ["Values", "Version"],
    }
    text = found.stacks[0].text
    assert text.count("as it was") == 2
    assert "replicas" not in text
    assert "Namespace" not in text
    assert "1.0.1" in text
    (whole,) = differences({"dev": (STACK,)}, {"dev": (changed(edit),)}, folded=False)
    assert "replicas" in whole.stacks[0].text
    assert "Namespace" in whole.stacks[0].text
