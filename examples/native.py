"""What AWS itself brings as add-ons of EKS: files, buckets, snapshots, backups, what tells CloudWatch and GuardDuty."""

from __future__ import annotations

from dataclasses import replace

from addons.adot import Adot
from addons.amazon_cloudwatch_observability import AmazonCloudWatchObservability
from addons.aws_backup import AwsBackup
from addons.aws_efs_csi_driver import AwsEfsCsiDriver
from addons.aws_fsx_csi_driver import AwsFsxCsiDriver, LustreClass
from addons.aws_guardduty_agent import AwsGuardDutyAgent
from addons.aws_mountpoint_s3_csi_driver import AwsMountpointS3CsiDriver
from addons.aws_network_flow_monitoring_agent import AwsNetworkFlowMonitoringAgent
from addons.cert_manager import CertManager
from addons.core import CORE
from addons.snapshot_controller import SnapshotController
from blueprint.addons import BackupRule, ExistingFileSystem, NewFileSystem, NewVault, VaultLock
from examples.managed import MANAGED

KEY = "arn:aws:kms:us-west-2:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"

NATIVE = replace(
    MANAGED,
    name="native",
    addons=(
        *CORE,
        AwsEfsCsiDriver(
            storage_classes={
                "shared": ExistingFileSystem("fs-0a1b2c3d4e5f60718", mount_targets=True),
                "models": NewFileSystem(
                    kms_key_arn=KEY,
                    throughput=128,
                    infrequent_after_days=7,
                    back_when_used=True,
                    backups=False,
                    reclaim_policy="Retain",
                ),
            }
        ),
        AwsFsxCsiDriver(storage_classes={"lustre": LustreClass(security_groups=("sg-0a1b2c3d4e5f60718",))}),
        AwsMountpointS3CsiDriver(
            buckets=("results-111111111111",),
            read_only_buckets=("datasets-111111111111",),
            kms_key_arns=(KEY,),
        ),
        SnapshotController(deletion_policy="Retain"),
        AwsBackup(
            NewVault("archive", lock=VaultLock(min_days=3650)),
            rules={"yearly": BackupRule("cron(0 5 1 1 ? *)", keep_days=36_500)},
        ),
        AmazonCloudWatchObservability(),
        AwsNetworkFlowMonitoringAgent(metrics_port=9109),
        AwsGuardDutyAgent(),
        CertManager(),
        Adot(),
    ),
    teams=(),
)
