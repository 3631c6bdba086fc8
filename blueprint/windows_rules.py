"""Rules about Windows nodes. https://docs.aws.amazon.com/eks/latest/userguide/windows-support.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.auto_mode import AutoMode
from blueprint.errors import Problem
from blueprint.existing_network import ExistingNetwork
from blueprint.fargate import FargateProfile
from blueprint.images import FIRST_WINDOWS_2025
from blueprint.managed_nodes import ManagedNodes
from blueprint.nodes import Nodes
from blueprint.self_managed_nodes import SelfManagedNodes
from blueprint.taints import MOST_TAINTS
from blueprint.versions import minor
from blueprint.workload import WINDOWS

if TYPE_CHECKING:
    from blueprint.checked import Checked


def problems(view: Checked) -> Iterator[Problem]:
    """What a cluster with Windows nodes needs, and what it cannot have."""
    windows = {
        path: each for path, each in view.compute.items() if isinstance(each, Nodes) and each.family == "WINDOWS"
    }
    if not windows:
        return
    yield from _network(view)
    others = [each for each in view.compute.values() if isinstance(each, Nodes | FargateProfile)]
    if view.knows_all("compute") and len(others) == len(windows):
        path, one = next(iter(windows.items()))
        rule = "the add-ons of a cluster, DNS among them, run on Linux, and it has none"
        yield Problem(path, one.name, rule, 'add ManagedNodes("system", instance_types=("m7g.large",))')
    for path, each in view.compute.items():
        if isinstance(each, AutoMode):
            rule = "EKS supports no Windows nodes in clusters with Auto Mode"
            yield Problem((*path, "name"), each.name, rule, "launch nodes of Linux by ManagedNodes, or by Karpenter()")
    for path, nodes in windows.items():
        version = nodes.own_version or view.blueprint.cluster.version
        field = "ami_type" if isinstance(nodes, ManagedNodes) else "os"
        if "2025" in _system(nodes) and view.knows("cluster", "version") and minor(version) < minor(FIRST_WINDOWS_2025):
            rule = f"EKS has images of Windows Server 2025 since Kubernetes {FIRST_WINDOWS_2025}"
            yield Problem((*path, field), _system(nodes), rule, "take Windows Server 2022")
        if len({WINDOWS, *(taint.planned for taint in nodes.taints)}) > MOST_TAINTS:
            rule = f"Windows nodes have the taint {WINDOWS} beside these, and EKS allows {MOST_TAINTS}"
            yield Problem((*path, "taints"), len(nodes.taints), rule, f"write {MOST_TAINTS - 1} or fewer")


def _network(view: Checked) -> Iterator[Problem]:
    """Where their pods have addresses, and how they reach what is outside."""
    network, cluster = view.blueprint.network, view.blueprint.cluster
    if cluster.ip_family == "ipv6":
        rule, fix = "Windows nodes give pods IPv4 addresses alone", 'leave it out, or write ip_family="ipv4"'
        yield Problem(("cluster", "ip_family"), cluster.ip_family, rule, fix)
    if network.pods:
        field = "pods" if isinstance(network, ExistingNetwork) else "pod_cidr"
        rule = "Windows nodes give pods addresses of their own subnet, and take no others"
        yield Problem(("network", field), getattr(network, field), rule, f"leave {field} out")
    if proxy := view.blueprint.proxy:
        rule = "Windows nodes are told of no proxy"
        yield Problem(("proxy", "address"), proxy.address, rule, "leave it out, or do without Windows nodes")


def _system(nodes: Nodes) -> str:
    return (
        nodes.type_of_image
        if isinstance(nodes, ManagedNodes)
        else nodes.os
        if isinstance(nodes, SelfManagedNodes)
        else ""
    )
