"""Kinds of objects of one's own, made of others, without a controller to write. https://kro.run"""

from __future__ import annotations

from addons.kro_capability import KroCapability
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload


class Kro(HelmAddon):
    """For ResourceGraphDefinitions. What they make it may not touch by itself: say so in ClusterRoles of yours with the
    label `rbac.kro.run/aggregate-to-controller: "true"`, by KubernetesManifests.
    """

    name = "kro"
    lost = "objects that it made stay as they are, and nobody keeps them"
    namespace = "kro-system"
    pod_security = "restricted"
    conflicts = (KroCapability,)
    api_groups = ("kro.run", "internal.kro.run")
    chart = locked_chart(
        name, definitions_stay=True, notes="https://github.com/kubernetes-sigs/kro/releases/tag/v{version}"
    )
    workloads = (
        workload(
            name,
            under="deployment",
            replicas="replicaCount",
            service_account=name,
            node_selector={"kubernetes.io/os": "linux"},
            ports=(8078, 8079),
        ),
    )
    images = (ImageSource("registry.k8s.io/kro/kro", ("image.repository",)),)

    may_do_everything: bool = False
    """Then whoever writes a ResourceGraphDefinition may do everything in the cluster, by it."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "rbac": {"mode": "unrestricted" if self.may_do_everything else "aggregation"},
            "deployment": {
                "replicaCount": 2,
                "topologySpreadConstraints": across_zones(name=self.name),
                "resources": resources("250m", "512Mi"),
            },
        }
