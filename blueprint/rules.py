"""Rules between the parts of a blueprint. They judge its view without mistakes, so that one mistake hides no other."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, get_args

from blueprint import accelerator_rules, delivery, hosts, hybrid_rules, images, partition_rules, windows_rules
from blueprint.addons import Addon, NodeNetwork, RepeatableAddon
from blueprint.addons.offers import FROM_GIT, NODES_ON_DEMAND
from blueprint.auto_mode import AutoMode
from blueprint.cluster import PublicEndpoint
from blueprint.encryption import foreign_key
from blueprint.errors import FieldPath, Problem, Quoted, duplicates, rendered
from blueprint.existing_network import ExistingNetwork
from blueprint.fargate import FargateProfile
from blueprint.fields import is_ipv6
from blueprint.instances import is_nitro
from blueprint.network import NewNetwork
from blueprint.nodes import Nodes
from blueprint.powers import reaches
from blueprint.repositories import KeptInAws
from blueprint.secrets import TeamSecret
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.versions import minor
from blueprint.zones import WITHOUT_CONTROL_PLANES, id_prefix, is_id, is_local

if TYPE_CHECKING:
    from blueprint.checked import Checked
    from blueprint.teams import Team

# A kubelet may be up to three minors older than the API server, never newer.
# https://kubernetes.io/releases/version-skew-policy
_KUBELET_SKEW = 3


def between_values(view: Checked) -> Iterator[Problem]:
    """Rules that can be judged before anything is planned."""
    yield from _compute(view)
    if view.knows("cluster", "version"):
        yield from _versions(view)
    yield from _node_zones(view)
    yield from _ranges(view)
    yield from _zones(view)
    yield from _control_plane_subnets(view)
    yield from _control_plane_routes(view)
    yield from _pod_subnets(view)
    yield from _ip_family(view)
    yield from _addons(view)
    yield from accelerator_rules.problems(view)
    yield from windows_rules.problems(view)
    yield from hybrid_rules.problems(view)
    if view.knows_all("teams"):
        yield from _connections(view)
    yield from _secrets(view)
    yield from _prefixes(view)
    yield from _regions(view)
    yield from foreign_key(("cluster", "kms_key_arn"), view.blueprint.cluster.kms_key_arn, view.blueprint.region)
    yield from delivery.problems(view)
    yield from partition_rules.features(view)
    yield from hosts.contested(hosts.claims(view.addons, view.teams))
    names = (((*path, "name"), team.name) for path, team in view.teams.items())
    yield from duplicates(names, "name of a team", "rename one")


def _compute(view: Checked) -> Iterator[Problem]:
    auto_modes = {path: compute for path, compute in view.compute.items() if isinstance(compute, AutoMode)}
    others = list(auto_modes)[1:]
    names = (((*path, "name"), compute.name) for path, compute in view.compute.items() if path not in others)
    yield from duplicates(names, "name of compute", "rename one")
    for path, compute in view.compute.items():
        if isinstance(compute, AutoMode | Nodes):
            yield from foreign_key((*path, "kms_key_arn"), compute.kms_key_arn, view.blueprint.region)
    for path in others:
        rule = f"{rendered(next(iter(auto_modes)))} turns Auto Mode on already"
        yield Problem(path, Quoted("AutoMode"), rule, "keep one AutoMode")


def _versions(view: Checked) -> Iterator[Problem]:
    of_cluster = view.blueprint.cluster.version
    newest = minor(of_cluster)
    for path, nodes in view.compute.items():
        if not isinstance(nodes, Nodes):
            continue
        if nodes.own_version and not newest - _KUBELET_SKEW <= minor(nodes.own_version) <= newest:
            field = "version" if nodes.version else "release_version"
            rule = f"at most {_KUBELET_SKEW} minors older than the cluster ({of_cluster}), never newer"
            yield Problem((*path, field), getattr(nodes, field), rule, "leave it out to follow the cluster")
        elif nodes.family == "BOTTLEROCKET" and nodes.release_version:
            version = nodes.own_version or of_cluster
            if images.is_older(nodes.release_version, first := images.first_bottlerocket(version)):
                rule = f"Bottlerocket has images for Kubernetes {version} since {first}"
                yield Problem((*path, "release_version"), nodes.release_version, rule, "take a later release")


def _node_zones(view: Checked) -> Iterator[Problem]:
    network = view.blueprint.network
    if isinstance(network, ExistingNetwork):
        every = {each.zone for each in network.nodes}
    else:
        every = {*network.zones, *network.local_zones}
    regional = {zone for zone in every if not is_local(zone)}
    for path, nodes in view.compute.items():
        if isinstance(nodes, Nodes | FargateProfile) and (
            strange := [zone for zone in nodes.zones if zone not in (every if isinstance(nodes, Nodes) else regional)]
        ):
            rule = f"the network has no subnet for nodes in {', '.join(strange)}"
            known = sorted(regional) + (sorted(every - regional) if isinstance(nodes, Nodes) else [])
            yield Problem((*path, "zones"), nodes.zones, rule, f"write some of {', '.join(known)}")


def _ranges(view: Checked) -> Iterator[Problem]:
    network, services = view.blueprint.network, view.blueprint.cluster.service_cidr
    for vpc in network.cidrs if view.blueprint.cluster.ip_family == "ipv4" else ():
        if ipaddress.ip_network(services).overlaps(ipaddress.ip_network(vpc)):
            rule = f"addresses of Services must lie outside the VPC ({vpc})"
            fix = "take another private range"
            if isinstance(network, NewNetwork):
                fix += ", for one of them"
            yield Problem(("cluster", "service_cidr"), services, rule, fix)


def _zones(view: Checked) -> Iterator[Problem]:
    """What an id says of its zone, and a letter does not."""
    network, region = view.blueprint.network, view.blueprint.region
    prefix = id_prefix(region)
    for path, zone in network.zones_by_place.items():
        if is_id(zone) and prefix and not zone.startswith(f"{prefix}-"):
            rule = f"is no zone of {region}, whose ids begin with {prefix}-"
            yield Problem(("network", *path), zone, rule, f'write for example "{prefix}-az1"')
        elif is_local(zone) and not re.fullmatch(rf"{region}-[a-z]{{3}}-[0-9][a-z]", zone):
            rule = f"is no Local Zone of {region}, whose names begin with it"
            yield Problem(("network", *path), zone, rule, f"write one of {region}, or leave it out")
        elif zone in WITHOUT_CONTROL_PLANES and path[0] == network.places_control_plane:
            rule = "EKS puts no control plane into this zone"
            others = "control_plane" if isinstance(network, ExistingNetwork) else "control_plane_zones"
            fix = "take another zone" if path[0] == others else f"take another zone, or name others in {others}"
            yield Problem(("network", *path), zone, rule, fix)


def _ip_family(view: Checked) -> Iterator[Problem]:
    """What an IPv6 cluster needs of its network and nodes, and what it cannot have.

    https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html
    """
    network, cluster = view.blueprint.network, view.blueprint.cluster
    if cluster.ip_family == "ipv4":
        yield from _endpoint_family(view)
        return
    existing = isinstance(network, ExistingNetwork)
    if not network.ipv6 and view.knows_all("network"):
        rule = "the subnets of an IPv6 cluster have IPv6 addresses as well, and those of this network have none"
        fix = "write ipv6_cidrs, and ipv6_cidr of each subnet" if existing else "write ipv6=True in the network"
        yield Problem(("cluster", "ip_family"), cluster.ip_family, rule, f'{fix}, or ip_family="ipv4"')
    for path, zone in network.zones_by_place.items():
        if is_local(zone):
            rule = "nodes of an IPv6 cluster need IPv6 addresses, which few Local Zones have"
            yield Problem(("network", *path), zone, rule, 'leave it out, or write ip_family="ipv4"')
    if network.pods:
        field = "pods" if existing else "pod_cidr"
        rule = "pods of an IPv6 cluster have addresses of their node's prefix, and custom networking is for IPv4 alone"
        yield Problem(("network", field), getattr(network, field), rule, f"leave {field} out")
    for path, nodes in view.compute.items():
        old = [name for name in nodes.instance_types if not is_nitro(name)] if isinstance(nodes, Nodes) else []
        if old:
            rule = f"nodes of an IPv6 cluster are of Nitro types, since others take no prefixes: {', '.join(old)}"
            yield Problem((*path, "instance_types"), old[0], rule, 'take others, for example "m7g.large"')


def _endpoint_family(view: Checked) -> Iterator[Problem]:
    """The endpoint of an IPv4 cluster has no IPv6 address.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html (publicAccessCidrs)
    """
    endpoint = view.blueprint.cluster.endpoint
    for index, cidr in enumerate(endpoint.allow if isinstance(endpoint, PublicEndpoint) else ()):
        if is_ipv6(cidr):
            rule = "the API of a cluster of IPv4 answers no IPv6 address"
            fix = 'leave it out, or make a cluster of ip_family="ipv6"'
            yield Problem(("cluster", "endpoint", "allow", index), cidr, rule, fix)


def _pod_subnets(view: Checked) -> Iterator[Problem]:
    """Who takes pods there, and knows how many a node has room for.

    Managed groups ask EKS, which knows the add-on's configuration; nodeadm and Karpenter reckon with the interface that
    is not for pods. https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html
    """
    network = view.blueprint.network
    if not network.pods:
        return
    field = "pods" if isinstance(network, ExistingNetwork) else "pod_cidr"
    if any(isinstance(compute, AutoMode) for compute in view.compute.values()):
        rule = "Auto Mode's built-in node pools give pods addresses of the nodes' subnets, and take no others"
        yield Problem(("network", field), getattr(network, field), rule, f"leave {field} out")
    if not view.knows_all_addons or any(addon.gives_prefixes for addon in view.listed_addons.values()):
        return
    for path, nodes in view.compute.items():
        if isinstance(nodes, SelfManagedNodes) and nodes.os == "BOTTLEROCKET":
            rule = "Bottlerocket counts addresses of all interfaces, and one of each node is not for pods"
            yield Problem((*path, "os"), nodes.os, rule, 'write core(VpcCni(prefix_delegation=True)), or os="AL2023"')


def _control_plane_subnets(view: Checked) -> Iterator[Problem]:
    """Of a VPC that is there already the network says them; Auto Mode's nodes stand in them for ever."""
    network, kind = view.blueprint.network, view.blueprint.cluster.subnets
    auto_mode = any(isinstance(compute, AutoMode) for compute in view.compute.values())
    if isinstance(network, ExistingNetwork):
        if kind:
            rule = "the network says where they are: in control_plane, or in nodes when that is empty"
            yield Problem(("cluster", "subnets"), kind, rule, "leave it out")
        others = {subnet.id for subnet in network.control_plane} - {subnet.id for subnet in network.nodes}
        if auto_mode and others:
            rule = "Auto Mode starts its nodes in the subnets of the control plane, and these are not for nodes"
            yield Problem(("network", "control_plane"), ", ".join(sorted(others)), rule, "leave control_plane out")
    elif auto_mode and kind == "control-plane":
        rule = (
            "Auto Mode's nodes would stand in the control plane's small subnets, which reach neither AWS nor registries"
        )
        yield Problem(("cluster", "subnets"), kind, rule, "leave it out")


