"""Rules between the parts of a blueprint. Each judges only sound values, so that one mistake hides no other."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from blueprint import iam
from blueprint.access import AccessEntry
from blueprint.addon import Addon
from blueprint.compute import AutoMode, Compute, FargateProfile, Nodes
from blueprint.contribution import NodeRole, Queue, Release
from blueprint.errors import Problem, Quoted, duplicates
from blueprint.kubernetes import RESERVED_NAMESPACES
from blueprint.references import references_in
from blueprint.team import Team
from blueprint.value import Missing, Value, problems_in
from blueprint.versions import SUPPORTED, minor, version_problem

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint
    from blueprint.facts import ClusterFacts
    from blueprint.plan import Planned

V = TypeVar("V", bound=Value)

# A kubelet may be up to three minors older than the API server, never newer.
# https://kubernetes.io/releases/version-skew-policy
_KUBELET_SKEW = 3
# Without these a node never becomes ready: the control plane is made without EKS's own copies.
_ADDONS_OF_NODES = ("kube-proxy", "vpc-cni")
_SECRET_KEY = re.compile(r"(password|passwd|token|api_?key|private_?key|secret_?key|access_?key)$", re.IGNORECASE)


def sound(value: object) -> TypeGuard[Value]:
    """Whether the value, with all below it, has no mistake of its own."""
    return isinstance(value, Value) and next(problems_in(value, ""), None) is None


def sound_items(items: object, kind: type[V], place: str) -> Iterator[tuple[str, V]]:
    """The sound values of one kind in a tuple that the user wrote, with their places."""
    for index, item in enumerate(items if isinstance(items, tuple) else ()):
        if isinstance(item, kind) and next(problems_in(item, ""), None) is None:
            yield f"{place}[{index}]", item


def sound_teams(blueprint: Blueprint) -> Iterator[tuple[str, Team]]:
    """The teams without mistakes, with their places."""
    return sound_items(blueprint.teams, Team, "teams")


def addons_of(blueprint: Blueprint) -> Iterator[tuple[str, Addon]]:
    """All add-ons with their places; what an add-on is stands in its class, so mistakes in its fields do not matter."""
    for index, addon in enumerate(blueprint.addons if isinstance(blueprint.addons, tuple) else ()):
        if isinstance(addon, Addon):
            yield f"addons[{index}]", addon


def sound_basics(blueprint: Blueprint) -> bool:
    """Whether add-ons and teams can be planned: what they may know about the cluster is right."""
    basics = ("name", "account", "region")
    wrong = {problem.place for problem in problems_in(blueprint, "")}
    return (
        not any(getattr(blueprint, name) is Missing or name in wrong for name in basics)
        and sound(blueprint.cluster)
        and isinstance(blueprint.compute, tuple)
        and all(map(sound, blueprint.compute))
    )


def between_values(blueprint: Blueprint) -> Iterator[Problem]:
    """Rules that can be judged before anything is planned."""
    yield from _compute(blueprint)
    yield from _ranges(blueprint)
    yield from _addons(blueprint)
    yield from _teams(blueprint)


def _compute(blueprint: Blueprint) -> Iterator[Problem]:
    computes = list(sound_items(blueprint.compute, Compute, "compute"))
    names = ((f"{place}.name", compute.name) for place, compute in computes)
    yield from duplicates(names, "compute has unique names in a cluster", "rename one")
    auto_modes = [place for place, compute in computes if isinstance(compute, AutoMode)]
    for place in auto_modes[1:]:
        yield Problem(place, Quoted("AutoMode"), f"{auto_modes[0]} turns Auto Mode on already", "keep one AutoMode")
    if not sound(blueprint.cluster):
        return
    cluster = minor(blueprint.cluster.version)
    for place, nodes in computes:
        if isinstance(nodes, Nodes) and nodes.version is not None:
            wrong = list(version_problem(f"{place}.version", nodes.version, SUPPORTED))
            yield from wrong
            if not wrong and not cluster - _KUBELET_SKEW <= minor(nodes.version) <= cluster:
                rule = f"nodes are at most {_KUBELET_SKEW} minors older than the cluster ({blueprint.cluster.version}), never newer"
                yield Problem(f"{place}.version", nodes.version, rule, "leave it out to follow the cluster")


def _ranges(blueprint: Blueprint) -> Iterator[Problem]:
    network, cluster = blueprint.network, blueprint.cluster
    if sound(network) and sound(cluster):
        services = ipaddress.ip_network(cluster.service_cidr)
        if services.overlaps(ipaddress.ip_network(network.cidr)):
            rule = f"addresses of Services must lie outside the VPC ({network.cidr})"
            yield Problem("cluster.service_cidr", cluster.service_cidr, rule, "take another private range, for one of them")


def _addons(blueprint: Blueprint) -> Iterator[Problem]:
    addons = list(addons_of(blueprint))
    names = ((place, addon.name) for place, addon in addons)
    yield from duplicates(names, "an add-on stands once in a cluster", "remove one")
    present = {type(addon) for _, addon in addons}
    kinds = [type(compute) for _, compute in sound_items(blueprint.compute, Compute, "compute")]
    has_nodes = any(issubclass(kind, Nodes) for kind in kinds)
    auto_mode_only = AutoMode in kinds and not has_nodes
    for place, addon in addons:
        for needed in addon.requires:
            built_in = auto_mode_only and needed.built_into_auto_mode != "no"
            if not built_in and not any(issubclass(cls, needed) for cls in present):
                yield Problem(place, addon.name, f"{addon.name} requires {needed.name}", f"add {needed.__name__}() to addons")
        for other_place, other in addons:
            if isinstance(other, addon.conflicts) and other is not addon:
                yield Problem(place, addon.name, f"{addon.name} conflicts with {other.name} ({other_place})", "remove one of them")
        if auto_mode_only and addon.built_into_auto_mode == "refuse":
            rule = f"Auto Mode brings {addon.replaced_by}, and both would act on the same resources"
            yield Problem(place, addon.name, rule, f"remove {type(addon).__name__}(), or run it on ManagedNodes")
        for compute_place, nodes in sound_items(blueprint.compute, Nodes, "compute"):
            if nodes.architecture not in addon.architectures:
                rule = f"{addon.name} has no image for {nodes.architecture}, which {compute_place} runs"
                yield Problem(place, addon.name, rule, f"use {' or '.join(sorted(addon.architectures))} nodes")
    if has_nodes:
        for name in _ADDONS_OF_NODES:
            if name not in {addon.name for _, addon in addons}:
                rule = f"nodes never become ready without the add-on {name}"
                yield Problem("addons", Quoted(f"<no {name}>"), rule, f"add {_class_name(name)}() to addons")


def _class_name(addon: str) -> str:
    return "".join(word.capitalize() for word in addon.split("-"))


def _teams(blueprint: Blueprint) -> Iterator[Problem]:
    teams = list(sound_teams(blueprint))
    yield from duplicates(((f"{place}.name", team.name) for place, team in teams), "teams have unique names", "rename one")


def between_contributions(
    blueprint: Blueprint, facts: ClusterFacts, parts: Sequence[Planned], admins: Sequence[tuple[str, AccessEntry]]
) -> Iterator[Problem]:
    """Rules about everything that would reach AWS and the cluster."""
    principals = [(place, entry.principal) for place, entry in admins]
    principals += [(part.place, entry.principal) for part in parts for entry in part.contribution.access]
    yield from duplicates(principals, "a principal has one access entry in a cluster", "name each principal once")
    yield from _namespaces(blueprint, facts, parts)
    yield from _grants(facts, parts)
    for part in parts:
        yield from (problem.below(part.place) for problem in _references(part))
        for release in part.contribution.releases:
            yield from (problem.below(part.place) for problem in _release(blueprint, release))
    yield from _network_policies(facts, parts)


def _namespaces(blueprint: Blueprint, facts: ClusterFacts, parts: Iterable[Planned]) -> Iterator[Problem]:
    owned = [(part.place, namespace.name) for part in parts for namespace in part.contribution.namespaces]
    yield from duplicates(owned, "a namespace has one owner", "give each its own namespace")
    for place, name in owned:
        if name in RESERVED_NAMESPACES or name.startswith("kube-"):
            yield Problem(place, name, "the namespace belongs to Kubernetes", "choose another name")
    if any(isinstance(compute, FargateProfile) for compute in blueprint.compute) and not facts.has_nodes and not facts.auto_mode:
        used = {release.namespace: part for part in parts for release in part.contribution.releases}
        used |= {"kube-system": part for part in parts if part.contribution.managed_addons}
        for name in sorted(set(used) - facts.fargate_namespaces):
            rule = f"pods of {used[name].name} in {name} have nowhere to run: the cluster has Fargate only"
            fix = f'add FargateSelector("{name}") to a FargateProfile, or add nodes'
            yield Problem(used[name].place, name, rule, fix)


def _grants(facts: ClusterFacts, parts: Sequence[Planned]) -> Iterator[Problem]:
    addons = [addon for part in parts for addon in part.contribution.managed_addons]
    agent = facts.auto_mode or any(addon.name == "eks-pod-identity-agent" for addon in addons)
    seen = []
    for part in parts:
        of_addons = (addon.grant for addon in part.contribution.managed_addons if addon.grant)
        for grant in chain(part.contribution.grants, of_addons):
            seen.append((part.place, grant.name))
            for statement in grant.statements:
                yield from problems_in(statement, f"{part.place}: permissions of {grant.name}")
            yield from iam.size_problem(f"{part.place}: permissions of {grant.name}", grant.statements)
            if not grant.irsa and not agent:
                rule = f"AWS permissions of {grant.name} come by EKS Pod Identity, which needs its agent"
                yield Problem(part.place, part.name, rule, "add EksPodIdentityAgent() to addons")
    yield from duplicates(seen, "a service account has one set of AWS permissions", "use one service account for each")


def _references(part: Planned) -> Iterator[Problem]:
    contribution = part.contribution
    known = {"partition", "vpc-id"}
    known |= {f"role-arn:{grant.name}" for grant in contribution.grants}
    for resource in contribution.resources:
        if isinstance(resource, NodeRole):
            known |= {f"role-arn:{resource.name}", f"instance-profile:{resource.name}"}
        elif isinstance(resource, Queue):
            known |= {f"queue-name:{resource.name}", f"queue-arn:{resource.name}"}
    used: list[Any] = [release.values for release in contribution.releases]
    used += [statement.document() for grant in contribution.grants for statement in grant.statements]
    used += [*contribution.objects, *(entry.principal for entry in contribution.access)]
    for name in sorted(set(references_in(used)) - known):
        rule = f"{part.name} refers to what it does not make"
        yield Problem("", name, rule, f"refer to one of {', '.join(sorted(known))}")


def _release(blueprint: Blueprint, release: Release) -> Iterator[Problem]:
    for path, value in _leaves(release.values):
        if isinstance(value, str) and value and _SECRET_KEY.search(path):
            rule = "Helm values stand in the template in clear text, so they never hold a secret"
            yield Problem(path, Quoted("<not shown>"), rule, "name an existing Secret, made by External Secrets for example")
    if sound(blueprint.network) and blueprint.network.nat == "none" and ".dkr.ecr." not in release.chart.repository:
        rule = "without NAT the installer reaches Amazon ECR only"
        fix = f'mirror the chart: chart_repository="oci://{blueprint.account}.dkr.ecr.{blueprint.region}.amazonaws.com/…"'
        yield Problem("chart_repository", release.chart.repository, rule, fix)


def _leaves(data: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(data, Mapping):
        for key, item in data.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from _leaves(item, f"{path}[{index}]")
    else:
        yield path, data


def _network_policies(facts: ClusterFacts, parts: Iterable[Planned]) -> Iterator[Problem]:
    """A NetworkPolicy is inert, and looks as if it were not, unless the cluster's network enforces it."""
    enforced = (facts.auto_mode and not facts.has_nodes) or any(
        addon.name == "vpc-cni" and addon.configuration.get("enableNetworkPolicy") == "true"
        for part in parts
        for addon in part.contribution.managed_addons
    )
    for part in parts:
        if not enforced and any(manifest["kind"] == "NetworkPolicy" for manifest in part.contribution.objects):
            rule = "its network policies would not be enforced"
            yield Problem(part.place, part.name, rule, "turn them on: VpcCni(network_policy=True)")

