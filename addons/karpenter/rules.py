"""Rules between node pools and node classes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from addons.karpenter.node_class import NodeClass
from blueprint.errors import Problem
from blueprint.node_pool import NodePool


def between_pools_and_classes(pools: Sequence[NodePool], classes: Sequence[NodeClass]) -> Iterator[Problem]:
    """Each pool has its class, each class serves a purpose, and what a pool reserves is reserved."""
    known = {each.name: each for each in classes}
    for index, pool in enumerate(pools):
        place = ("node_pools", index)
        if pool.node_class not in known:
            rule, fix = "there is no node class of that name", f"write one of {', '.join(sorted(known))}"
            yield Problem((*place, "node_class"), pool.node_class, rule, fix)
        elif "RESERVED" in pool.capacity and not known[pool.node_class].capacity_reservations:
            rule = f"the node class {pool.node_class} names no reservation"
            yield Problem((*place, "capacity"), pool.capacity, rule, "write its capacity_reservations, or leave it out")