def _control_plane_routes(view: Checked) -> Iterator[Problem]:
    """Whether the control plane reaches the identity providers by the routes of its own subnets.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_VpcConfigRequest.html (controlPlaneEgressMode)
    """
    network, cluster = view.blueprint.network, view.blueprint.cluster
    if cluster.egress_mode != "CUSTOMER_ROUTED" or not cluster.identity_providers:
        return
    auto_mode = any(isinstance(compute, AutoMode) for compute in view.compute.values())
    private = cluster.subnets_beside(auto_mode=auto_mode) == "private"
    if isinstance(network, NewNetwork) and not (network.leads_out or (private and network.nat != "none")):
        rule = "the control plane reads the keys of identity providers by its subnets, and nothing there leads to them"
        fix = 'write subnets="private"' if network.nat != "none" else "give the network a NAT gateway"
        yield Problem(("cluster", "egress_mode"), cluster.egress_mode, rule, f"{fix}, or leave egress_mode out")


def _addons(view: Checked) -> Iterator[Problem]:
    addons = view.listed_addons
    yield from _named_twice(addons)
    groups = {path: nodes for path, nodes in view.compute.items() if isinstance(nodes, Nodes)}
    auto_mode_only = not groups and any(isinstance(compute, AutoMode) for compute in view.compute.values())
    has_nodes = bool(groups) or (not auto_mode_only and any(addon.launches_nodes for addon in addons.values()))
    for path, addon in addons.items():
        for other_path, other in addons.items():
            if isinstance(other, addon.conflicts) and other is not addon:
                rule = f"{addon.name} conflicts with {other.name} ({rendered(other_path)})"
                yield Problem(path, addon.name, rule, "remove one of them")
        if view.knows_all_addons:
            yield from _lacking(path, addon, view, auto_mode_only=auto_mode_only)
        if auto_mode_only and addon.built_into_auto_mode == "refuse":
            rule = f"Auto Mode brings {addon.replaced_by}, and both would act on the same resources"
            yield Problem(path, addon.name, rule, f"remove {type(addon).__name__}(), or run it on ManagedNodes")
        for group_path, nodes in groups.items():
            if nodes.architecture not in addon.architectures:
                rule = f"{addon.name} has no image for {nodes.architecture}, which {rendered(group_path)} runs"
                yield Problem(path, addon.name, rule, f"use {' or '.join(sorted(addon.architectures))} nodes")
    brought = {addon.readies_nodes for addon in addons.values()}
    for network in get_args(NodeNetwork):
        if has_nodes and view.knows_all_addons and network not in brought:
            rule = f"nodes never become ready without an add-on that is the {network}"
            yield Problem(("addons",), Quoted(f"<no {network}>"), rule, "add *CORE to addons, which has it")


