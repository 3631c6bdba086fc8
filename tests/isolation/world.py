"""A cluster as it runs: all that a plan puts there, who may knock on its doors, and what the blueprint promised them.

What was promised is read from the teams as written down, not from the objects made of them.
"""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import SimpleNamespace
from typing import Any
from unittest import mock

from blueprint.access import AccessEntry
from blueprint.blueprint import Blueprint
from blueprint.contribution import Grant
from blueprint.kubernetes import RESERVED_NAMESPACES
from blueprint.planning import planner
from blueprint.planning.document import Plan
from blueprint.teams import ApplicationTeam, FromTeam, PlatformTeam, ToTeam
from stacks import permissions
from tests.addons.support import deployed
from tests.isolation.admission import Admission
from tests.isolation.network import Network, Pod
from tests.isolation.rbac import User, service_account, user
from tools.kubernetes.access import access_objects

Object = dict[str, Any]

ISSUER = "oidc.eks.example.com/id/OWN"
ROLES = {"owners": "owner", "developers": "developer", "viewers": "viewer", "deployers": "deployer"}


@dataclass(frozen=True)
class Actor:
    """Somebody who sends requests, and the roles that the blueprint gives them, by namespace."""

    user: User
    roles: Mapping[str, frozenset[str]]


@dataclass(frozen=True)
class World:
    """The cluster of a plan. Tests break its parts."""

    blueprint: Blueprint
    plan: Plan
    objects: list[Object]
    """All of Kubernetes, access policies included."""
    entries: tuple[AccessEntry, ...]
    trusts: dict[str, Object]
    """Who may take on each role: the trust policy, by `namespace/service-account`."""

    @cached_property
    def teams(self) -> dict[str, ApplicationTeam]:
        """Teams with workloads, by name."""
        return {team.name: team for team in self.blueprint.teams if isinstance(team, ApplicationTeam)}

    @cached_property
    def owner(self) -> dict[str, str]:
        """The team of each namespace."""
        return {space.name: team.name for team in self.teams.values() for space in team.spaces}

    @cached_property
    def namespaces(self) -> tuple[str, ...]:
        """All of them; those of add-ons and Kubernetes too."""
        made = {one["metadata"]["name"] for one in self.objects if one["kind"] == "Namespace"}
        return tuple(sorted(made | set(RESERVED_NAMESPACES)))

    @cached_property
    def administrators(self) -> frozenset[str]:
        """Break-glass principals, and those of platform teams that do not only look."""
        account = self.plan.facts.account
        found = {principal.arn(account) for principal in self.blueprint.cluster.admins}
        for team in self.blueprint.teams:
            if isinstance(team, PlatformTeam) and team.access == "admin":
                found |= {member.arn(account) for member in team.members}
        return frozenset(found)

    @cached_property
    def operators(self) -> frozenset[str]:
        """Those of platform teams that only look."""
        found = set()
        for team in self.blueprint.teams:
            if isinstance(team, PlatformTeam) and team.access == "read-only":
                found |= {member.arn(self.plan.facts.account) for member in team.members}
        return frozenset(found)

    @cached_property
    def people(self) -> tuple[Actor, ...]:
        """Everybody with an access entry, nodes left out."""
        standard = (entry for entry in self.entries if entry.kind == "STANDARD")
        return tuple(Actor(user(one.principal, *one.groups), self._promised(one.principal)) for one in standard)

    @cached_property
    def members(self) -> tuple[Actor, ...]:
        """People who do not belong to the platform."""
        platform = self.administrators | self.operators
        return tuple(one for one in self.people if one.user.name not in platform)

    @cached_property
    def pods_as_users(self) -> tuple[Actor, ...]:
        """Every service account that a pod of a team can run as; also one that nobody declared."""
        names = {grant.service_account for grant in grants(self.plan)} | {"default", "undeclared"}
        return tuple(Actor(service_account(space, name), {}) for space in self.owner for name in sorted(names))

    def _promised(self, principal: str) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for team in self.teams.values():
            own = self._roles_in(team, principal)
            for space in team.spaces:
                found.setdefault(space.name, set()).update(own)
            for share in team.shares:
                if share.role in self._roles_in(self.teams[share.team], principal):
                    found[share.namespace].add(share.role)
        return {namespace: frozenset(roles) for namespace, roles in found.items() if roles}

    def _roles_in(self, team: ApplicationTeam, principal: str) -> set[str]:
        account = self.plan.facts.account
        return {role for name, role in ROLES.items() if principal in {one.arn(account) for one in getattr(team, name)}}

    def declared_ports(self, source: str, target: str) -> set[int]:
        """TCP ports on which both teams say that one connects to the other."""
        said = (self.teams[source].network, ToTeam, target), (self.teams[target].network, FromTeam, source)
        one, other = (
            {port for edge in edges if isinstance(edge, kind) and edge.team == name for port in edge.ports}
            for edges, kind, name in said
        )
        return one & other

    @cached_property
    def network(self) -> Network:
        """Its network policies."""
        return Network(self.objects)

    @cached_property
    def pods(self) -> tuple[Pod, ...]:
        """Two in each namespace: one without labels, and one with every label that some policy chooses by.

        Only teams' own policies choose by what a team can put on its pods.
        """
        selectors = [label for one in self.objects if one["kind"] == "NetworkPolicy" for label in _pod_labels(one)]
        private = next(subnet.cidr for subnet in self.plan.network.subnets if subnet.kind == "private")
        addresses = map(str, ipaddress.ip_network(private).hosts())
        return tuple(
            Pod(namespace, labels, next(addresses)) for namespace in self.namespaces for labels in ({}, dict(selectors))
        )

    @cached_property
    def admission(self) -> Admission:
        """Its admission policies, and the namespaces by whose labels they choose."""
        kinds = ("Namespace", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
        return Admission(one for one in self.objects if one["kind"] in kinds)

    def of_kind(self, kind: str) -> Iterator[Object]:
        """The objects of one kind."""
        return (one for one in self.objects if one["kind"] == kind)


def _pod_labels(data: Any) -> Iterator[tuple[str, str]]:
    if isinstance(data, Mapping):
        for key, item in data.items():
            if key == "podSelector":
                yield from (item.get("matchLabels") or {}).items()
            else:
                yield from _pod_labels(item)
    elif isinstance(data, list):
        for item in data:
            yield from _pod_labels(item)


def grants(plan: Plan) -> Iterator[Grant]:
    """All of a plan."""
    for part in plan.parts:
        yield from part.contribution.every_grant


def world_of(blueprint: Blueprint) -> World:
    """The cluster that the blueprint's plan makes."""
    plan = planner.plan(blueprint)
    entries = (*plan.admins, *plan.people, *(entry for part in plan.parts for entry in part.contribution.access))
    objects = [space.manifest() for part in plan.parts for space in part.contribution.namespaces]
    objects += [one for part in plan.parts for one in (*part.contribution.first_objects, *part.contribution.objects)]
    objects += access_objects(entries)
    return World(
        blueprint,
        plan,
        [deployed_except_principals(one) for one in objects],
        entries,
        {grant.name: trust(plan, grant) for grant in grants(plan)},
    )


def deployed_except_principals(one: Mapping[str, Any]) -> Object:
    """Plain dicts; the names of people stay as the blueprint has them."""
    made: Object = deployed(one)
    if one["kind"].endswith("RoleBinding"):
        made["subjects"] = [dict(subject) for subject in one["subjects"]]
    return made


def _substituted(text: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        text = text.replace(f"${{{name}}}", value)
    return text


# Fn.sub and the like, resolved at once.
_RESOLVING = SimpleNamespace(
    select=lambda index, items: items[index],
    split=lambda separator, text: text.split(separator),
    sub=_substituted,
)


def trust(plan: Plan, grant: Grant) -> Object:
    """The trust policy of the role, as the renderer writes it."""
    if not grant.irsa:
        with mock.patch.object(permissions, "PARTITION_ONLY", {"partition": "aws"}):
            return permissions._pod_identity_trust(plan, grant)
    provider: Any = SimpleNamespace(issuer=f"https://{ISSUER}", arn=f"arn:aws:iam::{plan.facts.account}:oidc/OWN")
    with mock.patch.object(permissions, "Fn", _RESOLVING):
        document: Object = json.loads(permissions._irsa_trust(grant, provider))
    return document
