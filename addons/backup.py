"""Add-ons that back a cluster up, as a set: `addons=(*CORE, *backup.aws(NewBucket("backups-111111111111")))`."""

from __future__ import annotations

from addons.snapshot_controller import SnapshotController
from addons.velero import Velero
from blueprint.addons import Addon, OwnBucket


def aws(bucket: OwnBucket) -> tuple[Addon, ...]:
    """Objects into the bucket and volumes into snapshots, each night. A snapshot stays when its namespace goes, for as
    long as its backup: https://velero.io/docs/v1.18/csi
    """
    return (SnapshotController(deletion_policy="Retain"), Velero(bucket=bucket))