def _named_twice(addons: Mapping[FieldPath, Addon]) -> Iterator[Problem]:
    named = ((path, addon.name) for path, addon in addons.items())
    for problem in duplicates(named, "add-on", "remove one"):
        again = isinstance(addons[problem.path], RepeatableAddon)
        yield replace(problem, fix="give it a name of its own: name=…") if again else problem
    charts: dict[type[Addon], tuple[FieldPath, str | None]] = {}
    for path, addon in addons.items():
        if isinstance(addon, RepeatableAddon) and addon.api_groups:
            other, version = charts.setdefault(type(addon), (path, addon.chart_version))
            if version != addon.chart_version:
                rule = f"both define the same kinds, and {rendered(other)} has another version of the chart"
                yield Problem((*path, "chart_version"), addon.chart_version, rule, "write the same version in both")


def _lacking(path: FieldPath, addon: Addon, view: Checked, *, auto_mode_only: bool) -> Iterator[Problem]:
    for needed in addon.requires:
        built_in = auto_mode_only and needed.built_into_auto_mode != "no"
        if not built_in and not any(isinstance(other, needed) for other in view.listed_addons.values()):
            rule, fix = f"{addon.name} requires {needed.name}", f"add {needed.__name__}() to addons"
            yield Problem(path, addon.name, rule, fix)
    defined = {group for other in view.listed_addons.values() for group in other.api_groups}
    for group, brings in addon.needs_api_groups.items() if path in view.addons else ():
        if group not in defined:
            rule = f"{addon.name} needs the kinds of {group}, which no add-on defines"
            fix = f'add {brings} to addons, or write api_groups=("{group}",) at the one that does'
            yield Problem(path, addon.name, rule, fix)
    names = {other.name for other in view.listed_addons.values()}
    for name in addon.named_before if path in view.addons else ():
        if name not in names - {addon.name}:
            fix = f"write one of {', '.join(sorted(names - {addon.name}))}"
            yield Problem((*path, "after"), name, "no other add-on of the cluster has this name", fix)


