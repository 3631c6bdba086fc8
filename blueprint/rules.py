"""Rules between the parts of a blueprint. Each judges only sound values, so that one mistake hides no other."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeGuard, TypeVar

from blueprint import images
from blueprint.addon import Addon
from blueprint.cluster import Cluster
from blueprint.compute import AutoMode, Compute, Nodes
from blueprint.encryption import foreign_key
from blueprint.errors import FieldPath, Problem, Quoted, duplicates, rendered
from blueprint.network import NewNetwork
from blueprint.team import Team
from blueprint.value import Value, problems_in
from blueprint.versions import minor

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint

V = TypeVar("V", bound=Value)

# A kubelet may be up to three minors older than the API server, never newer.
# https://kubernetes.io/releases/version-skew-policy
_KUBELET_SKEW = 3
# Without these a node never becomes ready: the control plane is made without EKS's own copies.
_ADDONS_OF_NODES = ("kube-proxy", "vpc-cni")
_STAND_INS: dict[str, Any] = {"name": "cluster", "account": "000000000000", "region": "us-west-2", "tags": {}}


def sound(value: object) -> TypeGuard[Value]:
    """Whether the value, with all below it, has no mistake of its own."""
    return isinstance(value, Value) and not problems_in(value)


def right(value: object, kind: type[V], field: str) -> TypeGuard[V]:
    """Whether one field of the value has no mistake, whatever the others have."""
    return isinstance(value, kind) and all(problem.path != (field,) for problem in problems_in(value))


def sound_items(items: object, kind: type[V], path: FieldPath) -> Iterator[tuple[FieldPath, V]]:
    """The sound values of one kind in a tuple that the user wrote, with their paths."""
    for index, item in enumerate(items if type(items) is tuple else ()):
        if isinstance(item, kind) and not problems_in(item):
            yield (*path, index), item


def sound_teams(blueprint: Blueprint) -> Iterator[tuple[FieldPath, Team]]:
    """The teams without mistakes, with their paths."""
    return sound_items(blueprint.teams, Team, ("teams",))  # type: ignore[type-abstract]  # nothing is made of it


def addons_of(blueprint: Blueprint) -> Iterator[tuple[FieldPath, Addon]]:
    """All add-ons with their paths; what an add-on is stands in its class, so mistakes in its fields do not matter."""
    for index, addon in enumerate(blueprint.addons if type(blueprint.addons) is tuple else ()):
        if isinstance(addon, Addon) and hasattr(addon, "name"):  # the bases have none
            yield ("addons", index), addon


def has_all_addons(blueprint: Blueprint) -> bool:
    """Whether everything among the add-ons is one, so that what is not found there is missing indeed."""
    return type(blueprint.addons) is tuple and len(list(addons_of(blueprint))) == len(blueprint.addons)


def sound_basics(blueprint: Blueprint) -> bool:
    """Whether add-ons and teams can be planned: the version and the compute, on which they depend, are right."""
    wrong = {problem.path for problem in problems_in(blueprint)}
    return not any(path in (("cluster",), ("cluster", "version")) or path[:1] == ("compute",) for path in wrong)


def readable(blueprint: Blueprint) -> Blueprint:
    """The same with stand-ins for a wrong name, account, region or tags, so that these hide no other mistake."""
    wrong = {problem.path[:1] for problem in problems_in(blueprint)}
    return replace(blueprint, **{name: value for name, value in _STAND_INS.items() if (name,) in wrong})


def between_values(blueprint: Blueprint) -> Iterator[Problem]:
    """Rules that can be judged before anything is planned."""
    yield from _compute(blueprint)
    yield from _ranges(blueprint)
    yield from _addons(blueprint)
    yield from _teams(blueprint)


def _compute(blueprint: Blueprint) -> Iterator[Problem]:
    computes = list(sound_items(blueprint.compute, Compute, ("compute",)))  # type: ignore[type-abstract]  # nothing is made of it
    auto_modes = [path for path, compute in computes if isinstance(compute, AutoMode)]
    names = (((*path, "name"), compute.name) for path, compute in computes if path not in auto_modes[1:])
    yield from duplicates(names, "compute has unique names in a cluster", "rename one")
    for path, compute in computes:
        if isinstance(compute, AutoMode) and right(blueprint, Value, "region"):
            yield from foreign_key((*path, "kms_key_arn"), compute.kms_key_arn, blueprint.region)
    for path in auto_modes[1:]:
        rule = f"{rendered(auto_modes[0])} turns Auto Mode on already"
        yield Problem(path, Quoted("AutoMode"), rule, "keep one AutoMode")
    cluster = blueprint.cluster
    if auto_modes and right(cluster, Cluster, "subnets") and cluster.subnets == "control-plane":
        rule = (
            "Auto Mode's nodes would stand in the control plane's small subnets, which reach neither AWS nor registries"
        )
        yield Problem(("cluster", "subnets"), cluster.subnets, rule, "leave it out")
    if not right(cluster, Cluster, "version"):
        return
    newest = minor(cluster.version)
    groups = [(path, nodes) for path, nodes in computes if isinstance(nodes, Nodes)]
    for path, nodes in groups:
        if nodes.own_version and not newest - _KUBELET_SKEW <= minor(nodes.own_version) <= newest:
            field = "version" if nodes.version else "release_version"
            rule = f"at most {_KUBELET_SKEW} minors older than the cluster ({cluster.version}), never newer"
            yield Problem((*path, field), getattr(nodes, field), rule, "leave it out to follow the cluster")
        elif nodes.family == "BOTTLEROCKET" and nodes.release_version:
            version = nodes.own_version or cluster.version
            if images.is_older(nodes.release_version, first := images.first_bottlerocket(version)):
                rule = f"Bottlerocket has images for Kubernetes {version} since {first}"
                yield Problem((*path, "release_version"), nodes.release_version, rule, "take a later release")


def _ranges(blueprint: Blueprint) -> Iterator[Problem]:
    network, cluster = blueprint.network, blueprint.cluster
    if right(network, NewNetwork, "cidr") and right(cluster, Cluster, "service_cidr"):
        services = ipaddress.ip_network(cluster.service_cidr)
        if services.overlaps(ipaddress.ip_network(network.cidr)):
            rule = f"addresses of Services must lie outside the VPC ({network.cidr})"
            yield Problem(
                ("cluster", "service_cidr"), cluster.service_cidr, rule, "take another private range, for one of them"
            )


def _addons(blueprint: Blueprint) -> Iterator[Problem]:
    addons = list(addons_of(blueprint))
    names = [addon.name for _, addon in addons]
    yield from duplicates(((path, addon.name) for path, addon in addons), "an add-on stands once", "remove one")
    kinds = [type(compute) for _, compute in sound_items(blueprint.compute, Compute, ("compute",))]  # type: ignore[type-abstract]  # nor here
    stated = any(issubclass(kind, Nodes) for kind in kinds)
    auto_mode_only = AutoMode in kinds and not stated
    has_nodes = stated or (not auto_mode_only and any(addon.launches_nodes for _, addon in addons))
    for path, addon in addons:
        yield from _conflicts(path, addon, addons)
        if has_all_addons(blueprint):
            yield from _lacking(path, addon, addons, auto_mode_only=auto_mode_only)
        if auto_mode_only and addon.built_into_auto_mode == "refuse":
            rule = f"Auto Mode brings {addon.replaced_by}, and both would act on the same resources"
            yield Problem(path, addon.name, rule, f"remove {type(addon).__name__}(), or run it on ManagedNodes")
        for compute_path, nodes in sound_items(blueprint.compute, Nodes, ("compute",)):  # type: ignore[type-abstract]  # nothing is made of it
            if nodes.architecture not in addon.architectures:
                rule = f"{addon.name} has no image for {nodes.architecture}, which {rendered(compute_path)} runs"
                yield Problem(path, addon.name, rule, f"use {' or '.join(sorted(addon.architectures))} nodes")
    for name in _ADDONS_OF_NODES:
        if has_nodes and has_all_addons(blueprint) and name not in names:
            rule = f"nodes never become ready without the add-on {name}"
            yield Problem(("addons",), Quoted(f"<no {name}>"), rule, f"add {_class_name(name)}() to addons")


def _lacking(
    path: FieldPath, addon: Addon, addons: Sequence[tuple[FieldPath, Addon]], *, auto_mode_only: bool
) -> Iterator[Problem]:
    for needed in addon.requires:
        built_in = auto_mode_only and needed.built_into_auto_mode != "no"
        if not built_in and not any(isinstance(other, needed) for _, other in addons):
            rule, fix = f"{addon.name} requires {needed.name}", f"add {needed.__name__}() to addons"
            yield Problem(path, addon.name, rule, fix)


def _conflicts(path: FieldPath, addon: Addon, addons: Sequence[tuple[FieldPath, Addon]]) -> Iterator[Problem]:
    for other_path, other in addons:
        if isinstance(other, addon.conflicts) and other is not addon:
            rule = f"{addon.name} conflicts with {other.name} ({rendered(other_path)})"
            yield Problem(path, addon.name, rule, "remove one of them")


def _class_name(addon: str) -> str:
    return "".join(word.capitalize() for word in addon.split("-"))


def _teams(blueprint: Blueprint) -> Iterator[Problem]:
    teams = list(sound_teams(blueprint))
    named = (((*path, "name"), team.name) for path, team in teams)
    yield from duplicates(named, "teams have unique names", "rename one")
    if type(blueprint.teams) is not tuple or len(teams) < len(blueprint.teams):
        return  # what is not found may stand in the team that has a mistake
    names = {team.name for _, team in teams}
    opened = {each for _, team in teams for each in team.connections}
    accepted = {each for _, team in teams for each in team.accepts}
    for path, team in teams:
        for source, target, port in sorted(team.connections - accepted):
            rule = f"{target} does not let {source} in on port {port}"
            yield Problem(path, target, rule, f'add FromTeam("{source}", ports=({port},)) to the network of {target}')
        for source, target, port in sorted(team.accepts - opened):
            rule = f"{source} does not connect to {target} on port {port}"
            yield Problem(path, source, rule, f'add ToTeam("{target}", ports=({port},)) to the network of {source}')
        for partner in sorted(team.partners - names | team.partners & {team.name}):
            rule = f"{team.name} shares a namespace with a team that the cluster does not have, or with itself"
            yield Problem(path, partner, rule, f"write one of {', '.join(sorted(names - {team.name})) or 'none'}")
        for addon in sorted(team.required_addons - {addon.name for _, addon in addons_of(blueprint)}):
            yield Problem(path, team.name, f"it needs the add-on {addon}", f"add {_class_name(addon)}() to addons")
