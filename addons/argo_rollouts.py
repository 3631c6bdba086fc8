"""Canary and blue-green releases of workloads. https://argoproj.github.io/rollouts"""

from __future__ import annotations

from blueprint.addons import CallsAws, ClusterFacts, HelmAddon, ImageSource, Statement, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources, workload

_OF_MESHES = ("istio", "smi", "ambassador", "awsAppMesh", "traefik", "apisix", "contour", "glooPlatform")
"""Ways of traffic whose objects the chart would let it change by default."""
_ASKED = tuple(f"elasticloadbalancing:Describe{what}" for what in ("LoadBalancers", "TargetGroups", "TargetHealth"))


class ArgoRollouts(CallsAws, HelmAddon):
    """For Rollouts, which move traffic by Ingresses of the load balancer controller, by Gateway API, or by the number
    of pods. It reads every Secret, where analyses keep the keys of what measures; its dashboard is not installed.
    """

    name = "argo-rollouts"
    lost = "Rollouts keep the pods that they have: no release goes on, and none goes back"
    namespace = "argo-rollouts"
    service_account = "argo-rollouts"
    pod_security = "restricted"
    api_groups = ("argoproj.io",)
    chart = locked_chart(name, notes="https://github.com/argoproj/argo-helm/releases/tag/argo-rollouts-{version}")
    workloads = (
        workload(
            name,
            under="controller",
            labels={"app.kubernetes.io/component": "rollouts-controller"},
            service_account=service_account,
            ports=(8080, 8090),
        ),
    )
    images = (ImageSource("quay.io/argoproj/argo-rollouts", (), ("controller.image.registry",)),)

    verify_target_groups: bool = False
    """Ask AWS whether load balancers reach the new pods, before the old ones go."""

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        return ("elasticloadbalancing",) if self.verify_target_groups else ()

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """https://argo-rollouts.readthedocs.io/en/stable/features/traffic-management/alb/#aws-targetgroup-verification"""
        why = "describes of load balancers take no resource"
        return (Statement(_ASKED, ("*",), reason=why),) if self.verify_target_groups else ()

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "serviceAccount": {"name": self.service_account},
            "providerRBAC": {"providers": dict.fromkeys(_OF_MESHES, False)},
            "controller": {
                "replicas": 2,
                "awsVerifyTargetGroup": self.verify_target_groups,
                "topologySpreadConstraints": across_zones(name=self.name),
                "pdb": {"enabled": True, "maxUnavailable": 1},
                "resources": resources("100m", "256Mi"),
            },
        }
