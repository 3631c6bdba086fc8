"""FSx for Lustre file systems, made for claims of pods. https://github.com/kubernetes-sigs/aws-fsx-csi-driver"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Literal

from blueprint.addons import EVERYTHING, CallsAws, ClusterFacts, EksAddon, ServiceLinkedRole, Statement, Workload
from blueprint.addons.lock import locked_chart, locked_versions
from blueprint.addons.pods import TOLERATES_CRITICAL
from blueprint.fields import NOT_EMPTY, DnsLabel, SecurityGroupId
from blueprint.kubernetes import Manifest
from blueprint.linked_roles import FSX
from blueprint.value import Value

_CLUSTER = "eks-cluster"
"""Tag of what it makes, whose value is the cluster's name."""
_NAMES = {"app.kubernetes.io/name": "aws-fsx-csi-driver"}


class LustreClass(Value):
    """How file systems of a StorageClass are made."""

    security_groups: Annotated[tuple[SecurityGroupId, ...], NOT_EMPTY]
    """Of the file systems: they let the nodes in on 988 and 1018 to 1023.
    https://docs.aws.amazon.com/fsx/latest/LustreGuide/limit-access-security-groups.html"""
    deployment: Literal["SCRATCH_2", "PERSISTENT_2"] = "SCRATCH_2"
    """`SCRATCH_2` keeps no copy of a file, for work that can be done again."""

    def manifest(self, name: str, facts: ClusterFacts) -> Manifest:
        """examples/kubernetes/dynamic_provisioning/README.md of v1.9.0. In the first subnet of the nodes: each file
        system is in one zone, and is mounted from all.
        """
        tags = {**dict(facts.tags), _CLUSTER: facts.name}
        return {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": {"name": name},
            "provisioner": "fsx.csi.aws.com",
            "parameters": {
                "subnetId": "".join(facts.node_subnets[:1]),
                "securityGroupIds": ",".join(self.security_groups),
                "deploymentType": self.deployment,
                "fileSystemTypeVersion": "2.15",  # docs/install.md: for the kernels of Auto Mode as well
                "extraTags": ",".join(f"{key}={value}" for key, value in tags.items()),
            },
        }


class AwsFsxCsiDriver(CallsAws, EksAddon):
    """Each file system carries the cluster's name, and the driver may change and delete no other. One file system
    stands for one claim, of 1.2 TiB at least.
    """

    name = "aws-fsx-csi-driver"
    lost = "no file system is made or removed, and none is mounted: pods with claims do not start on another node"
    versions = locked_versions(name)
    notes = "https://github.com/kubernetes-sigs/aws-fsx-csi-driver/releases/tag/v{version}"
    upstream = locked_chart(name)
    for_nodes = True
    service_account = "fsx-csi-controller-sa"
    workloads = (
        Workload(
            "fsx-csi-controller",
            labels={"app": "fsx-csi-controller", **_NAMES},
            service_account=service_account,
            replicas=2,
            cpu="40m",
            tolerations=(*TOLERATES_CRITICAL, {"operator": "Exists", "effect": "NoExecute", "tolerationSeconds": 300}),
            ports=(9910,),
            replicas_at=("controller.replicaCount",),
            tolerations_at=("controller.tolerations",),
            node_selector_at=("controller.nodeSelector",),
        ),
        Workload(
            "fsx-csi-node",
            kind="DaemonSet",
            labels={"app": "fsx-csi-node", **_NAMES},
            service_account="fsx-csi-node-sa",
            cpu="30m",
            tolerations=EVERYTHING,
            ports=(9810,),
            on_fargate=False,
            node_selector_at=("node.nodeSelector",),
        ),
    )

    storage_classes: Mapping[DnsLabel, LustreClass] = field(default_factory=dict)
    """StorageClasses by their names. What a class says is for good; another way goes under another name."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("fsx",)

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        return (FSX,) if self.storage_classes else ()

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return tuple(each.manifest(name, facts) for name, each in self.storage_classes.items())

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """The policy of its docs/install.md, narrowed to this cluster's tag."""
        if not self.storage_classes:
            return ()
        systems = (facts.arn("fsx", "file-system/*"),)
        asked, owned = ({"StringEquals": {f"aws:{of}Tag/{_CLUSTER}": facts.name}} for of in ("Request", "Resource"))
        return (
            Statement(("fsx:DescribeFileSystems",), ("*",), reason="FSx describes take no resource"),
            Statement(("fsx:CreateFileSystem", "fsx:TagResource"), systems, asked),
            Statement(("fsx:UpdateFileSystem", "fsx:DeleteFileSystem"), systems, owned),
        )
