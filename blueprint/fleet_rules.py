"""What a fleet says, against its own parts and against the clusters that there are."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from blueprint.blueprint import Blueprint
from blueprint.code_pipeline import CodePipeline
from blueprint.errors import FieldPath, Problem, Quoted, duplicates, rendered
from blueprint.existing_network import ExistingNetwork
from blueprint.fleet import BlueGreen, Environment, Fleet, Traffic, Wave
from blueprint.network import NewNetwork
from blueprint.pipelines import OidcPipeline
from blueprint.regions import partition_of
from blueprint.value import nearest

LONGEST_LABEL, LONGEST_NAME = 63, 253
"""https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/DomainNameFormat.html, without the dot at the end"""


class PlacedWave(NamedTuple):
    """A wave, where it stands."""

    path: FieldPath
    environment: Environment
    wave: Wave

    @property
    def name(self) -> str:
        """In the fleet: `prod-canary`, or `prod` of the wave `prod` in it."""
        own, of = self.wave.name, self.environment.name
        return own if own == of else f"{of}-{own}"


def waves_of(fleet: Fleet) -> Iterator[PlacedWave]:
    """In order; what is no environment, no wave or has no name is left out, which is a mistake already."""
    for number, environment in _items(fleet.environments, Environment):
        for index, wave in _items(environment.waves, Wave):
            if isinstance(environment.name, str) and isinstance(wave.name, str):
                yield PlacedWave(("environments", number, "waves", index), environment, wave)


def between_values(fleet: Fleet, names: Collection[str]) -> Iterator[Problem]:
    """What is wrong beyond single values, where these are the clusters that there are; paths are from the fleet."""
    environments = _items(fleet.environments, Environment)
    named = ((("environments", at, "name"), each.name) for at, each in environments if isinstance(each.name, str))
    yield from duplicates(named, "environment", "name each environment once, with all its waves")
    waves = list(waves_of(fleet))
    in_order = (((*placed.path, "name"), placed.name) for placed in waves)
    yield from duplicates(in_order, "wave", "give each wave a name of its own")
    listed = [
        ((*placed.path, "clusters", index), name)
        for placed in waves
        for index, name in _items(placed.wave.clusters, str)
    ]
    yield from duplicates(listed, "cluster", "name each cluster in one wave")
    for path, name in listed:
        if name not in names:
            yield _unknown(path, name, names)
    for name in sorted({*names} - {name for _, name in listed}) if _knows_all(fleet) else ():
        rule = "the cluster is in no wave, so that no change would reach it"
        yield Problem(("environments",), name, rule, f'write it into one: Wave("…", clusters=("{name}",))')
    yield from _pairs(fleet, waves)
    known = _items(fleet.pipelines, OidcPipeline | CodePipeline)
    kinds = ((("pipelines", index), type(each).__name__) for index, each in known)
    yield from duplicates(kinds, "pipeline", "keep one of a kind: two would deploy at the same time")
    for number, group in _items(fleet.connected, tuple):
        for index, name in _items(group, str):
            if name not in names:
                yield _unknown(("connected", number, index), name, names)


def overlaps(fleet: Fleet, clusters: Mapping[str, Blueprint]) -> Iterator[Problem]:
    """Addresses that two clusters with connected networks have in common."""
    for number, group in _items(fleet.connected, tuple):
        known = [(index, clusters[name]) for index, name in _items(group, str) if name in clusters]
        for (_, one), (index, other) in combinations(known, 2):
            if _vpc(one) and _vpc(one) == _vpc(other):
                continue
            for network in ranges(other.network):
                if found := next(filter(network.overlaps, ranges(one.network)), None):
                    rule = f"{one.name} has {found}, and networks that are connected have no address in common"
                    fix = f"give {other.name} another range, or take it out of the group"
                    yield Problem(("connected", number, index), Quoted(network), rule, fix)


def out_of_reach(fleet: Fleet, clusters: Mapping[str, Blueprint]) -> Iterator[Problem]:
    """Clusters in whose partition a pipeline of AWS can take on no role: each partition has an IAM of its own.

    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html
    """
    for index, pipeline in _items(fleet.pipelines, CodePipeline):
        if isinstance(pipeline.region, str):
            own = partition_of(pipeline.region)
            for name, cluster in clusters.items():
                if isinstance(cluster.region, str) and partition_of(cluster.region) != own:
                    rule = f"{name} is in {partition_of(cluster.region)}, which no role of {own} reaches"
                    fix = "give each partition a project of its own, with a fleet and a pipeline"
                    yield Problem(("pipelines", index, "region"), pipeline.region, rule, fix)


def ranges(network: object) -> list[ipaddress.IPv4Network]:
    """Those of a cluster's VPC, as far as they are any: its file may be wrong."""
    if not isinstance(network, NewNetwork | ExistingNetwork):
        return []
    found: object = network.cidrs
    return [ipaddress.IPv4Network(cidr) for cidr in found if _is_range(cidr)] if isinstance(found, tuple) else []


