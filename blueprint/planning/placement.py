"""Where each workload runs: on which nodes, on those that will be launched, in Auto Mode, or on Fargate.

From it follows how pods get AWS permissions, whether they can be scheduled at all, and what must come first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from blueprint.contribution import LaunchedNodes
from blueprint.instances import allocatable_millicpus
from blueprint.planning.document import FargateNodes, NodeGroup, PlacedWorkload
from blueprint.workload import NodeTaint, Workload

Kind = Literal["nodes", "launched", "auto", "fargate"]

# https://docs.aws.amazon.com/eks/latest/userguide/set-builtin-node-pools.html
_AUTO_MODE_TAINTS = {"system": (NodeTaint("CriticalAddonsOnly"),), "general-purpose": ()}
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
    taints: tuple[NodeTaint, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)
    compute: NodeGroup | FargateNodes | None = None
    """What the blueprint states of it."""
    of_auto_mode: bool = False

    @property
    def windows(self) -> bool:
        """Whether its nodes run Windows."""
        return isinstance(self.compute, NodeGroup) and self.compute.windows


@dataclass(frozen=True)
class Placement:
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

    @property
    def planned(self) -> PlacedWorkload:
        """The same as plain data."""
        return PlacedWorkload(self.part, self.workload, tuple(place.name for place in self.places))


def places_of(
    compute: Iterable[NodeGroup | FargateNodes], auto_mode: Iterable[str], launched: Iterable[LaunchedNodes]
) -> tuple[Place, ...]:
    """All places of a cluster: those of the blueprint, Auto Mode's node pools, and what add-ons launch."""
    places: list[Place] = []
    for each in compute:
        if isinstance(each, NodeGroup):
            places.append(Place(each.name, "nodes", each.taints, each.labels, each))
        else:
            places.append(Place(each.name, "fargate", compute=each))
    places += [Place(f"Auto Mode's {pool}", "auto", _AUTO_MODE_TAINTS[pool], of_auto_mode=True) for pool in auto_mode]
    places += [
        Place(f"node pool {nodes.name}", "launched", nodes.taints, nodes.labels, of_auto_mode=nodes.by_auto_mode)
        for nodes in launched
    ]
    return tuple(places)


def place_workload(part: str, workload: Workload, places: Sequence[Place]) -> Placement:
    """EKS gives Fargate the pods of a profile's selectors, all but those of DaemonSets, whatever nodes there are.

    https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html
    """
    profiles = [each for each in places if workload.kind != "DaemonSet" and _selects(each, workload)]
    if profiles:
        return Placement(part, workload, tuple(profiles[:1]))
    nodes = [(each, _obstacle(each, workload)) for each in places if each.kind != "fargate"]
    takes = tuple(each for each, why in nodes if not why)
    return Placement(part, workload, takes, tuple((each, why) for each, why in nodes if why))


def _selects(place: Place, workload: Workload) -> bool:
    profile = place.compute
    if not isinstance(profile, FargateNodes):
        return False
    return any(selector.selects(workload.namespace, workload.labels) for selector in profile.selectors)


def _obstacle(place: Place, workload: Workload) -> str:
    """Why a place of nodes does not take the pods; nothing when it does."""
    if place.kind == "launched" and not workload.on_launched_nodes:
        return f"{workload.name} does not run on the nodes that it launches"
    if place.of_auto_mode and not workload.on_auto_mode:
        return f"{place.name} brings its own {workload.name}"
    if place.windows is not (workload.node_selector.get("kubernetes.io/os") == "windows"):
        return f"{place.name} runs {'Windows' if place.windows else 'Linux'}"
    for taint in place.taints:
        if taint.effect != "PreferNoSchedule" and not any(map(taint.tolerated_by, workload.tolerations)):
            return f"{place.name} has the taint {taint}"
    for key, value in workload.node_selector.items():
        if not key.rpartition("/")[0].endswith(_WELL_KNOWN) and place.labels.get(key) != value:
            return f"{place.name} has no label {key}={value}"
    return ""


@dataclass(frozen=True)
class Shortage:
    """Pods for which the nodes of a blueprint have too few CPUs, in thousandths of one."""

    asked: int
    there: int
    groups: tuple[str, ...]
    parts: tuple[str, ...]


def shortage(workloads: Sequence[Placement]) -> Shortage | None:
    """Whether what can run on the blueprint's own nodes only asks for more than these have at first.

    DaemonSets are taken off each node that takes them. What is left is what pods of all kinds may share, so it is less
    than they need as soon as this says so, and may be less before.
    """
    bound = [
        each for each in workloads if each.kinds == {"nodes"} and each.workload.kind in ("Deployment", "StatefulSet")
    ]
    places = {place.name: place.compute for each in bound for place in each.places}
    groups = [group for group in places.values() if isinstance(group, NodeGroup)]
    asked = sum(each.workload.millicpus * each.workload.replicas for each in bound)
    there = 0
    for group in groups:
        cpus = [allocatable_millicpus(kind, group.launch.cpu.vcpus) for kind in group.instance_types]
        if None in cpus:
            return None
        daemons = [each for each in workloads if each.workload.kind == "DaemonSet"]
        taken = sum(each.workload.millicpus for each in daemons if group.name in [one.name for one in each.places])
        there += max(0, max(cpu or 0 for cpu in cpus) - taken) * (group.min if group.desired is None else group.desired)
    if asked <= there:
        return None
    return Shortage(
        asked, there, tuple(group.name for group in groups), tuple(dict.fromkeys(each.part for each in bound))
    )
