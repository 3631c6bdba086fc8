"""What people type during an upgrade: shell commands, and comments between them."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from blueprint.addons import UpgradeSteps
from blueprint.blueprint import Blueprint
from blueprint.fargate import FargateProfile
from blueprint.managed_nodes import ManagedNodes
from blueprint.nodes import Nodes
from blueprint.self_managed_nodes import SelfManagedNodes
from tools.upgrade.model import AddonMove


def before_control_plane(
    current: Blueprint, then: str, moves: Sequence[AddonMove], own: Sequence[UpgradeSteps]
) -> Iterator[str]:
    """What to look at before a control plane goes to the version `then`; `own` is what add-ons ask for."""
    yield "# what EKS has seen in this cluster; nothing may be ERROR"
    yield insights(current, "UPGRADE_READINESS", then)
    yield f"# every node is at {current.cluster.version}"
    yield "kubectl get nodes"
    yield "# up to five free addresses in these, which EKS needs for the update"
    yield _free_addresses(current)
    unsure = [each for each in moves if each.pinned or each.then is None]
    if unsure:
        yield f"# what EKS offers for {then}: the version that the add-on names must be there"
    for each in unsure:
        query = "--query 'addons[].addonVersions[].addonVersion'"
        options = f"--kubernetes-version {then} --addon-name {each.name} {query}"
        yield aws(current, "eks describe-addon-versions", options)
    for steps in own:
        yield from steps.before


def after_control_plane(current: Blueprint) -> Iterator[str]:
    """What to do and to watch when the control plane and the add-ons have moved."""
    yield aws(current, "eks describe-cluster", f"--name {shlex.quote(current.name)} --query cluster.version")
    profiles = [each for each in current.compute if isinstance(each, FargateProfile)]
    if profiles:
        yield "# pods on Fargate take the new version when they are made anew"
    for namespace in sorted({selector.namespace for each in profiles for selector in each.selectors}):
        yield f"kubectl rollout restart deployment,statefulset --namespace {shlex.quote(namespace)}"
    yield "kubectl get nodes"
    yield "kubectl get pods --all-namespaces --field-selector status.phase!=Running,status.phase!=Succeeded"


def before_nodes(current: Blueprint, groups: Sequence[Nodes], version: str) -> Iterator[str]:
    """What to look at before nodes go to the version."""
    yield "# what allows no disruption now (ALLOWED DISRUPTIONS 0) stops a drain"
    yield "kubectl get poddisruptionbudgets --all-namespaces"
    for each in groups:
        if each.image:
            yield f"# {each.image} of {each.name} must be an image for Kubernetes {version} by then"
        elif isinstance(each, SelfManagedNodes):
            yield f"# the image of {each.name} must be there"
            yield _parameter(current, each.image_parameter(version))
        elif isinstance(each, ManagedNodes) and each.release_version and each.family == "AL2023":
            yield f"# the newest release for {each.name}"
            yield _newest_release(current, each, version)


def after_nodes(groups: Sequence[Nodes]) -> Iterator[str]:
    """What to do and to watch when groups of nodes have their new version."""
    if any(isinstance(each, SelfManagedNodes) for each in groups):
        yield "# while the deploy goes on: each node of a self-managed group before its turn"
        yield "kubectl drain NODE --ignore-daemonsets --delete-emptydir-data"
    yield "kubectl get nodes"


def insights(current: Blueprint, category: str, version: str | None = None) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/cluster-insights.html"""
    of = f', "kubernetesVersions": ["{version}"]' if version else ""
    chosen = f'--cluster-name {shlex.quote(current.name)} --filter \'{{"categories": ["{category}"]{of}}}\''
    return aws(current, "eks list-insights", chosen)


def aws(current: Blueprint, command: str, options: str) -> str:
    """A command of the AWS CLI in the cluster's region."""
    return f"aws {command} --region {shlex.quote(current.region)} {options}"


def _free_addresses(current: Blueprint) -> str:
    """https://docs.aws.amazon.com/eks/latest/userguide/update-cluster.html"""
    ids = f"--name {shlex.quote(current.name)} --query cluster.resourcesVpcConfig.subnetIds --output text"
    options = f"--subnet-ids $({aws(current, 'eks describe-cluster', ids)})"
    query = "--query 'Subnets[].[SubnetId, AvailableIpAddressCount]'"
    return aws(current, "ec2 describe-subnets", f"{options} {query}")


def _parameter(current: Blueprint, path: str) -> str:
    return aws(current, "ssm get-parameter", f"--name {path} --query Parameter.Value")


def _newest_release(current: Blueprint, group: ManagedNodes, version: str) -> str:
    """https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters-eks.html"""
    cpu = "arm64" if group.architecture == "arm64" else "x86_64"
    variant = group.type_of_image.rpartition("_")[2].lower()
    return _parameter(
        current, f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{cpu}/{variant}/recommended"
    )
