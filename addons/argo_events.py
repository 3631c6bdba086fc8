"""Does something when something happens: a message, an object in a bucket, a call. https://argoproj.github.io/argo-events"""

from __future__ import annotations

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, across_zones, resources, workload
from blueprint.contribution import at_mirror

_NATS = {
    "natsImage": ("docker.io/library/nats", "2.10.10"),
    "metricsExporterImage": ("docker.io/natsio/prometheus-nats-exporter", "0.14.0"),
    "configReloaderImage": ("docker.io/natsio/nats-server-config-reloader", "0.14.0"),
}
"""Of the newest version of JetStream in the chart's values.yaml, which it calls `latest` as well."""


class ArgoEvents(HelmAddon):
    """For EventSources, Sensors and EventBuses, which are yours to write, with service accounts of their own. It may
    write Secrets and workloads in every namespace, since EventBuses have both. Of buses, JetStream alone is offered.
    """

    name = "argo-events"
    lost = "sources and sensors go on as they are; nobody makes, moves or changes one"
    namespace = "argo-events"
    pod_security = "restricted"
    api_groups = ("argoproj.io",)
    chart = locked_chart(name, notes="https://github.com/argoproj/argo-helm/releases/tag/argo-events-{version}")
    workloads = (
        workload(
            "argo-events-controller-manager",
            under="controller",
            instance=name,
            labels={"app.kubernetes.io/component": "controller-manager"},
            service_account="argo-events-controller-manager",
            ports=(7777, 8081),
        ),
    )
    images = (
        ImageSource("quay.io/argoproj/argo-events", ("global.image.repository",)),
        *(ImageSource(repository, ()) for repository, _ in _NATS.values()),
    )

    def values(self, facts: ClusterFacts) -> Values:
        mirrors = dict(facts.image_mirrors)
        bus = {which: f"{at_mirror(repository, mirrors)}:{tag}" for which, (repository, tag) in _NATS.items()}
        versions = [{"version": each, "startCommand": "/nats-server", **bus} for each in ("latest", "2.10.10")]
        return {
            # Aggregated to `view`, `edit` and `admin`, as those of Workflows are.
            "createAggregateRoles": True,
            "configs": {"nats": {"versions": []}, "jetstream": {"versions": versions}},
            "global": {"securityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}},
            "controller": {
                "replicas": 2,
                "pdb": {"enabled": True, "maxUnavailable": 1},
                "topologySpreadConstraints": across_zones(name="argo-events-controller-manager"),
                "containerSecurityContext": {**HARDENED, "readOnlyRootFilesystem": True},
                "resources": resources("50m", "256Mi"),
            },
        }
