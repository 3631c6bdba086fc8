"""What Karpenter launches: node pools. https://karpenter.sh/docs/concepts/nodepools"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated, Any

from blueprint.compute import Capacity
from blueprint.contribution import LaunchedNodes
from blueprint.disruption import ConsolidationPolicy, DisruptionBudget, QuietTime
from blueprint.errors import Key, Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, DnsLabel, LabelKey, LabelValue, at_most, between, one_of
from blueprint.instances import CATEGORIES, FIRST_NITRO_GENERATION, Architecture
from blueprint.kubernetes import Manifest
from blueprint.taints import Taint, Taints
from blueprint.value import Value

# What Karpenter calls them: https://karpenter.sh/docs/concepts/nodepools/#capacity-type
_CAPACITY_TYPES: Mapping[Capacity, str] = {"ON_DEMAND": "on-demand", "SPOT": "spot"}
_CATEGORY = one_of(CATEGORIES, "must be a category of EC2 instance types", 'write for example "m", of m7g.large')


class NodePool(Value):
    """Nodes of like purpose. Karpenter picks the cheapest instance type that fits the waiting pods."""

    name: DnsLabel = "default"
    """Name of the NodePool in the cluster; that of a team is called team-<team>."""
    max_cpu: Annotated[int, between(1, 100_000, "CPUs")] = 100
    """All nodes of the pool together: what a runaway workload can cost at most."""
    max_memory_gib: Annotated[int, between(1, 1_000_000, "GiB")] = 400
    """All nodes of the pool together, as `max_cpu`."""
    capacity: Annotated[tuple[Capacity, ...], NOT_EMPTY] = ("ON_DEMAND",)
    """SPOT needs the service-linked role of EC2 Spot in the account; `aws iam create-service-linked-role` makes it."""
    architectures: tuple[Architecture, ...] = ()
    """Those of the nodes that the blueprint states, when empty."""
    categories: Annotated[tuple[Annotated[str, _CATEGORY], ...], NOT_EMPTY] = ("c", "m", "r")
    """Categories of instance types, the first letters of their names: m of m7g.large."""
    min_generation: Annotated[int, between(1, 20)] = 5
    """The oldest generation of instance types that it takes: 7 of m7g.large."""
    labels: Mapping[LabelKey, LabelValue] = field(default_factory=dict)
    """Kubernetes labels of the nodes."""
    taints: Taints = ()
    """Keep pods off that do not tolerate them."""
    expire_after_hours: Annotated[int, between(24, 8760, "hours")] = 720
    """A node is replaced after so long, so that patched images reach all; pod disruption budgets are respected."""
    drain_hours: Annotated[int, between(1, 8760, "hours")] = 24
    """How long a node that is to go waits for its pods; then it goes, whatever a disruption budget or the annotation
    karpenter.sh/do-not-disrupt says, by which any team could keep it, and its image, for ever. Karpenter calls it
    terminationGracePeriod; 24 hours as AWS has it in node pools of Auto Mode. A change replaces all nodes of the pool.
    https://karpenter.sh/docs/concepts/disruption/#terminationgraceperiod"""
    consolidation_policy: ConsolidationPolicy = "WhenEmptyOrUnderutilized"
    """Which nodes go to save costs. WhenEmpty moves no pod; Balanced moves them where enough is saved."""
    consolidate_after: QuietTime = "5m"
    """How long no pod came or went before a node may go, so that none moves twice; Never: none goes to save costs."""
    budgets: Annotated[tuple[DisruptionBudget, ...], NOT_EMPTY, at_most(50, "budgets")] = (DisruptionBudget(),)
    """How many nodes may go at a time, and when."""
    weight: Annotated[int, between(1, 100)] = 1
    """The pool with the highest weight is tried first."""

    def problems(self) -> Iterator[Problem]:
        for key in self.labels:
            if re.match(r"([\w.-]+\.)?(karpenter\.sh|karpenter\.k8s\.aws|kubernetes\.io|k8s\.io)/", key):
                rule, fix = "labels in this domain belong to Kubernetes and Karpenter", "take a prefix of your own"
                yield Problem(("labels", Key(key)), key, rule, fix)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between the pool and its cluster. The path is from the pool."""
        if facts.ip_family == "ipv6" and self.min_generation < FIRST_NITRO_GENERATION:
            rule = "nodes of an IPv6 cluster are of Nitro types, as not all of older generations are"
            fix = f"write {FIRST_NITRO_GENERATION} or more"
            yield Problem(("min_generation",), self.min_generation, rule, fix)

    def owned_by(self, key: str, owner: str) -> NodePool:
        """The pool named after its owner, for its pods only: they tolerate the taint and select the label."""
        labels = {**self.labels, key: owner}
        return replace(self, name=f"team-{owner}", labels=labels, taints=(*self.taints, Taint(key, owner)))

    @property
    def planned(self) -> LaunchedNodes:
        """The nodes that it launches, as plain data."""
        taints = tuple(taint.planned for taint in self.taints)
        return LaunchedNodes(self.name, dict(sorted(self.labels.items())), taints, spot="SPOT" in self.capacity)

    def manifest(self, node_class: str, architectures: Collection[Architecture]) -> Manifest:
        """The object of kind NodePool; `architectures` are those of a pool that names none."""
        spec: dict[str, Any] = {
            "nodeClassRef": {"group": "karpenter.k8s.aws", "kind": "EC2NodeClass", "name": node_class},
            "requirements": [
                _requirement("kubernetes.io/os", "In", ["linux"]),
                _requirement("kubernetes.io/arch", "In", sorted(self.architectures or architectures)),
                _requirement(
                    "karpenter.sh/capacity-type", "In", sorted(_CAPACITY_TYPES[each] for each in self.capacity)
                ),
                _requirement("karpenter.k8s.aws/instance-category", "In", sorted(self.categories)),
                _requirement("karpenter.k8s.aws/instance-generation", "Gte", [str(self.min_generation)]),
            ],
            "expireAfter": f"{self.expire_after_hours}h",
            "terminationGracePeriod": f"{self.drain_hours}h",
        }
        if self.taints:
            spec["taints"] = [taint.planned.manifest() for taint in self.taints]
        return {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodePool",
            "metadata": {"name": self.name},
            "spec": {
                "template": {"metadata": {"labels": dict(self.labels)}, "spec": spec},
                "limits": {"cpu": str(self.max_cpu), "memory": f"{self.max_memory_gib}Gi"},
                "weight": self.weight,
                "disruption": {
                    "consolidationPolicy": self.consolidation_policy,
                    "consolidateAfter": self.consolidate_after,
                    "budgets": [budget.document() for budget in self.budgets],
                },
            },
        }


def _requirement(key: str, operator: str, values: list[str]) -> dict[str, Any]:
    return {"key": key, "operator": operator, "values": values}
