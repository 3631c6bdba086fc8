"""S3 buckets as file systems of pods. https://github.com/awslabs/mountpoint-s3-csi-driver"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from blueprint.addons import EVERYTHING, CallsAws, ClusterFacts, EksAddon, Statement, Workload
from blueprint.addons.lock import locked_chart, locked_versions
from blueprint.encryption import foreign_key, key_of
from blueprint.errors import Problem, duplicates
from blueprint.fields import UNIQUE, BucketName, KmsKeyArn
from blueprint.references import PARTITION

_READS, _WRITES = ("s3:GetObject",), ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:PutObject")
_NAMES = {"app.kubernetes.io/name": "aws-mountpoint-s3-csi-driver"}


class AwsMountpointS3CsiDriver(CallsAws, EksAddon):
    """Volumes of the buckets that stand here are mounted with the driver's role, for every pod of the cluster that
    claims one. Without any the driver has no role: a volume with `authenticationSource: pod` is mounted with that of
    its pod's own service account, which is the narrower way.
    """

    name = "aws-mountpoint-s3-csi-driver"
    lost = "no bucket is mounted: pods with such claims do not start on another node"
    versions = locked_versions(name)
    notes = "https://github.com/awslabs/mountpoint-s3-csi-driver/releases/tag/v{version}"
    upstream = locked_chart(name)
    for_nodes = True
    further_namespaces = ("mount-s3",)
    service_account = "s3-csi-driver-sa"
    api_groups = ("s3.csi.aws.com",)
    workloads = (
        Workload("s3-csi-controller", labels={"app": "s3-csi-controller", **_NAMES}, on_fargate=False),
        Workload(
            "s3-csi-node",
            kind="DaemonSet",
            labels={"app": "s3-csi-node", **_NAMES},
            service_account=service_account,
            cpu="30m",
            tolerations=EVERYTHING,
            ports=(9808,),
            on_fargate=False,
            tolerations_at=("node.tolerations",),
            node_selector_at=("node.nodeSelector",),
        ),
    )

    buckets: Annotated[tuple[BucketName, ...], UNIQUE] = ()
    """Buckets that it reads and writes."""
    read_only_buckets: Annotated[tuple[BucketName, ...], UNIQUE] = ()
    """Buckets of which it reads only."""
    kms_key_arns: Annotated[tuple[KmsKeyArn, ...], UNIQUE] = ()
    """Keys of buckets that are encrypted with keys of one's own."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        named = [(("buckets", index), bucket) for index, bucket in enumerate(self.buckets)]
        named += [(("read_only_buckets", index), bucket) for index, bucket in enumerate(self.read_only_buckets)]
        yield from duplicates(named, "bucket", "say of each one thing")
        if self.kms_key_arns and not named:
            rule = "a key is used for the objects of a bucket, and none is named"
            yield Problem(("kms_key_arns",), self.kms_key_arns, rule, "name the bucket, or leave it out")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        for index, key in enumerate(self.kms_key_arns):
            yield from foreign_key(("kms_key_arns", index), key, facts.region)

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("kms",) if self.kms_key_arns else ()  # S3 is reached by a gateway

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """https://github.com/awslabs/mountpoint-s3/blob/mountpoint-s3-1.22.3/doc/CONFIGURATION.md#iam-permissions"""
        every = (*self.buckets, *self.read_only_buckets)
        why = "whoever writes an object names it"
        found = [Statement(("s3:ListBucket",), _arns(every))] if every else []
        found += [Statement(_READS, _arns(every, "/*"), reason=why)] if every else []
        found += [Statement(_WRITES, _arns(self.buckets, "/*"), reason=why)] if self.buckets else []
        if self.kms_key_arns:
            use = ("kms:Decrypt", *(("kms:GenerateDataKey",) if self.buckets else ()))
            via = tuple(f"s3.{facts.region}.{suffix}" for suffix in ("amazonaws.com", "amazonaws.com.cn"))
            keys = tuple(key_of(key) for key in self.kms_key_arns)
            found.append(Statement(use, keys, {"StringEquals": {"kms:ViaService": via}}))
        return tuple(found)


def _arns(buckets: tuple[str, ...], below: str = "") -> tuple[str, ...]:
    return tuple(f"arn:{PARTITION}:s3:::{bucket}{below}" for bucket in buckets)
