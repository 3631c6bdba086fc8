"""Small clusters, and what is said when they change; without the CDK and its diff engine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import Any

from blueprint.contribution import Contribution, ManagedAddon, Release
from blueprint.planning.document import Part, Plan
from tests.plans import planned
from tools.assembly import Stack
from tools.review.document import Block, Cell, Paragraph, Row, Section, Table
from tools.review.fleet import ReviewedFleet, Touched
from tools.revision.differences import ClusterDifference, StackDifference

Resources = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True)
class Made:
    """A cluster."""

    stacks: tuple[Stack, ...]
    plan: Plan


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """One resource of a template."""
    return {"Type": kind, "Properties": properties}


def thing(kind: str, name: str, namespace: str = "", group: str = "", **more: Any) -> dict[str, Any]:
    """A Kubernetes object."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **more}


def cluster(
    name: str = "dev",
    *,
    account: str = "111111111111",
    region: str = "us-east-1",
    network: Resources | None = None,
    control: Resources | None = None,
    addons: Resources | None = None,
    tags: Mapping[str, str] | None = None,
    objects: Sequence[Mapping[str, Any]] = (),
    releases: Sequence[Release] = (),
    managed: Mapping[str, str] | None = None,
    **planning: Any,
) -> Made:
    """A cluster with more resources, objects, releases, and versions of add-ons of EKS."""
    plan = planned(**{"name": name, "account": account, "region": region, "version": "1.36", **planning})
    found = tuple(ManagedAddon(*each) for each in (managed or {}).items())
    contribution = Contribution(found, releases=tuple(releases), objects=tuple(objects))
    parts: dict[str, Resources] = {
        "network": {"Vpc": resource("AWS::EC2::VPC"), **(network or {})},
        "cluster": {"Cluster": resource("AWS::EKS::Cluster"), **(control or {})},
        "addons": addons or {},
    }
    stacks = tuple(
        Stack(name, part, f"{name}-{part}", account, region, True, {"Resources": resources}, {}, tags or {})
        for part, resources in parts.items()
    )
    return Made(stacks, replace(plan, addons=(Part("made", "Plain", contribution),)))


def touched(before: Made | None = None, after: Made | None = None) -> Touched:
    """A cluster that differs."""
    one, other = ((side.stacks, side.plan) if side else ((), None) for side in (before, after))
    stacks = tuple(StackDifference(*pair) for pair in zip_longest(one[0], other[0]))
    return Touched(ClusterDifference((other[0] or one[0])[0].cluster, stacks), (one[1], other[1]))


def fleet(*clusters: Touched, untouched: Sequence[str] = ()) -> ReviewedFleet:
    """Clusters that differ, and names of those that do not."""
    return ReviewedFleet("0123456789ab", clusters, tuple(untouched))


def changing(before: Made, after: Made) -> ReviewedFleet:
    """A fleet in which one cluster differs."""
    return fleet(touched(before, after))


def rows(section: Section) -> list[tuple[str, ...]]:
    """Sign and texts of each row, without the clusters."""
    tables = [block for block in section.blocks if isinstance(block, Table)]
    ends = {table: -1 if table.columns[-1] == "clusters" else None for table in tables}
    return [(row.sign, *(cell.text for cell in row.cells[: ends[table]])) for table in tables for row in table.rows]


def words(section: Section) -> str:
    """All that stands in a section."""
    return "\n".join(cell.text for block in section.blocks for cell in _cells(block))


def _cells(block: Block) -> Sequence[Cell]:
    match block:
        case Table(rows=rows):
            return [cell for row in rows for cell in row.cells]
        case Paragraph(cells=cells):
            return cells
    return ()


def cells(*texts: str, sign: Any = "") -> Row:
    """A row of texts."""
    return Row(tuple(map(Cell, texts)), sign)