def _secrets(view: Checked) -> Iterator[Problem]:
    """What a team calls its own secret, no other one's role reads or changes."""
    owned: list[tuple[Addon | Team, TeamSecret]]
    owned = [(team, secret) for team in view.teams.values() for _, secret in team.named_secrets]
    owned += [(addon, secret) for addon, _, secret in _of_repositories(view)]
    for path, team in view.teams.items():
        foreign = [(owner, secret) for owner, secret in owned if owner is not team]
        foreign = [(owner, secret) for owner, secret in foreign if team.name not in secret.shared_with]
        for place, secret in team.named_secrets:
            for owner, other in foreign:
                if other.pattern == secret.pattern:
                    rule = f"it is a secret of {owner.name}, which does not share it"
                    fix = f'name one of its own, or write shared_with=("{team.name}",) in the file of {owner.name}'
                    yield Problem((*path, *place), secret.aws_name, rule, fix)
        for place, statement in team.statements:
            for owner, other in foreign:
                if statement.effect == "Allow" and reaches(statement.actions, statement.resources, other.pattern):
                    rule = f"with it {team.name} reaches {other.aws_name}, a secret of {owner.name}"
                    yield Problem(
                        (*path, *place, "resources"), statement.resources, rule, "name the team's own secrets"
                    )


