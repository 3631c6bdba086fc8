"""What Karpenter launches: node pools. https://karpenter.sh/docs/concepts/nodepools"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

from blueprint.contribution import LaunchedNodes
from blueprint.disruption import ConsolidationPolicy, DisruptionBudget, QuietTime
from blueprint.errors import Key, Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, UNIQUE, DnsLabel, LabelKey, LabelValue, at_most, between, one_of
from blueprint.instances import CATEGORIES, FIRST_NITRO_GENERATION, Architecture, DevicePlugin
from blueprint.kubernetes import Manifest
from blueprint.node_requirement import ZONE, NodeRequirement, is_reserved, requirement
from blueprint.taints import Taint, Taints
from blueprint.value import Value

# What Karpenter calls them: https://karpenter.sh/docs/concepts/nodepools/#capacity-type
PoolCapacity = Literal["ON_DEMAND", "SPOT", "RESERVED"]
_CAPACITY_TYPES: Mapping[PoolCapacity, str] = {"ON_DEMAND": "on-demand", "SPOT": "spot", "RESERVED": "reserved"}


@dataclass(frozen=True)
class _Launcher:
    """What launches the nodes of a pool, and what it calls them."""

    title: str
    group: str
    kind: str
    """Of node classes."""
    domain: str
    """Of labels of instance types."""
    expire_after_hours: int
    operators: tuple[str, ...]
    """That it is known to have of those that compare numbers."""


_LAUNCHERS: Mapping[str, _Launcher] = {
    "add-on": _Launcher(
        *("the add-on", "karpenter.k8s.aws", "EC2NodeClass", "karpenter.k8s.aws", 720), ("Gt", "Gte", "Lt", "Lte")
    ),
    "auto-mode": _Launcher("Auto Mode", "eks.amazonaws.com", "NodeClass", "eks.amazonaws.com", 336, ("Gt", "Lt")),
}
_AUTO_MODE_DAYS = 21
"""How long a node of Auto Mode lives at most. https://docs.aws.amazon.com/eks/latest/userguide/automode.html"""
_CATEGORY = one_of(CATEGORIES, "must be a category of EC2 instance types", 'write for example "m", of m7g.large')


