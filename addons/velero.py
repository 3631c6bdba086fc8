"""Backups of what is in the cluster, and of its volumes. https://velero.io"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from typing import Annotated, Any

from addons.snapshot_controller import SnapshotController
from blueprint.addons import CallsAws, ClusterFacts, Contribution, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.buckets import ExistingBucket, OwnBucket
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, resources, workload
from blueprint.encryption import key_of
from blueprint.errors import Problem
from blueprint.fields import DnsLabel, between, matches

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
    """Into a bucket, below the name of the cluster, and into nothing else there. Volumes are backed up by
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
    typical = {"bucket": ExistingBucket("backups-111111111111")}

    bucket: OwnBucket
    """Where backups are, of several clusters if they share it."""
    schedules: Mapping[DnsLabel, Cron] = field(default_factory=lambda: {"daily": "0 3 * * *"})
    """When everything is backed up."""
    keep_days: Annotated[int, between(1, 3650, "days")] = 30
    """How long a backup of a schedule is kept, its snapshots with it."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from (problem.below(("bucket",)) for problem in self.bucket.problems_on(facts))

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("kms",) if self.bucket.kms_key_arn else ()  # S3 is reached by a gateway

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """README.md of velero-plugin-for-aws, without what makes snapshots by EC2: the driver makes them."""
        return self.bucket.allows(facts, *_OBJECTS, below=f"{facts.name}/")

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), resources=self.bucket.made)

    def values(self, facts: ClusterFacts) -> Values:
        bucket = self.bucket
        key = {"kmsKeyId": key_of(bucket.kms_key_arn)} if bucket.kms_key_arn else {}
        location = {"name": "default", "provider": "aws", "default": True, "bucket": bucket.name, "prefix": facts.name}
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
