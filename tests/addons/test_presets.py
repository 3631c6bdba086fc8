"""Sets of add-ons: plain values that stand in a cluster together, and beside each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from addons import backup, observability, security
from addons.accelerators import gpu
from addons.aws_backup import AwsBackup
from addons.core import CORE
from addons.snapshot_controller import SnapshotController
from addons.velero import Velero
from blueprint import ManagedNodes, plan
from blueprint.addons import Addon, NewBucket, NewVault
from tests.blueprint.examples import SMALL, assert_reported

ROOMY = replace(SMALL, compute=(ManagedNodes("system", instance_types=("m7g.xlarge",)),))
BACKUP = (*backup.velero(NewBucket("backups-111111111111")), *backup.aws(NewVault("dev")))
SETS = {
    "native": (*observability.native(), *security.baseline(), *BACKUP, *gpu()),
    "open source": (
        *observability.open_source(NewBucket("logs-111111111111"), NewBucket("traces-111111111111")),
        *security.baseline(),
        *BACKUP,
    ),
    "mixed": (*observability.mixed(), *gpu(pods_per_gpu=4)),
}


@pytest.mark.parametrize("members", SETS.values(), ids=SETS)
def test_they_stand_together(members: tuple[Addon, ...]) -> None:
    made = plan(replace(ROOMY, addons=(*CORE, *members)))
    assert {each.name for each in members} <= {part.name for part in made.addons}


def test_two_ways_for_the_same_logs_are_refused() -> None:
    both = replace(ROOMY, addons=(*CORE, *observability.native(), *observability.mixed()))
    assert_reported(both, "addons[9]", "amazon-cloudwatch-observability", "")


def test_snapshots_outlive_what_they_were_made_of() -> None:
    """https://velero.io/docs/v1.18/csi: with Retain a snapshot stays when its VolumeSnapshot goes."""
    snapshots, velero, aws_backup = BACKUP
    assert isinstance(snapshots, SnapshotController)
    assert snapshots.deletion_policy == "Retain"
    assert isinstance(velero, Velero)
    assert isinstance(aws_backup, AwsBackup)
    assert velero.bucket == NewBucket("backups-111111111111")
