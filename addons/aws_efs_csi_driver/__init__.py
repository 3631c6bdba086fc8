"""EFS file systems for pods that share files. https://github.com/kubernetes-sigs/aws-efs-csi-driver"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace

from addons.aws_efs_csi_driver.policy import statements
from blueprint.addons import (
    EVERYTHING,
    CallsAws,
    ClusterFacts,
    Contribution,
    EksAddon,
    OwnFileSystem,
    ServiceLinkedRole,
    Statement,
    Workload,
)
from blueprint.addons.lock import locked_chart, locked_versions
from blueprint.addons.pods import TOLERATES_CRITICAL
from blueprint.errors import Key, Problem
from blueprint.fields import DnsLabel
from blueprint.kubernetes import Manifest


class AwsEfsCsiDriver(CallsAws, EksAddon):
    """The driver makes access points in file systems that have a StorageClass here, and in no other. On Fargate, a pod
    mounts what a PersistentVolume names, and no class: https://docs.aws.amazon.com/eks/latest/userguide/efs-csi.html

    EKS offers no place for tags of access points: https://github.com/aws/containers-roadmap/issues/2755
    """

    name = "aws-efs-csi-driver"
    lost = "no shared file system is mounted: pods with such claims do not start on another node"
    versions = locked_versions(name)
    notes = "https://github.com/kubernetes-sigs/aws-efs-csi-driver/releases/tag/v{version}"
    upstream = locked_chart(name)
    for_nodes = True
    service_account = "efs-csi-controller-sa"
    workloads = (
        Workload(
            "efs-csi-controller",
            labels={"app": "efs-csi-controller", "app.kubernetes.io/name": name},
            service_account=service_account,
            replicas=2,
            tolerations=(*TOLERATES_CRITICAL, {"key": "efs.csi.aws.com/agent-not-ready", "operator": "Exists"}),
            ports=(9909,),
            on_fargate=False,
            tolerations_at=("controller.tolerations",),
            node_selector_at=("controller.nodeSelector",),
        ),
        Workload(
            "efs-csi-node",
            kind="DaemonSet",
            labels={"app": "efs-csi-node", "app.kubernetes.io/name": name},
            service_account="efs-csi-node-sa",
            tolerations=EVERYTHING,
            ports=(9809,),
            on_fargate=False,
            tolerations_at=("node.tolerations",),
            node_selector_at=("node.nodeSelector",),
        ),
    )

    storage_classes: Mapping[DnsLabel, OwnFileSystem] = field(default_factory=dict)
    """A StorageClass for each file system, by its name. The file system of a class is for good; another one goes under
    another name."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("elasticfilesystem",)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        for name, each in self.storage_classes.items():
            yield from (problem.below(("storage_classes", Key(name))) for problem in each.problems_on(facts))

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        roles = (role for each in self.storage_classes.values() for role in each.service_linked_roles)
        return tuple(dict.fromkeys(roles))

    def contribute(self, facts: ClusterFacts) -> Contribution:
        made = (each for name, one in self.storage_classes.items() for each in one.made(name, facts))
        return replace(super().contribute(facts), resources=tuple(dict.fromkeys(made)))

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return tuple(_storage_class(name, each) for name, each in self.storage_classes.items())

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return statements(facts, self.storage_classes.values())


def _storage_class(name: str, file_system: OwnFileSystem) -> Manifest:
    """docs/parameters.md of v3.4.1. What is in the directory stays when the claim goes."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "efs.csi.aws.com",
        "parameters": {"provisioningMode": "efs-ap", "fileSystemId": file_system.id_of(name), "directoryPerms": "700"},
        "reclaimPolicy": file_system.reclaim_policy,
    }
