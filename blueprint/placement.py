"""Where each workload runs: on which nodes, on those that will be launched, in Auto Mode, or on Fargate.

From it follows how pods get AWS permissions, whether they can be scheduled at all, and what must come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from blueprint.compute import EFFECTS, AutoMode, FargateProfile, ManagedNodes, Nodes, Taint
from blueprint.instances import allocatable_millicpus
from blueprint.node_pool import NodePool
from blueprint.workload import Toleration, Workload

Kind = Literal["nodes", "launched", "auto", "fargate"]

# https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html
_AUTO_MODE_TAINTS = {"system": (Taint("CriticalAddonsOnly"),), "general-purpose": ()}
# The kubelet, and beside it what runs on each Fargate node as on others: only the first is documented.
# https://docs.aws.amazon.com/eks/latest/userguide/metrics-server.html
TAKEN_ON_FARGATE = {10250: "the kubelet", 10248: "the kubelet", 10249: "kube-proxy", 10256: "kube-proxy"}
# Nodes have labels of these domains that no blueprint states.
_WELL_KNOWN = ("kubernetes.io", "k8s.io", "eks.amazonaws.com", "karpenter.sh", "karpenter.k8s.aws")


@dataclass(frozen=True)
class Place:
    """Nodes that are alike, or a Fargate profile."""

    name: str
    kind: Kind
    taints: tuple[Taint, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    compute: Nodes | FargateProfile | None = None
    """What the blueprint states of it."""


@dataclass(frozen=True)
class PlacedWorkload:
    """A workload of an add-on, and the places that take its pods."""

    part: str
    workload: Workload
    places: tuple[Place, ...]
    obstacles: tuple[tuple[Place, str], ...] = ()
    """Nodes that do not take them, and why."""

    @property
    def waits(self) -> bool:
        """Whether its pods must run somewhere; a DaemonSet without nodes has none."""
        return self.workload.kind != "DaemonSet"

    @property
    def kinds(self) -> frozenset[Kind]:
        """Of its places."""
        return frozenset(place.kind for place in self.places)


def places_of(compute: Iterable[object], pools: Iterable[NodePool]) -> tuple[Place, ...]:
    """All places of a cluster; `pools` are those of add-ons and teams that launch nodes."""
    found: list[Place] = []
    for each in compute:
        if isinstance(each, Nodes):
            found.append(Place(each.name, "nodes", each.taints, each.labels, each))
        elif isinstance(each, FargateProfile):
            found.append(Place(each.name, "fargate", compute=each))
        elif isinstance(each, AutoMode):
            found += [Place(f"Auto Mode's {pool}", "auto", _AUTO_MODE_TAINTS[pool]) for pool in each.node_pools]
    return (*found, *(Place(f"node pool {pool.name}", "launched", pool.taints, pool.labels) for pool in pools))


def placed(part: str, workload: Workload, places: Sequence[Place]) -> PlacedWorkload:
    """EKS gives Fargate the pods of a profile's selectors, all but those of DaemonSets, whatever nodes there are.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
    """
    chosen = [place for place in places if workload.kind != "DaemonSet" and _selects(place, workload)]
    if chosen:
        return PlacedWorkload(part, workload, tuple(chosen[:1]))
    nodes = [(place, _obstacle(place, workload)) for place in places if place.kind != "fargate"]
    takes = tuple(place for place, why in nodes if not why)
    return PlacedWorkload(part, workload, takes, tuple((place, why) for place, why in nodes if why))


def _selects(place: Place, workload: Workload) -> bool:
    profile = place.compute
    if not isinstance(profile, FargateProfile):
        return False
    return any(selector.selects(workload.namespace, workload.labels) for selector in profile.selectors)


def _obstacle(place: Place, workload: Workload) -> str:
    """Why a place of nodes does not take the pods; nothing when it does."""
    if place.kind == "launched" and not workload.on_launched_nodes:
        return f"{workload.name} does not run on the nodes that it launches"
    if place.kind == "auto" and not workload.on_auto_mode:
        return f"{place.name} brings its own {workload.name}"
    for taint in place.taints:
        if taint.effect != "PREFER_NO_SCHEDULE" and not any(tolerates(each, taint) for each in workload.tolerations):
            value = f"={taint.value}" if taint.value else ""
            return f"{place.name} has the taint {taint.key}{value}:{EFFECTS[taint.effect]}"
    for key, value in workload.node_selector.items():
        if not key.rpartition("/")[0].endswith(_WELL_KNOWN) and place.labels.get(key) != value:
            return f"{place.name} has no label {key}={value}"
    return ""


def tolerates(toleration: Toleration, taint: Taint) -> bool:
    """As the scheduler has it: staging/src/k8s.io/component-helpers, scheduling/corev1/helpers.go (ToleratesTaint).

    Without a key and with the operator Exists it tolerates all taints, without an effect those of all effects.
    """
    if (effect := toleration.get("effect")) and effect != EFFECTS[taint.effect]:
        return False
    key, operator = toleration.get("key") or "", toleration.get("operator") or "Equal"
    if key and key != taint.key:
        return False
    if operator == "Exists":
        return True
    return bool(key) and (toleration.get("value") or "") == taint.value


def nodes_at_first(group: Nodes) -> int:
    """How many of a group the first deploy starts."""
    desired = group.desired if isinstance(group, ManagedNodes) else None
    return desired if isinstance(desired, int) else group.min


@dataclass(frozen=True)
class Shortage:
    """Pods for which the nodes of a blueprint have too few CPUs, in thousandths of one."""

    asked: int
    there: int
    groups: tuple[Nodes, ...]
    parts: tuple[str, ...]


def shortage(workloads: Sequence[PlacedWorkload]) -> Shortage | None:
    """Whether what can run on the blueprint's own nodes only asks for more than these have at first.

    DaemonSets are taken off each node that takes them. What is left is what pods of all kinds may share, so it is less
    than they need as soon as this says so, and may be less before.
    """
    bound = [
        each for each in workloads if each.kinds == {"nodes"} and each.workload.kind in ("Deployment", "StatefulSet")
    ]
    groups = {place.name: place.compute for each in bound for place in each.places}
    asked = sum(each.workload.millicpus * each.workload.replicas for each in bound)
    there = 0
    for name, group in groups.items():
        if not isinstance(group, Nodes):
            continue
        cpus = [allocatable_millicpus(kind) for kind in group.instance_types]
        if None in cpus:
            return None
        daemons = [each for each in workloads if each.workload.kind == "DaemonSet"]
        taken = sum(each.workload.millicpus for each in daemons if name in [place.name for place in each.places])
        there += max(0, max(cpu or 0 for cpu in cpus) - taken) * nodes_at_first(group)
    if asked <= there:
        return None
    stated = tuple(group for group in groups.values() if isinstance(group, Nodes))
    return Shortage(asked, there, stated, tuple(dict.fromkeys(each.part for each in bound)))
