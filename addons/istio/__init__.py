"""A mesh: pods know each other by certificates, and their traffic by rules. https://istio.io"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from functools import partial
from typing import Annotated, Any, Literal

from addons.istio.gateways import IstioGateway, of_one_name, with_gateways, without_load_balancers
from addons.istio.pods import CNI, HUB, IMAGES, ISTIOD
from addons.istio.ztunnel import with_ztunnel
from blueprint.addons import Chart, ClusterFacts, Contribution, HelmAddon, Values, beside, merged
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import NOT_ON_FARGATE, across_zones, resources
from blueprint.contribution import GeneratedFields, Release, ReleaseFields, at_mirror
from blueprint.errors import Problem
from blueprint.fields import JSON_LIKE, between

_NOTES = "https://istio.io/latest/news/releases"
_WEBHOOKS = GeneratedFields(
    "ValidatingWebhookConfiguration", (".webhooks[]?.failurePolicy",), "admissionregistration.k8s.io"
)
"""A ready istiod writes that it fails closed: pkg/webhooks/validation/controller/controller.go:257 of 1.30.3."""


class Istio(HelmAddon):
    """Nobody is in the mesh before their namespace has the label `istio.io/dataplane-mode: ambient`, or
    `istio-injection: enabled` with sidecars. The network of pods is prepared on the node, so that no pod of yours needs
    a capability for it. Pods on Fargate stay outside. Rules are objects of yours, with `after=("istio",)`.
    A NetworkPolicy has to let port 15008 in where a pod is in the ambient mesh.
    """

    name = "istio"
    lost = "pods in the mesh keep the certificates that they have, for a day; no rule reaches them any more"
    namespace = "istio-system"
    pod_security = "privileged"
    for_nodes = True
    api_groups = ("extensions.istio.io", "networking.istio.io", "security.istio.io", "telemetry.istio.io")
    chart = locked_chart(
        "istiod",
        notes=_NOTES,
        compatibility="https://istio.io/latest/docs/releases/supported-releases/#support-status-of-istio-releases",
    )
    base = locked_chart("base", notes=_NOTES)
    cni = locked_chart("cni", notes=_NOTES)
    ztunnel = locked_chart("ztunnel", notes=_NOTES)
    gateway = locked_chart("gateway", notes=_NOTES)
    other_release_fields = {"istio-cni": ReleaseFields("node_extra_values", "chart_version", "chart_repository")}
    workloads = (ISTIOD,)
    images = IMAGES
    typical = {"gateways": (IstioGateway(scheme=None),)}

    mode: Literal["ambient", "sidecar"] = "ambient"
    """One proxy on each node for all its pods, or one in each pod, which then starts anew to come in."""
    outbound: Literal["ALLOW_ANY", "REGISTRY_ONLY"] = "ALLOW_ANY"
    """Where sidecars let pods go outside of the mesh: with REGISTRY_ONLY to what a ServiceEntry names."""
    replicas: Annotated[int, between(2, 30, "pods")] = 2
    """Of istiod, which tells proxies what they need to know; one more for some thousand pods."""
    access_logs: bool = False
    """Whether proxies write down each request."""
    gateways: tuple[IstioGateway, ...] = ()
    """Where traffic comes in from outside of the cluster."""
    node_extra_values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """`extra_values` of the chart that prepares nodes, cni."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        yield from of_one_name(self.gateways)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from without_load_balancers(self.gateways, facts)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            **self._profile,
            "global": self._hub(facts),
            "autoscaleEnabled": False,
            "replicaCount": self.replicas,
            "resources": resources("250m", "1Gi"),
            "seccompProfile": {"type": "RuntimeDefault"},
            "topologySpreadConstraints": across_zones(name="istiod"),
            # Somebody else prepares the network of pods; with `ambient` it is in the profile.
            **({"cni": {"enabled": True}} if self.mode == "sidecar" else {}),
            "meshConfig": {
                "outboundTrafficPolicy": {"mode": self.outbound},
                **({"accessLogFile": "/dev/stdout"} if self.access_logs else {}),
            },
        }

    @property
    def _profile(self) -> Values:
        return {"profile": "ambient"} if self.mode == "ambient" else {}

    def _hub(self, facts: ClusterFacts) -> dict[str, str]:
        return {} if (hub := at_mirror(HUB, dict(facts.image_mirrors))) == HUB else {"hub": hub}

    def contribute(self, facts: ClusterFacts) -> Contribution:
        made, hub, rolls = super().contribute(facts), self._hub(facts), {"rollingUpdate": {"maxUnavailable": "10%"}}
        on_node: Values = {"affinity": NOT_ON_FARGATE, "updateStrategy": rolls}
        cni = merged({**self._profile, "global": hub, **on_node}, self.node_extra_values)
        releases = [self._beside(self.base, facts), *made.releases, self._beside(self.cni, facts, cni)]
        workloads = [*made.workloads, CNI.read(cni, self.namespace)]
        made = replace(made, releases=tuple(releases), workloads=tuple(workloads))
        if self.mode == "ambient":
            made = with_ztunnel(made, facts, hub, partial(self._beside, self.ztunnel, facts))
        return with_gateways(made, facts, self.gateways, beside(self, self.gateway, facts, self.chart_version))

    def _beside(self, chart: Chart, facts: ClusterFacts, values: Values | None = None) -> Release:
        """All charts of one version: https://istio.io/latest/docs/setup/upgrade/helm"""
        name = f"istio-{chart.name}".replace("istio-ztunnel", "ztunnel")
        found = beside(self, chart, facts, self.chart_version)
        return Release(name, found, self.namespace, values or {}, generated=(_WEBHOOKS,))
