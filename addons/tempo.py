"""Traces, kept in S3 and found by their ids. https://grafana.com/docs/tempo"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from blueprint.addons import CallsAws, ClusterFacts, Contribution, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.buckets import ExistingBucket, OwnBucket
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, resources, workload
from blueprint.errors import Problem
from blueprint.fields import DnsLabel, between
from blueprint.regions import dns_suffix

_OBJECTS = ("s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:PutObject")


class Tempo(CallsAws, HelmAddon):
    """One pod takes spans by OTLP at `tempo.tempo:4317` (gRPC) and `:4318` (HTTP), and answers queries at `:3200`.
    Whoever reaches it reads and writes all traces.
    """

    name = "tempo"
    lost = "no trace is taken or found any more; those in the bucket stay, and the next Tempo on this bucket finds them"
    namespace = "tempo"
    pod_security = "restricted"
    service_account = "tempo"
    chart = locked_chart(name, notes="https://github.com/grafana-community/helm-charts/releases/tag/tempo-{version}")
    workloads = (
        replace(
            workload(
                name,
                kind="StatefulSet",
                service_account=name,
                ports=(3200, 4317, 4318, 6831, 6832, 9411, 14250, 14268, 55680, 55681),
            ),
            cpu_at=("tempo.resources.requests.cpu",),
        ),
    )
    images = (ImageSource("docker.io/grafana/tempo", (), ("global.imageRegistry", "tempo.registry")),)
    typical = {"bucket": ExistingBucket("traces-111111111111")}

    bucket: OwnBucket
    """Where traces are kept: of this cluster's Tempo alone."""
    retention_days: Annotated[int, between(1, 3650, "days")] = 14
    """After how long it deletes them."""
    volume_gib: Annotated[int, between(1, 16384, "GiB")] = 10
    """For what is not in the bucket yet."""
    storage_class: DnsLabel | None = None
    """Of the volume; the cluster's default when None."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from (problem.below(("bucket",)) for problem in self.bucket.problems_on(facts))

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """https://grafana.com/docs/tempo/latest/configuration/hosted-storage/s3, without what sets tags."""
        return self.bucket.allows(facts, *_OBJECTS)

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), resources=self.bucket.made)

    def values(self, facts: ClusterFacts) -> Values:
        suffix = dns_suffix(facts.region)
        bucket = {"bucket": self.bucket.name, "region": facts.region, "endpoint": f"s3.{facts.region}.{suffix}"}
        return {
            "tempo": {
                "retention": f"{24 * self.retention_days}h",
                "storage": {"trace": {"backend": "s3", "s3": bucket}},
                "reportingEnabled": False,
                "resources": resources("200m", "2Gi"),
                "securityContext": HARDENED,
            },
            "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
            "persistence": {
                "enabled": True,
                "size": f"{self.volume_gib}Gi",
                **({"storageClassName": self.storage_class} if self.storage_class else {}),
            },
        }
