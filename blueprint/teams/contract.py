"""The contract between a plan and a team."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import NamedTuple

from blueprint.addons.offers import Offer
from blueprint.contribution import Contribution
from blueprint.errors import FieldPath, Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel, HostName
from blueprint.iam import Statement
from blueprint.secrets import TeamSecret
from blueprint.value import Value


class Connection(NamedTuple):
    """Pods of one team reach pods of another on a TCP port."""

    source: str
    target: str
    port: int


class Team(Value):
    """People with a common purpose in a cluster; `name` is unique in it."""

    name: DnsLabel
    """Unique in the cluster; its Kubernetes groups are called team:<name>:<role>."""
    hosts: tuple[HostName, ...] = field(default=(), kw_only=True)
    """Names that it alone may serve; `*.shop.example.com` is all names under shop.example.com. No other team of the
    cluster has one of them, nor of any cluster of the fleet that writes into the same hosted zone."""

    @property
    def connections(self) -> frozenset[Connection]:
        """What its pods may open; the other side must accept it."""
        return frozenset()

    @property
    def accepts(self) -> frozenset[Connection]:
        """What others' pods may open to its own."""
        return frozenset()

    @property
    def partners(self) -> frozenset[str]:
        """Names of teams that work in its namespaces."""
        return frozenset()

    @property
    def asks_for(self) -> frozenset[Offer]:
        """What add-ons must do for it, without which its objects are of no use."""
        return frozenset()

    @property
    def named_secrets(self) -> Sequence[tuple[FieldPath, TeamSecret]]:
        """Secrets of AWS that it calls its own, with the places where it does."""
        return ()

    @property
    def statements(self) -> Sequence[tuple[FieldPath, Statement]]:
        """What it writes down for its roles in AWS, likewise."""
        return ()

    @property
    def places(self) -> Mapping[str, FieldPath]:
        """Where it writes down what brings a release or an AWS role, by the name of that."""
        return {}

    @abstractmethod
    def contribute(self, facts: ClusterFacts) -> Contribution:
        """What it adds to the plan of this cluster; pure."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between its fields and the cluster's facts. Paths are from the team."""
        yield from ()
