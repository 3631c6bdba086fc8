"""Rules about hybrid nodes. https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cluster-create.html"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import TYPE_CHECKING

from blueprint.cluster import PublicEndpoint
from blueprint.errors import FieldPath, Problem, Quoted
from blueprint.hybrid_nodes import HybridNodes

if TYPE_CHECKING:
    from blueprint.checked import Checked


def problems(view: Checked) -> Iterator[Problem]:
    """What a cluster with hybrid nodes needs, and what it cannot have."""
    hybrid = {path: each for path, each in view.compute.items() if isinstance(each, HybridNodes)}
    if not hybrid:
        return
    cluster = view.blueprint.cluster
    if isinstance(cluster.endpoint, PublicEndpoint):
        rule = "outside of the VPC the name of the API leads to public addresses then, which hybrid nodes must not take"
        yield Problem(("cluster", "endpoint"), Quoted("PublicEndpoint"), rule, "write endpoint=PrivateEndpoint()")
    if cluster.ip_family == "ipv6":
        rule = "hybrid nodes join clusters of IPv4 alone"
        yield Problem(("cluster", "ip_family"), cluster.ip_family, rule, 'leave it out, or write ip_family="ipv4"')
    if view.knows_all("compute") and len(hybrid) == len(view.compute):
        path, one = next(iter(hybrid.items()))
        rule = "they join after a deploy, and add-ons wait in it for nodes of their own"
        yield Problem(path, one.name, rule, 'add ManagedNodes("system", instance_types=("m7g.large",))')
    yield from _ranges(view, hybrid)
    networked = any(addon.gives_hybrid_nodes_a_network for addon in view.addons.values())
    for path, nodes in hybrid.items():
        where = (view.blueprint.region, view.blueprint.account)
        if (anchor := nodes.trust_anchor_arn) and tuple(anchor.split(":")[3:5]) != where and all(where):
            rule = f"a trust anchor lets machines in where it is, and the cluster is in {' of '.join(where)}"
            yield Problem((*path, "trust_anchor_arn"), anchor, rule, "name one of there")
        if nodes.pod_network == "add-on" and not networked and view.knows_all("addons"):
            rule = "nobody gives pods there a network, and without it hybrid nodes never become ready"
            fix = 'add HelmRelease("cilium", chart="cilium", …), or write pod_network="elsewhere"'
            yield Problem((*path, "pod_network"), nodes.pod_network, rule, fix)


def _ranges(view: Checked, hybrid: dict[FieldPath, HybridNodes]) -> Iterator[Problem]:
    """Nothing else may have these addresses."""
    network, cluster = view.blueprint.network, view.blueprint.cluster
    taken = {**dict.fromkeys(network.cidrs, "the VPC"), cluster.service_cidr: "Services"}
    for path, nodes in hybrid.items():
        for field in ("node_ranges", "pod_ranges"):
            for index, text in enumerate(getattr(nodes, field)):
                for other, whose in taken.items():
                    if ip_network(text).overlaps(ip_network(other)):
                        rule, fix = f"overlaps {other} of {whose}", "take a range of its own"
                        yield Problem((*path, field, index), text, rule, fix)
        taken |= dict.fromkeys(nodes.ranges, f"the hybrid nodes {nodes.name}")
