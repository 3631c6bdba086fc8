"""A host name has one owner: in a cluster, and in all clusters that write into the same hosted zone.

Otherwise who publishes it first has it: ExternalDNS leaves a record to whoever made it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from blueprint.errors import FieldPath, Problem, rendered
from blueprint.references import references_in

if TYPE_CHECKING:
    from blueprint.addons import Addon
    from blueprint.blueprint import Blueprint
    from blueprint.teams.contract import Team


class HostClaim(NamedTuple):
    """Somebody says that a name, or all names under one, is theirs."""

    path: FieldPath
    owner: str
    host: str


def claims(addons: Mapping[FieldPath, Addon], teams: Mapping[FieldPath, Team]) -> tuple[HostClaim, ...]:
    """Those of a cluster."""
    of_addons = (
        HostClaim(path, f"the add-on {one.name}", host) for path, one in addons.items() for host in one.hosts()
    )
    of_teams = (
        HostClaim((*path, "hosts", index), f"team {team.name}", host)
        for path, team in teams.items()
        for index, host in enumerate(team.hosts)
    )
    return (*of_addons, *of_teams)


def declared(addons: Mapping[FieldPath, Addon], teams: Mapping[FieldPath, Team]) -> tuple[str, ...]:
    """All host names of a cluster, if its teams say which are theirs."""
    found = {claim.host for claim in claims(addons, teams)}
    return tuple(sorted(found)) if any(team.hosts for team in teams.values()) else ()


def contested(found: Sequence[HostClaim]) -> Iterator[Problem]:
    """A problem for each name that two claim, at the one that says less, or says it later."""
    for claim, other in _contested(found):
        yield _problem(claim, other)


def contested_in_fleet(fleet: Mapping[str, Blueprint]) -> Iterator[tuple[str, Problem]]:
    """The same between sound clusters, for those that share a hosted zone, with the place of the cluster.

    A team is the same in all of them by its name; an add-on is another one in each.
    """
    by_zone: defaultdict[str, list[HostClaim]] = defaultdict(list)
    for place, blueprint in fleet.items():
        addons: dict[FieldPath, Addon] = {(place, "addons", index): one for index, one in enumerate(blueprint.addons)}
        teams: dict[FieldPath, Team] = {(place, "teams", index): team for index, team in enumerate(blueprint.teams)}
        of_addons = [claim._replace(owner=f"{claim.owner} of {blueprint.name}") for claim in claims(addons, {})]
        domains: defaultdict[str, set[str]] = defaultdict(set)
        for hosted in (hosted for addon in blueprint.addons for hosted in addon.hosted_zones()):
            domains[_of(blueprint, hosted.id)] |= {*(hosted.domains or ("",))}
        for id, within_them in sorted(domains.items()):
            own = (*of_addons, *claims({}, teams))
            by_zone[id] += [claim for claim in own if _is_written(claim.host, within_them)]
    told: set[HostClaim] = set()
    for zone, found in by_zone.items():
        for claim, other in _contested(found):
            if claim not in told:
                told.add(claim)
                problem = _problem(claim, other)
                yield str(claim.path[0]), replace(problem, rule=f"{problem.rule}, and both write into the zone {zone}")


def alike_in_fleet(fleet: Mapping[str, Blueprint]) -> Iterator[tuple[str, Problem]]:
    """A problem for each cluster that takes the records of another in a hosted zone for its own."""
    first: dict[tuple[str, str], str] = {}
    for place, blueprint in fleet.items():
        for index, addon in enumerate(blueprint.addons):
            for zone in (zone for zone in addon.hosted_zones() if not zone.challenges):
                owner = zone.owner or blueprint.name
                other = first.setdefault((_of(blueprint, zone.id), owner), place)
                # Of two clusters with one name it is told that they have it.
                if other != place and blueprint.name != fleet[other].name:
                    rule = f"{other} owns records in the zone {zone.id} by this name: both change and delete them"
                    fix = "leave txtOwnerId out: it is the cluster's name then"
                    fix += "" if zone.owner else f", in {other}"
                    yield place, Problem((place, "addons", index), owner, rule, fix)
                    break


def _of(blueprint: Blueprint, zone: str) -> str:
    """One that is made is another one for each cluster."""
    return zone if not any(references_in(zone)) else f"{zone} of {blueprint.name}"


def within(hosts: Sequence[str], domains: Iterable[str]) -> tuple[str, ...]:
    """Hosts that are in the domains, all without any; the domains and all under them where no host is in any."""
    all_names = [form.format(domain) for domain in domains for form in ("{}", "*.{}")]
    own = [host for host in hosts if {host, *wildcards(host)} & {*all_names} or not all_names]
    # A host that has a whole domain has no more than that of it.
    own += [name for name in all_names if {*wildcards(name)} & {*hosts}]
    return tuple(dict.fromkeys(own or all_names))


def wildcards(host: str) -> Iterator[str]:
    """The wildcards that have a name: *.b.example.com and *.example.com have a.b.example.com."""
    labels = host.split(".")
    return ("*." + ".".join(labels[place:]) for place in range(1, len(labels)))


def _is_written(host: str, domains: Iterable[str]) -> bool:
    """Whether a cluster that writes into these domains writes the host, or a name that the host has."""
    names = {form.format(domain) for domain in domains for form in ("{}", "*.{}")}
    return "" in names or bool({host, *wildcards(host)} & names) or any(host in wildcards(name) for name in names)


def _contested(found: Sequence[HostClaim]) -> Iterator[tuple[HostClaim, HostClaim]]:
    first: dict[str, HostClaim] = {}
    for claim in found:
        first.setdefault(claim.host, claim)
    for claim in found:
        others = (first.get(host) for host in (claim.host, *wildcards(claim.host)))
        if other := next((other for other in others if other and other.owner != claim.owner), None):
            yield claim, other


def _problem(claim: HostClaim, other: HostClaim) -> Problem:
    rule = f"{other.host} belongs to {other.owner} ({rendered(other.path)})"
    return Problem(claim.path, claim.host, rule, "give each name one owner, or take another name")
