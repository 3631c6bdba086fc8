"""Add-ons that back a cluster up, as sets: `addons=(*CORE, *backup.aws(NewVault("prod")))`. Both may stand in one."""

from __future__ import annotations

from addons.aws_backup import AwsBackup
from addons.snapshot_controller import SnapshotController
from addons.velero import Velero
from blueprint.addons import Addon, OwnBucket, OwnVault


def aws(vault: OwnVault) -> tuple[Addon, ...]:
    """Objects and volumes into the vault by AWS Backup, each day, without anything in the cluster."""
    return (AwsBackup(vault),)


def velero(bucket: OwnBucket) -> tuple[Addon, ...]:
    """Objects into the bucket and volumes into snapshots, each night. A snapshot stays when its namespace goes, for as
    long as its backup: https://velero.io/docs/v1.18/csi
    """
    return (SnapshotController(deletion_policy="Retain"), Velero(bucket=bucket))
