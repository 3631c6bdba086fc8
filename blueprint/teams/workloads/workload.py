"""The contract between a team and what it brings."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import field

from blueprint.addons.offers import Offer
from blueprint.contribution import Release
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel
from blueprint.kubernetes import Manifest
from blueprint.teams.exposure import Exposure
from blueprint.teams.namespaces import TeamNamespace
from blueprint.value import Value


class TeamWorkload(Value):
    """Something that a team runs in one of its namespaces."""

    namespace: DnsLabel = field(kw_only=True)
    """One of the team's."""

    @property
    @abstractmethod
    def key(self) -> str:
        """What tells it from the team's others."""

    @property
    def asks_for(self) -> frozenset[Offer]:
        """What add-ons must do for it, without which it is of no use."""
        return frozenset()

    def problems_on(self, facts: ClusterFacts, space: TeamNamespace, exposure: Exposure) -> Iterator[Problem]:
        """Rules between it, its namespace, its team and the cluster's facts. Paths are from the workload."""
        yield from ()

    def releases(self) -> tuple[Release, ...]:
        """What Helm installs."""
        return ()

    def from_git(self, team: str, facts: ClusterFacts) -> tuple[str, ...]:
        """Names of what a controller installs from Git repositories."""
        return ()

    def objects(self, team: str, namespaces: Sequence[str], facts: ClusterFacts) -> tuple[Manifest, ...]:
        """What is applied behind the team's guard rails; `namespaces` are all that the team has."""
        return ()
