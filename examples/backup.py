"""Backups twice: the whole cluster by AWS Backup, each day and with a copy in another region, and each night what teams
want back one by one by Velero. A lock keeps the first from being deleted early.
"""

from __future__ import annotations

from dataclasses import replace

from addons import backup
from addons.aws_backup import AwsBackup
from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from addons.core import CORE
from blueprint.addons import BackupCopy, BackupRule, NewBucket, NewFileSystem, NewVault, VaultLock
from examples.managed import MANAGED

KEY = "arn:aws:kms:us-west-2:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
COPIES = "arn:aws:backup:us-east-2:111111111111:backup-vault:copies"

BACKUP = replace(
    MANAGED,
    name="backup",
    addons=(
        *CORE,
        *backup.velero(NewBucket("backups-111111111111", kms_key_arn=KEY)),
        # In the plan of AWS Backup below, as volumes of claims, so that EFS needs none of its own.
        AwsEfsCsiDriver(storage_classes={"shared": NewFileSystem(archive_after_days=90, backups=False)}),
        AwsBackup(
            NewVault("backup", kms_key_arn=KEY, lock=VaultLock(min_days=7)),
            rules={
                "daily": BackupRule(copies=(BackupCopy(COPIES, keep_days=365),)),
                "monthly": BackupRule("cron(0 5 1 * ? *)", keep_days=365, cold_after_days=30),
            },
            restores=True,
        ),
    ),
    teams=(),
)
