"""EKS Auto Mode. https://docs.aws.amazon.com/eks/latest/userguide/automode.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint.auto_node_class import AutoNodeClass
from blueprint.compute import Compute
from blueprint.errors import Problem, duplicates
from blueprint.fields import UNIQUE, DnsLabel, KmsKeyArn
from blueprint.instances import Architecture
from blueprint.node_pool import NodePool

AutoModeLog = Literal["block-storage", "compute", "ipam", "load-balancing"]
"""https://docs.aws.amazon.com/eks/latest/userguide/auto-managed-component-logs.html"""


class AutoMode(Compute):
    """EKS Auto Mode: EKS runs nodes, networking, storage and load balancing.

    https://docs.aws.amazon.com/eks/latest/userguide/automode.html
    """

    name: DnsLabel = "auto-mode"
    node_pools: Annotated[tuple[Literal["general-purpose", "system"], ...], UNIQUE] = ("general-purpose", "system")
    """The built-in node pools; both take on-demand capacity only. Nodes of one that is taken away are terminated."""
    own_node_pools: tuple[NodePool, ...] = ()
    """Pools beside these, or in their place. On the class "default", which is EKS's own and comes with a built-in pool,
    or on one of `node_classes`."""
    node_classes: tuple[AutoNodeClass, ...] = ()
    """How nodes of own pools are made."""
    logs: Annotated[tuple[AutoModeLog, ...], UNIQUE] = ()
    """Of EKS's own controllers: why a node came or went, what became of a volume, an address, a load balancer. Kept as
    long as those of the control plane, in /aws/vendedlogs/eks/<cluster>/auto-mode."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes that claims of the default StorageClass get; that of the account and region for EBS when None.
    Nodes' own disks are EKS's."""

    def problems(self) -> Iterator[Problem]:
        for kind in ("own_node_pools", "node_classes"):
            names = (((kind, index, "name"), each.name) for index, each in enumerate(getattr(self, kind)))
            yield from duplicates(names, f"name of a {kind.removeprefix('own_')[:-1].replace('_', ' ')}", "rename one")
        if not self.node_pools and not self.own_node_pools:
            rule = "without any node pool nothing runs"
            yield Problem(("node_pools",), self.node_pools, rule, "name a built-in one, or write own_node_pools")
        classes = {each.name: each for each in self.node_classes}
        known = [*(["default"] if self.node_pools else []), *sorted(classes)]
        for index, pool in enumerate(self.own_node_pools):
            place = ("own_node_pools", index)
            if pool.name in ("general-purpose", "system"):
                rule, fix = "EKS calls its built-in pools so", "take another name"
                yield Problem((*place, "name"), pool.name, rule, fix)
            if pool.node_class not in known:
                rule = "there is no node class of that name"
                fix = f"write {' or '.join(known)}" if known else "add one to node_classes"
                yield Problem((*place, "node_class"), pool.node_class, rule, fix)
            elif "RESERVED" in pool.capacity and not getattr(classes.get(pool.node_class), "capacity_reservations", ()):
                rule = f"the node class {pool.node_class} names no reservation"
                fix = "leave it out, or name a class that has capacity_reservations"
                yield Problem((*place, "capacity"), pool.capacity, rule, fix)

    @property
    def architecture(self) -> Architecture:
        return "amd64"
