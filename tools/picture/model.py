"""What stands in a picture: boxes in groups, and arrows between them. Renderers decide where and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

BoxStatus = Literal["same", "added", "removed", "changed"]

SIGNS: dict[BoxStatus, str] = {"same": "", "added": "+", "removed": "\N{MINUS SIGN}", "changed": "~"}
"""A status is never said by colour alone."""


@dataclass(frozen=True)
class Line:
    """A short text in a box: `Kubernetes 1.35`, or of a change `Kubernetes 1.35 → 1.36`."""

    text: str
    changed: bool = False


@dataclass(frozen=True)
class Box:
    """One thing that a cluster consists of."""

    id: str
    """The same before and after a change: `Helm/karpenter`."""
    title: str
    lines: tuple[Line, ...] = ()
    status: BoxStatus = "same"


@dataclass(frozen=True)
class Group:
    """Boxes that belong together, under a title; or groups that do."""

    id: str
    title: str
    boxes: tuple[Box, ...] = ()
    groups: tuple[Group, ...] = ()
    status: BoxStatus = "same"

    @property
    def every(self) -> Iterator[Box]:
        """Its boxes, and those of the groups in it."""
        yield from self.boxes
        for group in self.groups:
            yield from group.every


@dataclass(frozen=True)
class Arrow:
    """From one box to another, by their ids."""

    source: str
    target: str
    label: str = ""


@dataclass(frozen=True)
class ClusterPicture:
    """One cluster, or a change of one."""

    cluster: str
    title: str
    """`dev: account 111111111111, us-west-2`."""
    status: BoxStatus
    outside: Group
    """The internet and the control plane that EKS runs; its title is empty."""
    network: Group
    """The VPC; a group for each zone holds the subnets."""
    compute: Group
    software: tuple[Group, ...]
    """Add-ons by what installs them, and teams."""
    arrows: tuple[Arrow, ...]

    @property
    def groups(self) -> tuple[Group, ...]:
        """All but those in other groups, from the outside in."""
        return (self.outside, self.network, self.compute, *self.software)

    @property
    def boxes(self) -> Iterator[Box]:
        """All of them."""
        return (box for group in self.groups for box in group.every)

    @property
    def words(self) -> str:
        """The picture for who does not see it: what changes, or what there is."""
        changed = [box for box in self.boxes if box.status != "same"]
        if self.status == "same" and changed:
            return "; ".join(f"{box.status}: {box.title}{_detail(box)}" for box in changed) + "."
        return "; ".join(f"{group.title}: {_listed(group.boxes)}" for group in self.groups if group.title) + "."


def _detail(box: Box) -> str:
    found = ", ".join(line.text for line in box.lines if line.changed)
    return f" ({found})" if found else ""


def _listed(boxes: Sequence[Box]) -> str:
    return ", ".join(box.title for box in boxes) or "nothing"
