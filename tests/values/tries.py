"""What becomes of clusters with other values, and which kinds of values none of them can have."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from blueprint.blueprint import Blueprint
from blueprint.errors import BlueprintError
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.value import Value
from tests.blueprint.examples import assert_readable
from tests.values.kinds import names
from tests.values.variants import Change, Kind, Spot, Variant, classes, everywhere, options, spots


@dataclass
class Tries:
    """Outcomes."""

    planned: list[Variant] = field(default_factory=list)
    refused: int = 0
    failures: list[str] = field(default_factory=list)
    """Ends that are neither a plan nor a report, and reports that nobody can read."""
    different: set[tuple[type[Value], str]] = field(default_factory=set)
    """Fields of which some value made another plan."""

    def take(self, variant: Variant) -> bool:
        """Whether it is planned."""
        try:
            made = plan(variant.blueprint)
        except BlueprintError as error:
            self.refused += 1
            try:
                assert_readable(error)
            except AssertionError:
                self.failures.append(f"{variant}\n{error}")
            return False
        except Exception:  # noqa: BLE001  # that there is none is what is tested
            self.failures.append(f"{variant}\n{traceback.format_exc(limit=-3)}")
            return False
        self.planned.append(variant)
        if made != self._before(variant.cluster):
            self.different |= {(type(change.spot.value), change.field) for change in variant.changes}
        return True

    def _before(self, cluster: Blueprint) -> Plan:
        if id(cluster) not in self._plans:
            self._plans[id(cluster)] = cluster, plan(cluster)
        return self._plans[id(cluster)][1]

    _plans: dict[int, tuple[Blueprint, Plan]] = field(default_factory=dict, repr=False)
    """Without changes; with the cluster, so that no other gets its id."""

    def take_all(self, variants: Iterable[Variant]) -> None:
        """All of them."""
        for variant in variants:
            self.take(variant)

    def unusable(self, of: Iterable[type[Value]], clusters: int = 8) -> list[str]:
        """Kinds of values that none of so many clusters can have."""
        used = {kind for variant in self.planned for kind in variant.kinds}
        used |= {kind for cls in of for spot in spots()[cls] for kind in spot.kinds()}
        left = sorted(set(possible(of)) - used, key=str)
        return [
            f"{cls.__name__}.{name}: {kind}"
            for cls, name, kind in left
            if not any(map(self.take, _ways(cls, name, kind, clusters)))
        ]

    def without_effect(self, of: Iterable[type[Value]], places: int = 12) -> list[str]:
        """Fields of which no value makes another plan, in none of so many places; of one with one value, none can."""
        fields = [(cls, name) for cls in of for name in classes()[cls] if len(options(cls, name)) > 1]
        return [f"{cls.__name__}.{name}" for cls, name in fields if not self._makes_a_difference(cls, name, places)]

    def _makes_a_difference(self, cls: type[Value], name: str, places: int) -> bool:
        # Where the field has something, it can be taken away or renamed; elsewhere it is often about what is not there.
        for spot in sorted(spots()[cls], key=lambda spot: not getattr(spot.value, name))[:places]:
            for value in options(cls, name):
                if (cls, name) in self.different:
                    return True
                self.take(Variant(spot.cluster, (Change(spot, name, value),)))
                self.take(everywhere(spot, name, value))
        return (cls, name) in self.different


def possible(of: Iterable[type[Value]]) -> Iterator[Kind]:
    """Each kind of value of each field."""
    for cls in of:
        for name, hint in classes()[cls].items():
            for value in options(cls, name):
                yield from ((cls, name, kind) for kind in names(hint, value))


def _ways(cls: type[Value], name: str, kind: str, most: int) -> Iterator[Variant]:
    """How a cluster may come to have such a value: there, wherever the old one is, and with another field beside it.

    All of it in the smallest cluster; in so many others, first what is tried quickly.
    """
    spot_of = {spot.cluster.name + str(spot.way): spot for spot in spots()[cls]}
    such = [value for value in options(cls, name) if kind in names(classes()[cls][name], value)]

    def alone(spots: Iterable[Spot]) -> Iterator[Variant]:
        for spot in spots:
            for value in such:
                yield Variant(spot.cluster, (Change(spot, name, value),))
                yield everywhere(spot, name, value)

    def beside(spots: Iterable[Spot]) -> Iterator[Variant]:
        for spot in spots:
            for other in spot.fields:
                for value in options(cls, other) if other != name else ():
                    yield Variant(spot.cluster, (Change(spot, name, such[0]), Change(spot, other, value)))

    first, *more = list(spot_of.values())[:most]
    yield from chain(alone([first]), beside([first]), alone(more), beside(more))
