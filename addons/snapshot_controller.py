"""Snapshots of volumes, and volumes made of them. https://kubernetes-csi.github.io/docs/snapshot-controller.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from blueprint.addons import ClusterFacts, EksAddon, Workload
from blueprint.addons.lock import locked_versions
from blueprint.kubernetes import Manifest


class SnapshotController(EksAddon):
    """Brings the kinds VolumeSnapshot, VolumeSnapshotClass and VolumeSnapshotContent, and a class for EBS volumes. EKS
    shows no chart of it.
    """

    name = "snapshot-controller"
    lost = "no snapshot is made any more, and no volume of one; those that exist stay"
    versions = locked_versions(name)
    notes = "https://github.com/kubernetes-csi/external-snapshotter/releases/tag/v{version}"
    workloads = (Workload("snapshot-controller"),)

    deletion_policy: Literal["Retain", "Delete"] = "Delete"
    """What becomes of a snapshot in EBS when its VolumeSnapshot goes, or the namespace with it."""

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return tuple(self._classes(facts))

    def _classes(self, facts: ClusterFacts) -> Iterator[Manifest]:
        """The nodes of Auto Mode have a driver of their own, which takes no volumes of the other's.

        https://docs.aws.amazon.com/eks/latest/userguide/create-storage-class.html
        """
        drivers = {"ebs": "ebs.csi.aws.com"} if facts.has_nodes else {}
        drivers |= {"ebs-auto-mode": "ebs.csi.eks.amazonaws.com"} if facts.auto_mode else {}
        for name, driver in drivers.items():
            yield {
                "apiVersion": "snapshot.storage.k8s.io/v1",
                "kind": "VolumeSnapshotClass",
                "metadata": {
                    "name": name,
                    "annotations": {"snapshot.storage.kubernetes.io/is-default-class": "true"},  # of its driver
                    "labels": {"velero.io/csi-volumesnapshot-class": "true"},
                },
                "driver": driver,
                "deletionPolicy": self.deletion_policy,
            }
