"""What a review is about: the clusters that a change touches, and what they have in common."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tools.assembly import Stack
from tools.compare.differences import ClusterDifference
from tools.compare.revisions import Comparison
from tools.contents import Contents, contents
from tools.review.document import Cell, Row

_NAMED = 4
"""So many clusters are named; of more, the first ones."""


@dataclass(frozen=True)
class Touched:
    """A cluster of which at least one template differs."""

    difference: ClusterDifference

    @property
    def name(self) -> str:
        """As in its blueprint."""
        return self.difference.name

    @cached_property
    def before(self) -> Contents | None:
        """Nothing of a new cluster."""
        return contents(self.difference.before) if self.difference.before else None

    @cached_property
    def after(self) -> Contents | None:
        """Nothing of one that is gone."""
        return contents(self.difference.after) if self.difference.after else None

    @property
    def sides(self) -> tuple[Contents | None, Contents | None]:
        """Before and after."""
        return self.before, self.after


@dataclass(frozen=True)
class Fleet:
    """All clusters of both revisions."""

    base: str
    """The commit compared with, abbreviated."""
    touched: tuple[Touched, ...]
    untouched: tuple[str, ...]
    """Clusters of which not one byte of a template differs."""

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
        return tuple(Row((*row.cells, Cell(self.where(names))), row.sign) for row, names in clusters.items())


def fleet(comparison: Comparison) -> Fleet:
    """What was compared, as a review looks at it."""
    return Fleet(comparison.base, tuple(map(Touched, comparison.touched)), comparison.untouched)


@dataclass(frozen=True)
class Place:
    """Where a cluster is. What is the cluster's own is left out of a text, so that clusters can be compared."""

    cluster: str
    account: str
    region: str

    def short(self, text: str) -> str:
        """Without `arn:<partition>:`, and without region and account where these are the cluster's or none.

        The cluster's own name is `<cluster>` where an ARN or a tag says that a cluster follows.
        """
        text = re.sub(r"\barn:(aws[\w-]*|\$\{AWS::Partition\}):([\w-]+):([^:\s]*):([^:\s]*):", self._without, text)
        own = re.escape(self.cluster)
        return re.sub(rf"\b((?:cluster|fargateprofile|access-entry|nodegroup)/){own}(?![\w-])", r"\1<cluster>", text)

    def _without(self, match: re.Match[str]) -> str:
        _, service, region, account = match.groups()
        own = region in ("", self.region, "${AWS::Region}") and account in ("", self.account, "${AWS::AccountId}")
        return f"{service}:" if own else f"{service}:{region}:{account}:"


def place(stacks: Sequence[Stack]) -> Place:
    """Of a cluster's stacks, which share one."""
    return Place(stacks[0].cluster, stacks[0].account, stacks[0].region)


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    """The keys whose value is not the same on both sides, with both values; empty where there is none."""
    for key in dict.fromkeys((*before, *after)):
        one, other = before.get(key, ""), after.get(key, "")
        if (key in before) != (key in after) or one != other:
            yield key, one, other
