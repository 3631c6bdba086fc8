"""Restarts workloads when a ConfigMap or Secret that they use changes. https://github.com/stakater/Reloader"""

from __future__ import annotations

from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import HARDENED, across_zones, resources

_POD = Workload(
    "reloader-reloader",
    labels={"app.kubernetes.io/name": "reloader", "app.kubernetes.io/instance": "reloader"},
    service_account="reloader",
    ports=(9090,),
    replicas_at=("reloader.deployment.replicas",),
    cpu_at=("reloader.deployment.resources.requests.cpu",),
    tolerations_at=("reloader.deployment.tolerations",),
    node_selector_at=("reloader.deployment.nodeSelector",),
)


class Reloader(HelmAddon):
    """Of those workloads only that ask for it: `reloader.stakater.com/auto: "true"`. It reads every Secret, or could
    not tell that one has changed.
    """

    name = "reloader"
    lost = "pods go on with the ConfigMaps and Secrets that they started with"
    namespace = "reloader"
    pod_security = "restricted"
    chart = locked_chart(name, notes="https://github.com/stakater/Reloader/releases/tag/chart-v{version}")
    workloads = (_POD,)
    images = (ImageSource("ghcr.io/stakater/reloader", ("image.repository",)),)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "reloader": {
                "enableHA": True,
                "readOnlyRootFileSystem": True,
                "deployment": {
                    "replicas": 2,
                    "containerSecurityContext": HARDENED,
                    "topologySpreadConstraints": across_zones(),
                    "resources": resources("20m", "128Mi"),
                },
                "serviceAccount": {"name": "reloader"},
                "podDisruptionBudget": {"enabled": True, "maxUnavailable": 1},
            }
        }
