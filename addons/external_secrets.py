"""Copies secrets of AWS into Kubernetes Secrets, for those who may read them. https://external-secrets.io"""

from __future__ import annotations

from typing import Any

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.offers import COPIED_SECRETS
from blueprint.addons.pods import across_zones, resources, workload

# Stores and secrets for the whole cluster, and copies from the cluster to the outside: ways from one team to another.
_OFF = ("ClusterExternalSecret", "ClusterGenerator", "ClusterPushSecret", "PushSecret")


class ExternalSecrets(HelmAddon):
    """The controller has no AWS permissions: each team's store in its own namespace brings a role."""

    offers = (COPIED_SECRETS,)
    name = COPIED_SECRETS.addon
    lost = "Secrets that it copied get no new values"
    namespace = COPIED_SECRETS.namespace
    controller = COPIED_SECRETS.controller
    """Its service account, which asks for tokens of those that stores name."""
    pod_security = "restricted"
    api_groups = ("external-secrets.io", "generators.external-secrets.io")
    chart = locked_chart(
        name,
        notes="https://github.com/external-secrets/external-secrets/releases/tag/helm-chart-{version}",
        compatibility="https://external-secrets.io/latest/introduction/stability-support/",
    )

    workloads = (
        workload(name, for_all="global", service_account=name, replicas="replicaCount", ports=(8080, 8082)),
        workload(
            "external-secrets-webhook",
            under="webhook",
            for_all="global",
            instance=name,
            replicas="replicaCount",
            ports=(8080, 8081),
            ports_at=("webhook.port",),
        ),
        workload(
            "external-secrets-cert-controller",
            under="certController",
            for_all="global",
            instance=name,
            replicas="replicaCount",
            ports=(8080, 8081),
        ),
    )
    images = tuple(
        ImageSource("ghcr.io/external-secrets/external-secrets", ("global.repository", path))
        for path in ("image.repository", "webhook.image.repository", "certController.image.repository")
    )

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "crds": {
                **{f"create{kind}": False for kind in (*_OFF, "ClusterSecretStore")},
                "annotations": {"helm.sh/resource-policy": "keep"},  # without them, every Secret would go as well
            },
            **{f"process{kind}": False for kind in (*_OFF, "ClusterStore")},
            # It may ask for tokens of the service accounts that a store names, not of every one in the cluster.
            "rbac": {"serviceAccountTokenCreate": False, "servicebindings": {"create": False}},
            "serviceAccount": {"name": self.controller},
            "leaderElect": True,
            "livenessProbe": {"enabled": True},
            "readinessProbe": {"enabled": True},
            **_replicas(resources("50m", "256Mi")),
            # While it is away no store or secret can be changed. On Fargate the kubelet has the chart's port, 10250.
            "webhook": {"port": 9443, **_replicas(resources("20m", "128Mi"))},
            "certController": _replicas(resources("20m", "256Mi")),
        }


def _replicas(size: dict[str, Any]) -> dict[str, Any]:
    return {
        "replicaCount": 2,
        "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
        "topologySpreadConstraints": across_zones(),
        "resources": size,
    }
