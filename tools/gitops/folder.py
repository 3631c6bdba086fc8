"""The folder of one cluster."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from blueprint.planning.document import GitDelivery, Plan
from tools.gitops import applications, kustomizations

_TREES = {"argoproj.io": applications.tree, "fluxcd.io": kustomizations.tree}


def texts(plan: Plan, delivery: GitDelivery) -> dict[str, str]:
    """Of its files, by their paths below the folder of all clusters."""
    found = _TREES[delivery.engine](plan, delivery)
    return {f"{plan.facts.name}/{path}": text for path, text in sorted(found.items())}


def stale(folder: Path, clusters: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Of each file of these clusters that is not as it would be written, why."""
    found = {}
    for cluster, files in clusters.items():
        there = {path.relative_to(folder).as_posix() for path in (folder / cluster).rglob("*") if not path.is_dir()}
        for name in sorted({*files} | there):
            path = folder / name
            if name not in files:
                found[name] = "is of nothing in the plan"
            elif name not in there:
                found[name] = "is missing"
            elif path.is_symlink() or path.read_bytes() != files[name].encode():
                found[name] = "is out of date"
    return found
