"""Rules of the platform's own about objects, as YAML and CEL. https://kyverno.io"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from blueprint.addons import ClusterFacts, Contribution, HelmAddon, ImageSource, Values, Workload, beside
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import workload
from blueprint.contribution import Release

_CONTROLLERS = {
    "admission": "admissionController",
    "background": "backgroundController",
    "cleanup": "cleanupController",
    "reports": "reportsController",
}
_REGISTRY = "global.image.registry"
_GROUPS = ("kyverno.io", "policies.kyverno.io", "reports.kyverno.io", "wgpolicyk8s.io")


def _pods(part: str) -> Workload:
    name, under = f"kyverno-{part}-controller", _CONTROLLERS[part]
    found = workload(name, under=under, instance="kyverno", service_account=name, ports=(8000, 9443), cpu="100m")
    at = "container.resources" if part == "admission" else "resources"
    return replace(found, cpu_at=(f"{under}.{at}.requests.cpu",))


class Kyverno(HelmAddon):
    """Judges, changes and makes objects by policies, which are objects of yours, by KubernetesManifests with
    `after=("kyverno",)`; `standard` brings some. It reads what `view` may read in all namespaces, no Secret among it;
    policies that make or change other kinds need a ClusterRole of yours with its label for aggregation.
    """

    name = "kyverno"
    lost = "no object is judged, changed or made by your policies any more; what they refused may be made"
    namespace = "kyverno"
    pod_security = "restricted"
    api_groups = _GROUPS
    chart = locked_chart(
        name,
        notes="https://github.com/kyverno/kyverno/releases/tag/kyverno-chart-{version}",
        compatibility="https://kyverno.io/docs/installation/#compatibility-matrix",
    )
    policies = locked_chart(
        "kyverno-policies", notes="https://github.com/kyverno/kyverno/releases/tag/kyverno-chart-{version}"
    )
    workloads = tuple(map(_pods, _CONTROLLERS))
    images = (
        *(
            ImageSource(f"reg.kyverno.io/kyverno/{image}", (), (_REGISTRY, f"{at}.image.registry"))
            for image, at in (
                ("kyverno", "admissionController.container"),
                ("kyvernopre", "admissionController.initContainer"),
                ("background-controller", "backgroundController"),
                ("cleanup-controller", "cleanupController"),
                ("reports-controller", "reportsController"),
                ("kyverno-cli", "crds.migration"),
            )
        ),
        ImageSource("ghcr.io/kyverno/readiness-checker", (), (_REGISTRY, "webhooksCleanup.image.registry")),
    )
    typical = {"standard": "baseline"}

    refuse_when_down: bool = False
    """Refuse what nobody could judge, where a policy says so and Kyverno does not answer in time, but in kube-system
    and its own namespace. Write it in a deploy after the first: while it starts, it answers nobody."""
    standard: Literal["baseline", "restricted"] | None = None
    """Policies of a Pod Security Standard, in all namespaces."""
    enforce: bool = False
    """Refuse what breaks them; otherwise it stands in reports."""

    def values(self, facts: ClusterFacts) -> Values:
        return {
            "features": {"forceFailurePolicyIgnore": {"enabled": not self.refuse_when_down}},
            **{at: {"replicas": 2} for at in _CONTROLLERS.values()},
        }

    def contribute(self, facts: ClusterFacts) -> Contribution:
        made = super().contribute(facts)
        if not self.standard:
            return made
        values = {
            "podSecurityStandard": self.standard,
            "validationFailureAction": "Enforce" if self.enforce else "Audit",
            "failurePolicy": "Fail" if self.refuse_when_down else "Ignore",
        }
        chart = beside(self, self.policies, facts)
        return replace(made, releases=(*made.releases, Release(chart.name, chart, self.namespace, values)))
