"""Logs of pods, kept in S3 and found by their labels. https://grafana.com/docs/loki"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Annotated

from blueprint.addons import CallsAws, ClusterFacts, Contribution, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.buckets import ExistingBucket, OwnBucket
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload
from blueprint.errors import Problem
from blueprint.fields import DnsLabel, between

_SCHEMA = {"from": "2024-04-01", "store": "tsdb", "object_store": "s3", "schema": "v13"}
"""What the chart's values.yaml has as an example; a later one is added behind it, never in its place."""


class Loki(CallsAws, HelmAddon):
    """One process does all of it, as many times as there are replicas; what collects lines, such as Fluent Bit or an
    OpenTelemetry collector, sends them to `http://loki.loki:3100`. Whoever reaches it reads and writes all lines.
    """

    name = "loki"
    lost = "no line is taken or found any more; those in the bucket stay, and the next Loki on this bucket finds them"
    namespace = "loki"
    pod_security = "restricted"
    service_account = "loki"
    chart = locked_chart(name, notes="https://github.com/grafana-community/helm-charts/releases/tag/loki-{version}")
    workloads = (
        workload(
            name,
            under="singleBinary",
            kind="StatefulSet",
            labels={"app.kubernetes.io/component": "single-binary"},
            service_account=name,
            ports=(3100, 7946, 9095),
        ),
    )
    images = (ImageSource("docker.io/grafana/loki", (), ("global.imageRegistry", "loki.image.registry")),)
    typical = {"bucket": ExistingBucket("logs-111111111111")}

    bucket: OwnBucket
    """Where lines are kept: of this cluster's Loki alone."""
    retention_days: Annotated[int, between(1, 3650, "days")] = 30
    """After how long it deletes them."""
    replicas: Annotated[int, between(1, 9, "pods")] = 3
    """With three or more each line is in three of them until it is in the bucket."""
    volume_gib: Annotated[int, between(1, 16384, "GiB")] = 10
    """Of each replica, for what is not in the bucket yet."""
    storage_class: DnsLabel | None = None
    """Of the volumes; the cluster's default when None."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from (problem.below(("bucket",)) for problem in self.bucket.problems_on(facts))

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """https://grafana.com/docs/loki/latest/operations/storage/#aws-deployment-s3-single-store"""
        return self.bucket.allows(facts, "s3:DeleteObject", "s3:GetObject", "s3:PutObject")

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), resources=self.bucket.made)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "loki": {
                "auth_enabled": False,
                "commonConfig": {"replication_factor": min(self.replicas, 3)},
                "schemaConfig": {"configs": [{**_SCHEMA, "index": {"prefix": "index_", "period": "24h"}}]},
                "storage": {
                    "bucketNames": dict.fromkeys(("chunks", "ruler"), self.bucket.name),
                    "s3": {"region": facts.region},
                },
                "limits_config": {"retention_period": f"{24 * self.retention_days}h"},
                "compactor": {"retention_enabled": True, "delete_request_store": "s3"},
                "analytics": {"reporting_enabled": False},
            },
            "singleBinary": {
                "replicas": self.replicas,
                # By default two never share a node, and a release waits for ever where there are fewer.
                "affinity": {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": []}},
                "topologySpreadConstraints": across_zones(name=self.name),
                "persistence": {
                    "size": f"{self.volume_gib}Gi",
                    **({"storageClass": self.storage_class} if self.storage_class else {}),
                },
                "resources": resources("200m", "1Gi"),
            },
            # By default a container beside it reads all Secrets, to look for rules.
            "sidecar": {"rules": {"enabled": False}},
            "rbac": {"namespaced": True},
            **{part: {"replicas": 0} for part in ("backend", "read", "write")},
            **{part: {"enabled": False} for part in ("chunksCache", "gateway", "lokiCanary", "resultsCache", "test")},
        }
