"""Backups of what is in the cluster, and of its volumes. https://velero.io"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from addons.snapshot_controller import SnapshotController
from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.buckets import through_s3
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, resources, workload
from blueprint.encryption import foreign_key, key_of
from blueprint.errors import Problem
from blueprint.fields import BucketName, DnsLabel, KmsKeyArn, between, matches
from blueprint.references import PARTITION

# The one for Velero 1.18, which the chart installs.
_PLUGIN, _PLUGIN_VERSION = "docker.io/velero/velero-plugin-for-aws", "v1.14.2"
_OBJECTS = tuple(
    f"s3:{what}"
    for what in ("AbortMultipartUpload", "DeleteObject", "GetObject", "ListMultipartUploadParts", "PutObject")
)
Cron = Annotated[
    str,
    matches(r"([\d*/,-]+ ){4}[\d*/,-]+", "must be a schedule of five fields in UTC", 'write for example "0 3 * * *"'),
]


class Velero(CallsAws, HelmAddon):
    """Into a bucket that exists, below the name of the cluster, and into nothing else there. Volumes are backed up by
    snapshots of their driver, in the region of the cluster. The server may do everything in the cluster, since it
    restores everything.
    """

    name = "velero"
    lost = "nothing is backed up any more; backups and snapshots stay, and the next Velero on this bucket finds them"
    namespace = "velero"
    service_account = "velero-server"
    service_account_annotations = ("serviceAccount", "server", "annotations")
    api_groups = ("velero.io",)
    requires = (SnapshotController,)
    chart = locked_chart(
        name,
        notes="https://github.com/vmware-tanzu/helm-charts/releases/tag/velero-{version}",
        compatibility="https://github.com/vmware-tanzu/velero#velero-compatibility-matrix",
    )
    workloads = (workload(name, service_account=service_account, replicas="", ports=(8085,)),)
    images = (
        ImageSource("docker.io/velero/velero", ("image.repository",)),
        ImageSource(_PLUGIN, ()),
    )
    typical = {"bucket": "backups-111111111111"}

    bucket: BucketName
    """Where backups are; of any account whose bucket policy lets the role in."""
    schedules: Mapping[DnsLabel, Cron] = field(default_factory=lambda: {"daily": "0 3 * * *"})
    """When everything is backed up."""
    keep_days: Annotated[int, between(1, 3650, "days")] = 30
    """How long a backup of a schedule is kept, its snapshots with it."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the objects in the bucket; that of the bucket when None."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("kms",) if self.kms_key_arn else ()  # S3 is reached by a gateway

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """README.md of velero-plugin-for-aws, without what makes snapshots by EC2: the driver makes them."""
        bucket = f"arn:{PARTITION}:s3:::{self.bucket}"
        below = {"StringLike": {"s3:prefix": f"{facts.name}/*"}}
        found = [
            Statement(("s3:ListBucket",), (bucket,), below),
            Statement(_OBJECTS, (f"{bucket}/{facts.name}/*",), reason="what is below the cluster's name is its own"),
        ]
        if self.kms_key_arn:
            found.append(through_s3(self.kms_key_arn, facts))
        return tuple(found)

    def values(self, facts: ClusterFacts) -> Values:
        key = {"kmsKeyId": key_of(self.kms_key_arn)} if self.kms_key_arn else {}
        location = {"name": "default", "provider": "aws", "default": True, "bucket": self.bucket, "prefix": facts.name}
        plugin: dict[str, Any] = {
            "name": "aws",
            "image": f"{facts.image(_PLUGIN)}:{_PLUGIN_VERSION}",
            "volumeMounts": [{"name": "plugins", "mountPath": "/target"}],
            "securityContext": HARDENED,
        }
        template = {"ttl": f"{24 * self.keep_days}h0m0s"}
        return {
            "credentials": {"useSecret": False},
            "snapshotsEnabled": False,  # by EC2: those of the driver need no location
            "configuration": {
                "backupStorageLocation": [{**location, "config": {"region": facts.region, **key}}],
                "volumeSnapshotLocation": [],
                "features": "EnableCSI",
            },
            "initContainers": [plugin],
            "schedules": {name: {"schedule": cron, "template": template} for name, cron in self.schedules.items()},
            "containerSecurityContext": HARDENED,
            "resources": resources("200m", "512Mi"),
        }
