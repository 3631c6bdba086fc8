"""Mounts secrets of AWS as files of a pod, and stores them nowhere else. https://secrets-store-csi-driver.sigs.k8s.io"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field, replace
from typing import Annotated, Any

from addons.secrets_store_csi_driver.pods import DRIVER, DRIVER_IMAGES, PROVIDER, PROVIDER_IMAGE
from blueprint.addons import ClusterFacts, Contribution, HelmAddon, OffAws, Values, beside, merged, moved
from blueprint.addons.lock import locked_chart
from blueprint.addons.offers import MOUNTED_SECRETS
from blueprint.addons.pods import NOT_ON_FARGATE, resources
from blueprint.contribution import Release, ReleaseFields
from blueprint.fields import JSON_LIKE, ChartVersion, between

_EVERY_NODE = {
    "tolerations": [{"operator": "Exists"}],
    "priorityClassName": "system-node-critical",  # pods with secrets do not start without it
    "affinity": NOT_ON_FARGATE,
}


class SecretsStoreCsiDriver(HelmAddon):
    """The driver and AWS's provider for it. Neither has AWS permissions: each pod mounts with the role of its own
    service account, by EKS Pod Identity.
    """

    offers = (MOUNTED_SECRETS,)
    name = MOUNTED_SECRETS.addon
    lost = "pods that mount secrets of AWS do not start any more"
    namespace = MOUNTED_SECRETS.namespace  # its pods are privileged
    api_groups = ("secrets-store.csi.x-k8s.io",)
    chart = locked_chart(
        name,
        notes="https://github.com/kubernetes-sigs/secrets-store-csi-driver/releases/tag/v{version}",
    )
    provider = locked_chart(
        "secrets-store-csi-driver-provider-aws",
        notes="https://github.com/aws/secrets-store-csi-driver-provider-aws/releases/tag/{version}",
    )
    for_nodes = True  # on Fargate ExternalSecrets() does it
    other_release_fields = {
        provider.name: ReleaseFields("provider_extra_values", "provider_version", "chart_repository")
    }
    workloads = (DRIVER,)
    images = DRIVER_IMAGES

    refresh_minutes: Annotated[int, between(1, 1440, "minutes")] = 60
    """How long a file may be older than its secret; each look is a request to AWS for each secret of each pod."""
    provider_version: ChartVersion | None = field(default=None, kw_only=True)
    """Another version of the provider's chart. A mirror of it is expected beside that of the driver's chart."""
    provider_extra_values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """`extra_values` of the provider's chart."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "tokenRequests": [{"audience": "pods.eks.amazonaws.com"}],
            "enableSecretRotation": True,
            "rotationPollInterval": f"{self.refresh_minutes}m",
            "syncSecret": {"enabled": False},  # or it could read and write every Secret of the cluster
            "linux": {**_EVERY_NODE, "crds": {"resources": resources("10m", "64Mi")}},
        }

    def off_aws(self, facts: ClusterFacts, brought: Contribution) -> OffAws:
        return OffAws("it mounts what AWS keeps")

    def contribute(self, facts: ClusterFacts) -> Contribution:
        contribution = super().contribute(facts)
        # With the region it need not read pods and nodes to find out.
        own: Values = {"secrets-store-csi-driver": {"install": False}, "awsRegion": facts.region, **_EVERY_NODE}
        chart = beside(self, self.provider, facts, self.provider_version)
        mirrors = dict(facts.image_mirrors)
        values = merged(merged(own, PROVIDER_IMAGE.values_at(mirrors)), self.provider_extra_values)
        image = PROVIDER_IMAGE.read(values, mirrors)
        provider = Release(chart.name, chart, self.namespace, values)
        return replace(
            contribution,
            releases=(*contribution.releases, provider),
            workloads=(*contribution.workloads, PROVIDER.read(values, self.namespace)),
            images=(*contribution.images, image),
            mirrored=(*contribution.mirrored, *moved((PROVIDER_IMAGE,), (image,), mirrors)),
        )
