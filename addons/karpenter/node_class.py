"""How Karpenter's nodes are made. https://karpenter.sh/docs/concepts/nodeclasses"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from addons.karpenter.connections import ConnectionTracking
from addons.karpenter.devices import adapters, volumes
from addons.karpenter.kubelet import Kubelet
from addons.karpenter.node_image import NodeImage
from blueprint.disks import DiskIops, DiskSize, DiskThroughput, disk_problems
from blueprint.encryption import foreign_key
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import (
    UNIQUE,
    CapacityReservation,
    DnsLabel,
    KmsKeyArn,
    PlacementGroup,
    SecurityGroupId,
    at_most,
    between,
)
from blueprint.instances import PODS_WITH_PREFIXES
from blueprint.kubernetes import Manifest
from blueprint.references import instance_profile


class NodeClass(NodeImage):
    """Nodes with IMDSv2, hop limit 1 and encrypted volumes, in the subnets of nodes, with the cluster's security group.

    Any change of it replaces all nodes of its pools.
    """

    name: DnsLabel = "default"
    """By which node pools name it."""
    disk_gib: DiskSize = 50
    """Size of a node's volume for images and writable layers."""
    disk_iops: DiskIops | None = None
    """Of that volume; 3,000 come with it. EC2 allows 500 for each GiB."""
    disk_throughput_mib: DiskThroughput | None = None
    """Of that volume; 125 come with it. EC2 allows a quarter for each operation a second."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes; that of the account and region for EBS when None. Its policy must let the controller use it,
    as the default one does by leaving it to IAM. https://karpenter.sh/docs/troubleshooting"""
    instance_store: bool = False
    """Disks that come with the instance become one RAID 0 for containers, images and logs."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], at_most(4, "security groups"), UNIQUE] = ()
    """More groups of the nodes, of the same VPC, beside that of the cluster."""
    capacity_reservations: Annotated[tuple[CapacityReservation, ...], at_most(30, "reservations"), UNIQUE] = ()
    """Reservations and capacity blocks, which pools with the capacity RESERVED take."""
    placement_group: PlacementGroup | None = None
    """One that is there already."""
    monitoring: bool = False
    """Metrics of EC2 each minute instead of every five, which cost."""
    efa_cards: Annotated[int, between(1, 32, "network cards")] | None = None
    """Elastic Fabric Adapters, one on each of the first network cards, beside the interface of the node. The types of
    its pools have as many cards, and one of `security_groups` lets itself in and out.
    https://karpenter.sh/docs/concepts/nodeclasses/#specnetworkinterfaces"""
    connections: ConnectionTracking = ConnectionTracking()
    """How long security groups remember connections on which nothing is sent."""
    nested_virtualization: bool = False
    """Whether virtual machines run in nodes; Karpenter takes types then that can."""
    kubelet: Kubelet = Kubelet()
    """How the kubelet of its nodes is set."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        yield from disk_problems(self.disk_gib, self.disk_iops, self.disk_throughput_mib)
        if self.os == "BOTTLEROCKET" and (most := self.kubelet.pods_per_core):
            # pkg/providers/amifamily/bottlerocket.go (FeatureFlags)
            yield Problem(("kubelet", "pods_per_core"), most, "Bottlerocket does not know it", "write max_pods")
        if self.efa_cards and not self.security_groups:
            rule = "the cluster's group lets adapters in, and not out to each other"
            fix = "write security_groups=(…,), with one that lets itself in and out"
            yield Problem(("security_groups",), self.security_groups, rule, fix)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between the class and its cluster. The path is from the class."""
        yield from super().problems_on(facts)
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)

    def manifest(self, facts: ClusterFacts, role: str) -> Manifest:
        """The object of kind EC2NodeClass; `role` is the name of the node role."""
        own = {"volumeSize": f"{self.disk_gib}Gi", "iops": self.disk_iops, "throughput": self.disk_throughput_mib}
        # Karpenter takes the number of pods from addresses, and knows nothing of prefixes (pkg/providers/amifamily).
        prefixes = {"maxPods": PODS_WITH_PREFIXES} if facts.prefix_delegation else {}
        groups: list[dict[str, Any]] = [{"id": group} for group in self.security_groups]
        more: dict[str, Any] = {
            "kubelet": {**prefixes, **self.kubelet.document()},
            "capacityReservationSelectorTerms": [{"id": each} for each in self.capacity_reservations],
            "placementGroupSelector": {"name": self.placement_group} if self.placement_group else {},
            "detailedMonitoring": self.monitoring,
            "networkInterfaces": [*adapters(self.efa_cards or 0)],
            "connectionTracking": self.connections.document(),
            "cpuOptions": {"nestedVirtualization": "enabled"} if self.nested_virtualization else {},
            "instanceStorePolicy": "RAID0" if self.instance_store else "",
        }
        return {
            "apiVersion": "karpenter.k8s.aws/v1",
            "kind": "EC2NodeClass",
            "metadata": {"name": self.name},
            "spec": {
                # Not `role`: the controller would make profiles itself, and need permissions to do so.
                "instanceProfile": instance_profile(role),
                **self.image_document(facts),
                "subnetSelectorTerms": [{"id": subnet} for subnet in facts.node_subnets],
                # EKS puts this tag on the cluster's own security group, and on no other.
                "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": facts.name}}, *groups],
                "metadataOptions": {
                    "httpEndpoint": "enabled",
                    "httpTokens": "required",
                    "httpPutResponseHopLimit": 1,
                    # Not with IPv6 either: https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html (feature
                    # support). Karpenter's own default would open it then: pkg/providers/amifamily/resolver.go.
                    "httpProtocolIPv6": "disabled",
                },
                "blockDeviceMappings": [*volumes(self.os, own, self.kms_key_arn)],
                **{name: value for name, value in more.items() if value},
                "tags": dict(facts.tags),
            },
        }
