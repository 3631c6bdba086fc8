"""How the names that people use are shared between the two clusters of a pair: weighted records of Route 53."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from blueprint.fleet import BlueGreen
from blueprint.planning.fleet import FleetPlan


@dataclass(frozen=True)
class WeightedRecord:
    """One of the two answers to a name: it points to the name of a cluster in the same hosted zone."""

    name: str
    type: str
    """A or AAAA."""
    cluster: str
    target: str
    weight: int
    """Of 100. Route 53 takes an answer of weight 0 only while the other one is not well."""


@dataclass(frozen=True)
class PairTraffic:
    """The records of a pair."""

    name: str
    """Of its stack: that of the blue cluster, which stays when the other goes live."""
    account: str
    region: str
    """Of its stack. Route 53 is the same in all of a partition."""
    zone: str
    shares: Mapping[str, int]
    """Percent of the answers, by cluster; the live one first."""
    records: tuple[WeightedRecord, ...]


def pair_traffic(fleet: FleetPlan) -> tuple[PairTraffic, ...]:
    """Of all pairs that share names."""
    plans = {plan.facts.name: plan for plan in fleet.clusters}
    found = []
    for pair in fleet.pairs:
        if traffic := pair.traffic:
            shares, facts = shares_of(pair), plans[pair.blue].facts
            records = tuple(
                WeightedRecord(name, family, cluster, target(cluster, name), weight)
                for name in traffic.names
                for family in (("A", "AAAA") if traffic.ipv6 else ("A",))
                for cluster, weight in sorted(shares.items())
            )
            account = traffic.account or facts.account
            found.append(PairTraffic(pair.blue, account, facts.region, traffic.zone, shares, records))
    return tuple(found)


def shares_of(pair: BlueGreen) -> Mapping[str, int]:
    """Percent of the answers that each cluster of a pair gets, the live one first; empty where it shares no names."""
    if not pair.traffic:
        return {}
    live, idle = (pair.blue, pair.green) if pair.live == "blue" else (pair.green, pair.blue)
    return {live: pair.traffic.live_percent, idle: 100 - pair.traffic.live_percent}


def target(cluster: str, name: str) -> str:
    """The name at which a cluster itself answers."""
    return f"{cluster}.{name}"