class NodePool(Value):
    """Nodes of like purpose. Karpenter picks the cheapest instance type that fits the waiting pods."""

    name: DnsLabel = "default"
    """Name of the NodePool in the cluster; that of a team is called team-<team>."""
    node_class: DnsLabel = "default"
    """The node class that its nodes are made by."""
    max_cpu: Annotated[int, between(1, 100_000, "CPUs")] = 100
    """All nodes of the pool together: what a runaway workload can cost at most."""
    max_memory_gib: Annotated[int, between(1, 1_000_000, "GiB")] = 400
    """All nodes of the pool together, as `max_cpu`."""
    max_nodes: Annotated[int, between(1, 5_000, "nodes")] | None = None
    """Most nodes; as many as fit into the other limits when None."""
    limits: Mapping[LabelKey, Annotated[int, between(1, 1_000_000)]] = field(default_factory=dict)
    """Of other resources of all nodes together: {"nvidia.com/gpu": 8}."""
    static_nodes: Annotated[int, between(0, 1_000, "nodes")] | None = None
    """So many nodes, whatever pods there are, which is an alpha of Karpenter; by the pods that wait when None. The API
    server refuses to change one into the other: a pool of another name takes its place."""
    capacity: Annotated[tuple[PoolCapacity, ...], NOT_EMPTY, UNIQUE] = ("ON_DEMAND",)
    """SPOT needs the service-linked role of EC2 Spot in the account; `aws iam create-service-linked-role` makes it.
    RESERVED takes the `capacity_reservations` of the node class, before any other."""
    architectures: tuple[Architecture, ...] = ()
    """Those of the nodes that the blueprint states, when empty."""
    categories: Annotated[tuple[Annotated[str, _CATEGORY], ...], NOT_EMPTY] = ("c", "m", "r")
    """Categories of instance types, the first letters of their names: m of m7g.large."""
    min_generation: Annotated[int, between(1, 20)] = 5
    """The oldest generation of instance types that it takes: 7 of m7g.large."""
    requirements: Annotated[tuple[NodeRequirement, ...], at_most(90, "requirements"), UNIQUE] = ()
    """What it asks of its nodes beside these: families, sizes, zones, labels of your own."""
    device_plugin: DevicePlugin = "add-on"
    """Who tells Kubernetes of GPUs and Neuron chips: an add-on of the blueprint, or somebody of whom it does not know,
    such as a DaemonSet that a team applies."""
    labels: Mapping[LabelKey, LabelValue] = field(default_factory=dict)
    """Kubernetes labels of the nodes."""
    taints: Taints = ()
    """Keep pods off that do not tolerate them."""
    startup_taints: Taints = ()
    """Keep pods off until whoever makes a node ready, such as a DaemonSet, takes them away."""
    expire_after_hours: Annotated[int, between(24, 8760, "hours")] | None = None
    """A node is replaced after so long, so that patched images reach all; pod disruption budgets are respected. After
    720 hours when None, on Auto Mode after 336; there a node goes after 21 days, however it is."""
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
            if is_reserved(key.rpartition("/")[0]):
                rule, fix = "labels in this domain belong to Kubernetes and Karpenter", "take a prefix of your own"
                yield Problem(("labels", Key(key)), key, rule, fix)
        for name in sorted(_LIMITS.keys() & self.limits.keys()):
            rule = "the pool says that by a field of its own"
            yield Problem(("limits", Key(name)), self.limits[name], rule, f"write {_LIMITS[name]}")
        there = {(taint.key, taint.effect) for taint in self.taints}
        for index, taint in enumerate(self.startup_taints):
            if (taint.key, taint.effect) in there:
                rule = "taints have one with the same key and effect"
                yield Problem(("startup_taints", index), taint.key, rule, "keep one of them")
        if self.static_nodes is not None:
            yield from self._static(self.static_nodes)

    def _static(self, count: int) -> Iterator[Problem]:
        """What the definition refuses, or Karpenter ignores, of such a pool: karpenter.sh_nodepools.yaml (spec)."""
        for name in ("max_cpu", "max_memory_gib", "limits", "weight", "consolidation_policy", "consolidate_after"):
            value = getattr(self, name)
            if value and value != getattr(NodePool, name, None):
                rule = f"a pool of {count} nodes has no {name}: it does not follow its pods"
                yield Problem((name,), value, rule, "leave it out, or leave static_nodes out")
        if self.max_nodes is not None and self.max_nodes < count:
            rule = f"the pool has {count} nodes"
            yield Problem(("max_nodes",), self.max_nodes, rule, "raise it, by one more for replacing nodes")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between the pool and its cluster, and who launches nodes there. The path is from the pool."""
        launcher = _LAUNCHERS[facts.pools]
        if facts.pools == "auto-mode":
            yield from self._on_auto_mode()
        if facts.ip_family == "ipv6" and self.min_generation < FIRST_NITRO_GENERATION:
            rule = "nodes of an IPv6 cluster are of Nitro types, as not all of older generations are"
            fix = f"write {FIRST_NITRO_GENERATION} or more"
            yield Problem(("min_generation",), self.min_generation, rule, fix)
        for index, each in enumerate(self.requirements):
            place = ("requirements", index)
            domain, _, name = each.key.rpartition("/")
            if each.is_of_instances and domain != launcher.domain:
                rule = f"{launcher.title} launches the nodes, which knows no {domain}"
                yield Problem((*place, "key"), each.key, rule, f"write {launcher.domain}/{name}")
            if each.operator in ("Gt", "Gte", "Lt", "Lte") and each.operator not in launcher.operators:
                rule, fix = f"it is not known that {launcher.title} has it", f"write {each.operator[:2]}"
                yield Problem((*place, "operator"), each.operator, rule, fix)
            if each.key == ZONE and (strange := [zone for zone in each.values if not zone.startswith(facts.region)]):
                rule, fix = f"the cluster is in {facts.region}", f'write for example "{facts.region}a"'
                yield Problem((*place, "values"), strange[0], rule, fix)

    def _on_auto_mode(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/eks/latest/userguide/automode.html, …/create-node-pool.html"""
        most, hours = _AUTO_MODE_DAYS * 24, self.expire_after_hours or _LAUNCHERS["auto-mode"].expire_after_hours
        if hours + self.drain_hours > most:
            rule = f"EKS ends a node of Auto Mode after {_AUTO_MODE_DAYS} days, and this is after {hours}"
            rule = f"{rule} hours and {self.drain_hours} more"
            name = "expire_after_hours" if hours > most - 24 else "drain_hours"
            yield Problem((name,), getattr(self, name), rule, f"write {most} or fewer for both together")
        if self.consolidation_policy == "Balanced":
            rule = "it is not known that Auto Mode has it"
            yield Problem(("consolidation_policy",), "Balanced", rule, "write WhenEmptyOrUnderutilized")

    def owned_by(self, key: str, owner: str) -> NodePool:
        """The pool named after its owner, for its pods only: they tolerate the taint and select the label."""
        labels = {**self.labels, key: owner}
        return replace(self, name=f"team-{owner}", labels=labels, taints=(*self.taints, Taint(key, owner)))

    def launched(self, facts: ClusterFacts) -> LaunchedNodes:
        """Its nodes, as plain data."""
        labels, taints = dict(sorted(self.labels.items())), tuple(taint.planned for taint in self.taints)
        by_auto_mode = facts.pools == "auto-mode"
        return LaunchedNodes(self.name, labels, taints, spot="SPOT" in self.capacity, by_auto_mode=by_auto_mode)

    def manifest(self, facts: ClusterFacts) -> Manifest:
        """The object of kind NodePool."""
        launcher = _LAUNCHERS[facts.pools]
        capacity = sorted(_CAPACITY_TYPES[each] for each in self.capacity)
        system = [requirement("kubernetes.io/os", "In", ["linux"])] if facts.pools == "add-on" else []
        least = ("Gte", self.min_generation) if "Gte" in launcher.operators else ("Gt", self.min_generation - 1)
        spec: dict[str, Any] = {
            "nodeClassRef": {"group": launcher.group, "kind": launcher.kind, "name": self.node_class},
            "requirements": [
                *system,
                requirement("kubernetes.io/arch", "In", sorted(self.architectures or facts.architectures)),
                requirement("karpenter.sh/capacity-type", "In", capacity),
                requirement(f"{launcher.domain}/instance-category", "In", sorted(self.categories)),
                requirement(f"{launcher.domain}/instance-generation", least[0], [str(least[1])]),
                *(each.document() for each in self.requirements),
            ],
            "expireAfter": f"{self.expire_after_hours or launcher.expire_after_hours}h",
            "terminationGracePeriod": f"{self.drain_hours}h",
        }
        for name, taints in (("taints", self.taints), ("startupTaints", self.startup_taints)):
            if taints:
                spec[name] = [taint.planned.manifest() for taint in taints]
        budgets = [budget.document() for budget in self.budgets]
        how: dict[str, Any] = {"replicas": self.static_nodes, "disruption": {"consolidateAfter": "0s"}}
        if self.static_nodes is None:
            how = {
                "weight": self.weight,
                "disruption": {
                    "consolidationPolicy": self.consolidation_policy,
                    "consolidateAfter": self.consolidate_after,
                },
            }
        how["disruption"]["budgets"] = budgets
        if limits := self._limits():
            how["limits"] = limits
        template = {"metadata": {"labels": dict(self.labels)}, "spec": spec}
        return {
            "apiVersion": "karpenter.sh/v1",
            "kind": "NodePool",
            "metadata": {"name": self.name},
            "spec": {"template": template, **how},
        }

    def _limits(self) -> Mapping[str, str]:
        nodes = {"nodes": str(self.max_nodes)} if self.max_nodes is not None else {}
        if self.static_nodes is not None:
            return nodes
        more = {key: str(most) for key, most in sorted(self.limits.items())}
        return {"cpu": str(self.max_cpu), "memory": f"{self.max_memory_gib}Gi", **nodes, **more}


_LIMITS: Mapping[str, str] = {"cpu": "max_cpu", "memory": "max_memory_gib", "nodes": "max_nodes"}
"""What a pool says of its limits by fields."""
