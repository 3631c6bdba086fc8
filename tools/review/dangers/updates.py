"""Updates that EKS refuses, because they come together or go too far."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.eks import CLUSTER_UPDATES, EKS_RULES, NODE_SETTINGS
from blueprint.zones import written
from tools.assembly import Stack, Template
from tools.review.dangers.addons import Plans
from tools.review.dangers.danger import (
    Danger,
    DangerRule,
    at,
    danger,
    danger_of,
    shown,
    step,
    surviving,
    was_and_is,
)
from tools.revision.differences import ClusterDifference, StackDifference

_CLUSTER = "AWS::EKS::Cluster"
_NODES = "AWS::EKS::Nodegroup"
_OWN_ROUTES = "CUSTOMER_ROUTED"
_Path = tuple[str, ...]


def mixed_cluster_update(difference: ClusterDifference) -> Iterator[Danger]:
    """Two kinds of update of one control plane.

    EKS refuses two in one call, "Only one type of update can be allowed"
    (https://github.com/kubernetes-sigs/cluster-api-provider-aws/issues/3553), and a second while the first goes on
    (https://github.com/cloud-custodian/cloud-custodian/issues/9250). The CDK's former custom resource refused them
    too (https://github.com/aws/aws-cdk/issues/21439, 33452). How CloudFormation's own AWS::EKS::Cluster goes about it
    is documented nowhere, and was not tried; so this says "may".
    """
    for change in surviving(difference):
        if change.type != _CLUSTER or change.impact != "update":
            continue
        kinds = {
            kind: words
            for kind, paths in CLUSTER_UPDATES.items()
            if (
                words := [
                    _step(change.before, change.after, path) for path in paths if _differ(*was_and_is(change, *path))
                ]
            )
        }
        if len(kinds) > EKS_RULES.one_kind.limit:
            what = f"{EKS_RULES.one_kind.says}, these are {len(kinds)}: the deploy may fail halfway"
            why = "; ".join(f"{kind} ({', '.join(words)})" for kind, words in kinds.items())
            yield danger("mixed-eks-update", change, what, why, "a deploy for each of them")


def mixed_node_update(difference: ClusterDifference) -> Iterator[Danger]:
    """New nodes and other settings of a managed node group at once.

    CloudFormation documents it of Version and ReleaseVersion, "You can't update other properties at the same time"
    (https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-eks-nodegroup.html), and fails
    with "Version and ReleaseVersion updates cannot be combined with other updates". That is reported of launch
    templates with other settings (https://github.com/aws/containers-roadmap/issues/1258) and with tags
    (https://github.com/aws/aws-cdk/issues/16644), though not of every deploy
    (https://github.com/aws/aws-cdk/issues/13602).
    """
    for stack in difference.stacks:
        if not (stack.before and stack.after):
            continue
        replaced = {change.id for change in stack.changes if change.impact in ("replace", "may-replace")}
        for id, after in stack.after.of_type(_NODES).items():
            before = stack.before.resources.get(id)
            if before is None or id in replaced:
                continue
            nodes, settings = list(new_nodes(stack, before, after)), list(_new_settings(stack, before, after))
            if nodes and settings:
                what = "CloudFormation updates nodes and other settings of a group one at a time: the deploy may fail"
                fix = "a deploy for each of them"
                if settings == [_TAGS]:
                    fix += ": first with the old tags on the stack, cdk deploy --tags KEY=VALUE, then without"
                why = "; ".join([*nodes, *settings])
                yield danger_of("mixed-eks-update", stack.after, id, _NODES, what, why, fix)


def skips_minor(difference: ClusterDifference) -> Iterator[Danger]:
    """A Kubernetes version that EKS does not go to from the old one.

    https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html,
    https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html (one minor, for seven days).
    """
    for change in surviving(difference):
        before, after = (_minor(value) for value in was_and_is(change, "Version"))
        if change.impact != "update" or before is None or after is None or change.type == _NODES:
            continue
        why = step("Version", *was_and_is(change, "Version"))
        if change.type == _CLUSTER and after > before + EKS_RULES.up.limit:
            what = f"{EKS_RULES.up.says}: the deploy fails"
            yield danger("skips-minor", change, what, why, f"write 1.{before + 1}, and go on from there")
        elif change.type == _CLUSTER and after < before:
            what = f"{EKS_RULES.down.says}: else the deploy fails"
            yield danger("skips-minor", change, what, why, "check that the upgrade is that young, or keep the version")


def nodes_stay_behind(difference: ClusterDifference) -> Iterator[Danger]:
    """A control plane that goes up while managed groups have not its version yet; their own update comes after it."""
    for change in surviving(difference):
        if change.type != _CLUSTER or change.impact != "update":
            continue
        before, after = (_numbers(value) for value in was_and_is(change, "Version"))
        if not before or after <= before:
            continue
        groups = [each for stack in difference.before for each in stack.of_type(_NODES).items()]
        for id, group in groups:
            named = _numbers(at(group, "Version")) or _numbers(at(group, "ReleaseVersion"))
            # The number of a Bottlerocket release is its own.
            if (at(group, "Version") or len(named) > 3) and named[:2] < before:
                what = f"{EKS_RULES.nodes_first.says}: the deploy fails"
                why = f"{id} runs {named[0]}.{named[1]}; {step('Version', *was_and_is(change, 'Version'))}"
                yield danger("skips-minor", change, what, why, "deploy the nodes with the version of today first")


def node_image_back(difference: ClusterDifference) -> Iterator[Danger]:
    """An earlier Kubernetes version, or an earlier release of the image.

    "You cannot roll back a node group to an earlier Kubernetes version or AMI version."
    https://docs.aws.amazon.com/eks/latest/APIReference/API_UpdateNodegroupVersion.html
    """
    for change in surviving(difference):
        if change.type != _NODES or change.impact != "update":
            continue
        for name in ("Version", "ReleaseVersion"):
            before, after = (_numbers(value) for value in was_and_is(change, name))
            if before and after and after < before:
                what = f"{EKS_RULES.nodes_back.says}: the deploy fails"
                fix = "add a group of another name with it, and remove this one in a change of its own"
                yield danger("skips-minor", change, what, step(name, *was_and_is(change, name)), fix)


def new_nodes_behind(difference: ClusterDifference) -> Iterator[Danger]:
    """A new group of another Kubernetes version than its cluster's.

    "By default, the Kubernetes version of the cluster is used, and this is the only accepted specified value."
    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateNodegroup.html
    """
    for change in surviving(difference):
        if change.type != _NODES or change.impact not in ("create", "replace", "may-replace"):
            continue
        (cluster,) = change.stack.of_type(_CLUSTER).values() or ({},)
        name = "Version" if at(change.after, "Version") else "ReleaseVersion"
        numbers, wanted = _numbers(at(change.after, name)), _numbers(at(cluster, "Version"))
        # The number of a Bottlerocket release is its own.
        dated = name == "Version" or len(numbers) > 3
        if dated and numbers and wanted and numbers[:2] != wanted:
            what = f"{EKS_RULES.new_nodes.says}: the deploy fails"
            why = f"{name}: {at(change.after, name)}, of the cluster {at(cluster, 'Version')}"
            yield danger("skips-minor", change, what, why, "leave version and release_version out of a new group")


def node_count(difference: ClusterDifference) -> Iterator[Danger]:
    """Deploys that set back what has been scaled since, or that a new group cannot do without.

    "When creating a node group, you must specify all or none of the properties"; of desiredSize, "When using
    CloudFormation, no action occurs if you remove this parameter from your CFN template."
    https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html
    """
    for change in surviving(difference):
        if change.type != _NODES:
            continue
        sizes, desired = was_and_is(change, "ScalingConfig"), at(change.after, "ScalingConfig", "DesiredSize")
        if change.impact in ("create", "replace", "may-replace") and sizes[1] and desired is None:
            what = f"{EKS_RULES.sizes.says}: the deploy fails"
            why = f"ScalingConfig: {shown(sizes[1])}"
            yield danger("resets-nodes", change, what, why, "leave desired out until the group is there")
        elif change.impact == "update" and desired is not None and sizes[0] != sizes[1]:
            what = f"the group goes to {desired} nodes, however many it has been scaled to"
            why = step("ScalingConfig", *sizes)
            yield danger(
                "resets-nodes", change, what, why, 'write desired="unmanaged", or allow it where nothing scales it'
            )


def control_plane_egress(difference: ClusterDifference) -> Iterator[Danger]:
    """Another way out of the VPC for the control plane, or one from which there is no way back.

    A template without the property leaves it as it is; a reader of the blueprint would not know so.
    """
    path = ("ResourcesVpcConfig", "ControlPlaneEgressMode")
    for change in surviving(difference):
        if change.type != _CLUSTER or change.impact != "update":
            continue
        before, after = was_and_is(change, *path)
        why = step(".".join(path), before, after)
        if before == _OWN_ROUTES != after:
            what = f"{EKS_RULES.egress.says}: {'the deploy fails' if after else 'it stays so'}"
            yield danger("create-only", change, what, why, f'leave egress_mode="{_OWN_ROUTES}"')
        elif after == _OWN_ROUTES != before:
            what = f"for good: {EKS_RULES.egress.says}; its webhooks and identity providers are reached by your routes"
            yield danger("one-way", change, what, why, "check the routes of its subnets first")


def control_plane_zones(difference: ClusterDifference) -> Iterator[Danger]:
    """Subnets of a zone that the control plane was not made in, or none any more of one that it was.

    They "must be in the same set of AZs as originally provided", "at least one subnet in each".
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    for change in surviving(difference):
        if change.type == _CLUSTER and change.impact == "update":
            subnets = was_and_is(change, "ResourcesVpcConfig", "SubnetIds")
            before, after = (
                _zones(stacks, ids) for stacks, ids in zip((difference.before, difference.after), subnets, strict=True)
            )
            if before != after and before and after:
                what = f"{EKS_RULES.zones.says}: the deploy fails"
                why = f"zones: {', '.join(sorted(before))} -> {', '.join(sorted(after))}"
                zones = ", ".join(f'"{written(zone)}"' for zone in sorted(before))
                yield danger("create-only", change, what, why, f"write control_plane_zones=({zones})")


def _zones(stacks: Sequence[Stack], ids: Any) -> set[str]:
    """Of the subnets that the stacks export and the cluster imports."""
    found = set()
    for stack in stacks:
        for output in stack.template.get("Outputs", {}).values():
            imported = {"Fn::ImportValue": output.get("Export", {}).get("Name")}
            value = output["Value"]
            if imported in (ids or ()) and isinstance(value, Mapping) and value.get("Ref") in stack.resources:
                subnet = stack.resources[value["Ref"]]
                found.add(str(at(subnet, "AvailabilityZoneId") or at(subnet, "AvailabilityZone")))
    return found


def existing_network(difference: ClusterDifference, plans: Plans) -> Iterator[Danger]:
    """The same of a VPC that is there already, and another VPC: templates have nothing but ids of it.

    "the subnets must be in the same VPC as the original subnets".
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
    """
    before, after = plans
    stacks = [stack.after for stack in difference.stacks if stack.before and stack.after]
    clusters = [(stack, id) for stack in stacks for id in stack.of_type(_CLUSTER)]
    if not (before and after and after.network.vpc_id):
        return
    old, new = (sorted({subnet.zone for subnet in side.control_plane.subnets}) for side in (before, after))
    for stack, id in clusters:
        if before.network.vpc_id and before.network.vpc_id != after.network.vpc_id:
            what, fix = "a cluster stays in its VPC: the deploy fails", "make another cluster there, and move to it"
            why = step("vpc_id", before.network.vpc_id, after.network.vpc_id)
            yield danger_of("create-only", stack, id, _CLUSTER, what, why, fix)
        elif old != new:
            what, fix = (
                f"{EKS_RULES.zones.says}: the deploy fails",
                f"name subnets of {', '.join(old)} in control_plane",
            )
            why = f"zones: {', '.join(old)} -> {', '.join(new)}"
            yield danger_of("create-only", stack, id, _CLUSTER, what, why, fix)


_TAGS = "tags of the stack, which CloudFormation puts on the group"


def new_nodes(stack: StackDifference, before: Template, after: Template) -> Iterator[str]:
    """Why EKS replaces all nodes of a managed group by new ones, one step after the other."""
    for name in ("Version", "ReleaseVersion"):
        if at(before, name) != at(after, name):
            yield _step(before, after, (name,))
    template = at(after, "LaunchTemplate", "Id")
    data = {
        change.id
        for change in stack.changes
        if change.type == "AWS::EC2::LaunchTemplate"
        and change.impact == "update"
        and "LaunchTemplateData" in change.properties
    }
    if isinstance(template, Mapping) and template.get("Ref") in data:
        yield "a new version of its launch template"
    elif at(before, "LaunchTemplate") != at(after, "LaunchTemplate"):
        yield _step(before, after, ("LaunchTemplate",))


def _new_settings(stack: StackDifference, before: Template, after: Template) -> Iterator[str]:
    for name in (*NODE_SETTINGS, "Tags"):
        if _differ(at(before, name), at(after, name)):
            yield _step(before, after, (name,))
    if stack.before and stack.after and stack.before.tags != stack.after.tags:
        yield _TAGS


def _step(before: Template | None, after: Template | None, path: _Path) -> str:
    return step(".".join(path), at(before, *path), at(after, *path))


def _differ(before: Any, after: Any) -> bool:
    """The order of a list means nothing in any of these."""
    one, other = (sorted(map(json.dumps, value)) if isinstance(value, list) else value for value in (before, after))
    return bool(one != other)


def _numbers(version: Any) -> tuple[int, ...]:
    """1, 36, 2 and the day of 1.36.2-20260714; of Bottlerocket's 1.66.0-1ad6b4a4 without the commit."""
    number, _, build = str(version or "").partition("-")
    parts = [*number.split("."), *([build] if build.startswith("20") and build.isdigit() else [])]
    return tuple(map(int, parts)) if all(part.isdigit() for part in parts) else ()


def _minor(version: Any) -> int | None:
    major, _, minor = str(version).partition(".")
    return int(minor) if major == "1" and minor.isdigit() else None


RULES: tuple[DangerRule, ...] = (
    mixed_cluster_update,
    mixed_node_update,
    skips_minor,
    nodes_stay_behind,
    node_image_back,
    new_nodes_behind,
    node_count,
    control_plane_egress,
    control_plane_zones,
)
