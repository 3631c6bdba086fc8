"""Keeps the cluster in step with Git. https://fluxcd.io/flux/"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from addons.flux.git_source import NAME, GitSource
from blueprint.addons import ClusterFacts, Contribution, HelmAddon, ImageSource, Values, Workload
from blueprint.addons.lock import locked_chart
from blueprint.addons.offers import BY_FLUX
from blueprint.addons.pods import resources
from blueprint.kubernetes import Manifest

# Its controllers by the chart's words, and their ports: fluxcd-community/helm-charts flux2-2.18.3, templates.
_PARTS = (
    ("helmController", "helm-controller", (8080, 9440), "512Mi"),
    ("kustomizeController", "kustomize-controller", (8080, 9440), "512Mi"),
    ("notificationController", "notification-controller", (8080, 9090, 9292, 9440), "128Mi"),
    ("sourceController", "source-controller", (8080, 9090, 9440), "512Mi"),
)
_CHECK = Workload(
    "flux-flux-check",
    kind="Job",
    labels={"app.kubernetes.io/part-of": "flux", "app.kubernetes.io/instance": BY_FLUX.namespace},
    service_account="flux-flux-check",
    cpu_at=("cli.resources.requests.cpu",),
    tolerations_at=("cli.tolerations",),
    node_selector_at=("cli.nodeSelector",),
)
_OFF = ("imageAutomationController", "imageReflectionController")


def _controller(part: str, app: str, ports: tuple[int, ...], _: str) -> Workload:
    return Workload(
        app,
        labels={"app": app},
        service_account=app,
        ports=ports,
        # charts/flux2/templates/source-controller.yaml:18: there is one.
        replicas_at=() if part == "sourceController" else (f"{part}.replicas",),
        cpu_at=(f"{part}.resources.requests.cpu",),
        tolerations_at=(f"{part}.tolerations",),
        node_selector_at=(f"{part}.nodeSelector",),
    )


class Flux(HelmAddon):
    """Flux's controllers of sources, Kustomizations, Helm releases and notifications; images it does not look for.

    A Kustomization or HelmRelease that names no service account has the rights of `default` in its namespace, and none
    names what stands in another namespace. One without a value for a variable fails.
    """

    offers = (BY_FLUX,)
    name = BY_FLUX.addon
    lost = "nothing from Git is applied any more; what was stays, as nobody keeps it"
    namespace = BY_FLUX.namespace
    pod_security = "restricted"
    api_groups = tuple(f"{group}.toolkit.fluxcd.io" for group in ("helm", "kustomize", "notification", "source"))
    chart = locked_chart(
        "flux2",
        notes="https://github.com/fluxcd-community/helm-charts/releases/tag/flux2-{version}",
        compatibility="https://fluxcd.io/flux/installation/#supported-kubernetes-versions",
    )
    workloads = (_CHECK, *(_controller(*part) for part in _PARTS))
    images = (
        ImageSource("ghcr.io/fluxcd/flux-cli", ("cli.image",)),
        *(ImageSource(f"ghcr.io/fluxcd/{app}", (f"{part}.image",)) for part, app, *_ in _PARTS),
    )

    bootstrap: GitSource | None = None
    """What it keeps applied from the first deploy on, whatever it is; with delivery=FluxDelivery(…) leave it out."""

    def values(self, facts: ClusterFacts) -> Values:
        values: dict[str, Any] = {part: {"resources": resources("100m", memory)} for part, *_, memory in _PARTS}
        strict = "--feature-gates=StrictPostBuildSubstitutions=true"
        values["kustomizeController"]["container"] = {"additionalArgs": [strict]}
        return {
            **values,
            **{part: {"create": False} for part in _OFF},
            "cli": {"resources": resources("20m", "128Mi")},
            "multitenancy": {"enabled": True},
            # Into Kubernetes' own edit and admin, which whoever has them in a namespace would then have here as well.
            "rbac": {"createAggregation": False},
        }

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return self.bootstrap.manifests(self.namespace) if self.bootstrap else ()

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), from_git=(NAME,) if self.bootstrap else ())
