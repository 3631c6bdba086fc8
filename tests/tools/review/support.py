"""Small clusters, and what is said when they change; without the CDK and its diff engine."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from tools.assembly import CHART, MANIFEST, Stack
from tools.compare.differences import ClusterDifference, StackDifference
from tools.review.document import Block, Cell, Paragraph, Row, Section, Table
from tools.review.fleet import Fleet, Touched

Resources = Mapping[str, Mapping[str, Any]]
Stacks = tuple[Stack, ...]


def resource(kind: str, **properties: Any) -> dict[str, Any]:
    """One resource of a template."""
    return {"Type": kind, "Properties": properties}


def manifest(*objects: Mapping[str, Any]) -> dict[str, Any]:
    """A resource that applies objects."""
    return resource(MANIFEST, Manifest=json.dumps(objects))


def thing(kind: str, name: str, namespace: str = "", group: str = "", **more: Any) -> dict[str, Any]:
    """A Kubernetes object."""
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": f"{group}/v1" if group else "v1", "kind": kind, "metadata": metadata, **more}


def release(name: str, version: str = "1.0.0", **values: Any) -> dict[str, Any]:
    """A resource that installs a chart of the same name."""
    address = "https://charts.example.com"
    return resource(
        CHART, Release=name, Chart=name, Repository=address, Version=version, Namespace=name, Values=json.dumps(values)
    )


def cluster(
    name: str = "dev",
    *,
    account: str = "111111111111",
    region: str = "us-east-1",
    version: str = "1.36",
    access: Mapping[str, Any] | None = None,
    network: Resources | None = None,
    control: Resources | None = None,
    addons: Resources | None = None,
    tags: Mapping[str, str] | None = None,
) -> Stacks:
    """The stacks of a cluster, with more resources."""
    plane = resource(
        "AWS::EKS::Cluster", Version=version, ResourcesVpcConfig=dict(access or {"EndpointPublicAccess": False})
    )
    parts: dict[str, Resources] = {
        "network": {"Vpc": resource("AWS::EC2::VPC", CidrBlock="10.0.0.0/16"), **(network or {})},
        "cluster": {"Cluster": plane, **(control or {})},
        "addons": addons or {},
    }
    return tuple(
        Stack(name, part, f"{name}-{part}", account, region, True, {"Resources": resources}, {}, tags or {})
        for part, resources in parts.items()
    )


def touched(before: Stacks = (), after: Stacks = ()) -> Touched:
    """A cluster that differs."""
    stacks = tuple(StackDifference(*pair) for pair in zip_longest(before, after))
    return Touched(ClusterDifference((after or before)[0].cluster, stacks))


def fleet(*clusters: Touched, untouched: Sequence[str] = ()) -> Fleet:
    """Clusters that differ, and names of those that do not."""
    return Fleet("0123456789ab", clusters, tuple(untouched))


def changing(before: Stacks, after: Stacks) -> Fleet:
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