def _is_range(cidr: object) -> bool:
    try:
        return isinstance(cidr, str) and bool(ipaddress.IPv4Network(cidr))
    except ValueError:
        return False


def _vpc(blueprint: Blueprint) -> str:
    return blueprint.network.vpc_id if isinstance(blueprint.network, ExistingNetwork) else ""


def _pairs(fleet: Fleet, waves: list[PlacedWave]) -> Iterator[Problem]:
    place = {name: at for at, placed in enumerate(waves) for _, name in _items(placed.wave.clusters, str)}
    found: list[tuple[FieldPath, BlueGreen]] = [
        (("pairs", index), pair) for index, pair in _items(fleet.pairs, BlueGreen)
    ]
    members: list[tuple[FieldPath, str]] = [
        ((*path, color), name)
        for path, pair in found
        for color, name in (("blue", pair.blue), ("green", pair.green))
        if isinstance(name, str)
    ]
    yield from duplicates(members, "cluster of a pair", "name two clusters, each in one pair")
    for path, name in members:
        if name not in place:
            yield _unknown(path, name, place)
    yield from _traffic(found)
    for path, pair in found:
        idle, live = (pair.green, pair.blue) if pair.live == "blue" else (pair.blue, pair.green)
        known = isinstance(idle, str) and isinstance(live, str) and idle in place and live in place
        if not known or idle == live or pair.live not in ("blue", "green"):
            continue  # which is a mistake already
        first, then = waves[place[idle]], waves[place[live]]
        if first.environment.name != then.environment.name:
            rule = f"{live} is in the environment {then.environment.name}, and {idle} in {first.environment.name}"
            yield Problem(path, idle, rule, "put both into one environment")
        elif place[idle] >= place[live]:
            rule = f"{live} takes the traffic ({rendered(then.path)}), so a change reaches {idle} in an earlier wave"
            yield Problem(path, idle, rule, f"put {idle} into a wave before that of {live}")


def _traffic(pairs: list[tuple[FieldPath, BlueGreen]]) -> Iterator[Problem]:
    """Names that two pairs share, and those that have no room for the name of a cluster before them."""
    zones: defaultdict[object, list[tuple[FieldPath, str]]] = defaultdict(list)
    for path, pair in pairs:
        if not isinstance(pair.traffic, Traffic):
            continue
        for index, name in _items(pair.traffic.names, str):
            place = (*path, "traffic", "names", index)
            zones[pair.traffic.zone].append((place, name))
            for cluster in sorted((each for each in (pair.blue, pair.green) if isinstance(each, str)), key=len)[-1:]:
                own = f"{cluster}.{name}"
                if len(cluster) > LONGEST_LABEL or len(own) > LONGEST_NAME:
                    limits = f"{LONGEST_LABEL} characters before the first dot, {LONGEST_NAME} in all"
                    rule = f"{cluster} answers to {own}, which is too long: {limits}"
                    yield Problem(place, name, rule, "take a shorter name, of the cluster or of this")
    for listed in zones.values():
        yield from duplicates(listed, "name that a pair shares", "name it in one pair")


def _knows_all(fleet: Fleet) -> bool:
    """Whether nothing is left out, so that a cluster that is not found is in no wave indeed."""
    environments = [each for _, each in _items(fleet.environments, Environment)]
    waves = [wave for each in environments for _, wave in _items(each.waves, Wave)]
    whole = [(fleet.environments, Environment), *((each.waves, Wave) for each in environments)]
    whole += [(wave.clusters, str) for wave in waves]
    return all(isinstance(items, tuple) and items and len(items) == len(_items(items, of)) for items, of in whole)


def _unknown(path: FieldPath, name: str, names: Collection[str]) -> Problem:
    near = nearest(name, names)
    fix = f'write "{near}"' if near else f"write one of {', '.join(sorted(names)) or '<none>'}"
    return Problem(path, name, "unknown cluster", fix)


def _items(value: object, of: Any) -> list[tuple[int, Any]]:
    """Items of a tuple that are what they should be, with their places; the others are mistakes already."""
    return [(at, each) for at, each in enumerate(value) if isinstance(each, of)] if type(value) is tuple else []
