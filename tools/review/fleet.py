"""What a review is about: the clusters that a change touches, and what they have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property

from blueprint.contribution import Release
from blueprint.planning.document import Plan
from blueprint.planning.file import DocumentError, loaded
from blueprint.references import resolved
from tools.arns import ClusterPlace
from tools.assembly import Stack
from tools.placeholders import placeholders
from tools.review.document import Cell, Row, Sign
from tools.review.manifests import Objects, name_of
from tools.revision.differences import ClusterDifference
from tools.revision.revisions import Comparison

_NAMED = 4
"""So many clusters are named; of more, the first ones."""

SIDES: tuple[Sign, Sign] = ("+", "-")


@dataclass(frozen=True)
class Side:
    """A cluster in one of the revisions."""

    stacks: tuple[Stack, ...]
    read: Plan | None

    @property
    def plan(self) -> Plan:
        """What it consists of. LookupError: the plans of the base cannot be read."""
        if self.read is None:
            raise LookupError("no plan")
        return self.read

    @cached_property
    def releases(self) -> tuple[Release, ...]:
        """All that Helm installs, with names for what AWS decides."""
        known = placeholders(self.plan)
        releases = [release for part in self.plan.parts for release in part.contribution.releases]
        return tuple(replace(each, values=resolved(each.values, known)) for each in releases)

    @cached_property
    def objects(self) -> Objects:
        """All Kubernetes objects of our own manifests, with names for what AWS decides."""
        found = resolved(list(self.plan.objects), placeholders(self.plan))
        return {name_of(each): each for each in found}

    @property
    def place(self) -> ClusterPlace:
        """Its stacks share one."""
        return ClusterPlace(self.stacks[0].cluster, self.stacks[0].account, self.stacks[0].region)


@dataclass(frozen=True)
class Touched:
    """A cluster of which at least one template differs, with its plans."""

    difference: ClusterDifference
    plans: tuple[Plan | None, Plan | None] = (None, None)
    """Before and after, as far as there is a cluster and its plan can be read."""

    @property
    def name(self) -> str:
        """As in its blueprint."""
        return self.difference.name

    @cached_property
    def before(self) -> Side | None:
        """Nothing of a new cluster. A stack that the app no longer has stays as it is, so it is no change."""
        stacks = tuple(stack.before for stack in self.difference.stacks if stack.before and stack.after)
        return Side(stacks, self.plans[0]) if stacks else None

    @cached_property
    def after(self) -> Side | None:
        """Nothing of one that is gone."""
        return Side(self.difference.after, self.plans[1]) if self.difference.after else None

    @property
    def sides(self) -> tuple[Side | None, Side | None]:
        """Before and after."""
        return self.before, self.after

    @property
    def lasting(self) -> bool:
        """Whether it is in both revisions."""
        return bool(self.before and self.after)

    @property
    def kubernetes(self) -> tuple[str, str]:
        """The Kubernetes versions, before and after; empty where there is no cluster."""
        one, other = (side.plan.control_plane.version if side else "" for side in self.sides)
        return one, other

    @cached_property
    def namespaces_gone(self) -> frozenset[str]:
        """Everything in them goes with them."""
        before, after = (side.objects if side else {} for side in self.sides)
        return frozenset(name for kind, _, name in before if kind == "Namespace" and (kind, "", name) not in after)


Facts = Callable[[Touched, Side], Iterable[tuple[str, ...]]]
"""What one side of a cluster says, as the cells of rows."""


@dataclass(frozen=True)
class ReviewedFleet:
    """All clusters of both revisions."""

    base: str
    """The commit compared with, abbreviated."""
    touched: tuple[Touched, ...]
    untouched: tuple[str, ...]
    """Clusters of which not one byte of a template differs."""
    unread: str = ""
    """Why the plans of the base cannot be read, so that only templates are compared."""

    @property
    def deployed(self) -> tuple[Touched, ...]:
        """Those that a deploy changes: a cluster that the app no longer has stays as it is, and is only counted."""
        return tuple(cluster for cluster in self.touched if cluster.after)

    def where(self, names: Iterable[str]) -> str:
        """Clusters in words: those named, as far as a reader wants to count them."""
        listed, all_names = list(dict.fromkeys(names)), [cluster.name for cluster in self.touched]
        missing = [name for name in all_names if name not in listed]
        if len(listed) <= _NAMED:
            return ", ".join(listed)
        if not missing:
            return f"all {len(listed)}"
        if len(missing) < _NAMED:
            return f"{len(listed)}, not {', '.join(missing)}"
        return f"{', '.join(listed[: _NAMED - 1])} and {len(listed) - _NAMED + 1} more"

    def grouped(self, found: Iterable[tuple[str, Row]]) -> tuple[Row, ...]:
        """Rows that several clusters have alike become one, whose last cell names the clusters.

        Fleets change alike: one version is moved in twenty clusters. Rows keep the order in which they come.
        """
        clusters: dict[Row, list[str]] = {}
        for name, row in found:
            clusters.setdefault(row, []).append(name)
        return tuple(
            Row((*row.cells, Cell(self.where(names))), row.sign, tuple(names)) for row, names in clusters.items()
        )

    def gained_and_lost(self, facts: Facts) -> tuple[Row, ...]:
        """A row for each fact that holds on one side only, what is gained first."""
        found: list[tuple[str, Row]] = []
        for touched in self.deployed:
            before, after = (tuple(facts(touched, side)) if side else () for side in touched.sides)
            for sign, these, those in (SIDES[0], after, before), (SIDES[1], before, after):
                rows = (Row(tuple(Cell(each, code=True) for each in fact), sign) for fact in dict.fromkeys(these))
                known = {tuple(Cell(each, code=True) for each in fact) for fact in those}
                found += [(touched.name, row) for row in rows if row.cells not in known]
        return tuple(sorted(self.grouped(found), key=lambda row: SIDES.index(row.sign)))


def fleet(comparison: Comparison) -> ReviewedFleet:
    """What was compared, as a review looks at it."""
    try:
        touched = tuple(_touched(comparison, each) for each in comparison.touched)
    except DocumentError as error:
        return ReviewedFleet(comparison.base, tuple(map(Touched, comparison.touched)), comparison.untouched, str(error))
    return ReviewedFleet(comparison.base, touched, comparison.untouched)


def _touched(comparison: Comparison, cluster: ClusterDifference) -> Touched:
    if comparison.plans_before is None:
        raise DocumentError("it is from before plans were written down")
    before, after = (
        loaded(documents[cluster.name]) if cluster.name in documents else None
        for documents in (comparison.plans_before, comparison.plans_after)
    )
    return Touched(cluster, (before, after))
