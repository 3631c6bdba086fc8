"""EFS file systems for pods that share files. https://github.com/kubernetes-sigs/aws-efs-csi-driver"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from blueprint.addons import EVERYTHING, CallsAws, ClusterFacts, EksAddon, Statement, Workload
from blueprint.addons.lock import locked_chart, locked_versions
from blueprint.addons.pods import TOLERATES_CRITICAL
from blueprint.fields import DnsLabel, matches
from blueprint.kubernetes import Manifest

_TAG = "efs.csi.aws.com/cluster"
"""Of each access point that the driver makes, in whatever cluster: pkg/driver/controller.go:49 of v3.4.1."""
_DESCRIBES = tuple(f"elasticfilesystem:Describe{what}" for what in ("AccessPoints", "FileSystems", "MountTargets"))
FileSystemId = Annotated[
    str,
    matches(
        r"fs-([0-9a-f]{17}|[0-9a-f]{8})",
        "must be the id of an EFS file system",
        'write for example "fs-0a1b2c3d4e5f60718"',
    ),
]


class AwsEfsCsiDriver(CallsAws, EksAddon):
    """For file systems that exist, with mount targets in the subnets of the nodes, whose security group lets these in
    on 2049. The driver makes access points in those that have a StorageClass here, and in no other.

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

    storage_classes: Mapping[DnsLabel, FileSystemId] = field(default_factory=dict)
    """A StorageClass for each file system, by its name: each claim of the class gets a directory and an access point of
    its own. The file system of a class is for good; another one goes under another name."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("elasticfilesystem",)

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return tuple(_storage_class(name, id) for name, id in self.storage_classes.items())

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """Its docs/iam-policy-example.json, narrowed to these file systems; without any it calls nothing."""
        if not self.storage_classes:
            return ()
        ids = dict.fromkeys(self.storage_classes.values())
        systems = tuple(facts.arn("elasticfilesystem", f"file-system/{id}") for id in ids)
        points = facts.arn("elasticfilesystem", "access-point/*")
        asked, kept = {f"aws:RequestTag/{_TAG}": "true"}, {f"aws:ResourceTag/{_TAG}": "true"}
        new = {"elasticfilesystem:CreateAction": "CreateAccessPoint"}
        return (
            Statement(_DESCRIBES, systems),
            Statement(("elasticfilesystem:CreateAccessPoint",), systems, {"StringEquals": asked}),
            Statement(("elasticfilesystem:TagResource",), (points,), {"StringEquals": {**asked, **new}}),
            Statement(
                ("elasticfilesystem:DescribeAccessPoints", "elasticfilesystem:DeleteAccessPoint"),
                (points,),
                {"StringEquals": kept},
            ),
        )


def _storage_class(name: str, file_system: str) -> Manifest:
    """docs/parameters.md of v3.4.1. What is in the directory stays when the claim goes."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {"name": name},
        "provisioner": "efs.csi.aws.com",
        "parameters": {"provisioningMode": "efs-ap", "fileSystemId": file_system, "directoryPerms": "700"},
    }