def _of_repositories(view: Checked) -> Iterator[tuple[Addon, FieldPath, TeamSecret]]:
    """The secrets by which add-ons read private repositories."""
    for path, addon in view.addons.items():
        for index, each in enumerate(addon.reads):
            if isinstance(each.credentials, KeptInAws):
                yield addon, (*path, "private_repositories", index, "credentials", "secret"), each.credentials.secret


def _prefixes(view: Checked) -> Iterator[Problem]:
    """One repository named where all below it are meant: what is there would be asked for without credentials."""
    own = (view.blueprint.delivery, *(getattr(addon, "bootstrap", None) for addon in view.addons.values()))
    workloads = (each for team in view.teams.values() for each in getattr(team, "workloads", ()))
    named = (getattr(each, "repository", None) for each in (*own, *workloads))
    asked = [address for address in named if isinstance(address, str)]
    for path, addon in view.addons.items():
        for index, each in enumerate(addon.reads):
            below = f"{each.address}/"
            if found := next((address for address in asked if address.startswith(below)), ""):
                place = (*path, "private_repositories", index, "address")
                yield Problem(place, each.address, f"it is one repository, and {found} another", f'write "{below}"')


def _regions(view: Checked) -> Iterator[Problem]:
    """Keys serve their own region only, and so do certificates, of which a team may name several."""
    region = view.blueprint.region
    for _, path, secret in _of_repositories(view):
        yield from foreign_key((*path, "key_arn"), secret.key_arn, region)
    for path, team in view.teams.items():
        for place, secret in team.named_secrets:
            yield from foreign_key((*path, *place, "key_arn"), secret.key_arn, region)
        certificates = getattr(team, "certificates", ())
        if certificates and region and all(arn.split(":")[3] != region for arn in certificates):
            rule = f"none is of the cluster's region ({region}), and load balancers take no other"
            yield Problem((*path, "certificates"), certificates, rule, f"add one of {region}")


def _connections(view: Checked) -> Iterator[Problem]:
    """What teams say about each other, and what they need of add-ons."""
    teams = view.teams.values()
    names = {team.name for team in teams}
    opened = {each for team in teams for each in team.connections}
    accepted = {each for team in teams for each in team.accepts}
    offered = {offer for addon in view.listed_addons.values() for offer in addon.offers}
    if any(isinstance(compute, AutoMode) for compute in view.compute.values()):
        offered.add(NODES_ON_DEMAND)
    if delivery.hub_of(view.blueprint.delivery):
        offered.add(FROM_GIT)
    for path, team in view.teams.items():
        for source, target, port in sorted(team.connections - accepted):
            rule = f"{target} does not let {source} in on port {port}"
            yield Problem(path, target, rule, f'add FromTeam("{source}", ports=({port},)) to the network of {target}')
        for source, target, port in sorted(team.accepts - opened):
            rule = f"{source} does not connect to {target} on port {port}"
            yield Problem(path, source, rule, f'add ToTeam("{target}", ports=({port},)) to the network of {source}')
        for partner in sorted(team.partners - names | team.partners & {team.name}):
            rule = f"{team.name} shares a namespace with an unknown team, or with itself"
            yield Problem(path, partner, rule, f"write one of {', '.join(sorted(names - {team.name})) or 'none'}")
        for offer in sorted(team.asks_for - offered):
            yield Problem(path, team.name, f"it needs the add-on {offer.addon}", f"add {offer.write} to addons")
