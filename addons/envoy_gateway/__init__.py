"""Gateways by Envoy, and the kinds of the Gateway API for all who serve them. https://gateway.envoyproxy.io"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from addons.envoy_gateway.proxies import proxies_of_the_class
from blueprint.addons import ClusterFacts, HelmAddon, ImageSource, Values, load_balancers
from blueprint.addons.load_balancers import Scheme
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import across_zones, resources
from blueprint.errors import Problem
from blueprint.fields import between
from blueprint.kubernetes import Manifest
from blueprint.workload import Workload

GATEWAY_API = {"gateway.networking.k8s.io": "EnvoyGateway()"}
"""What serves Gateways needs, and who brings it: https://gateway-api.sigs.k8s.io has no chart of its own."""
_ENVOY = "docker.io/envoyproxy"


class EnvoyGateway(HelmAddon):
    """Each Gateway of the class `envoy` gets proxies of its own, in the namespace of the add-on, and a Network Load
    Balancer before them, by AwsLoadBalancerController() or Auto Mode. It brings the Gateway API in the experimental
    channel, which has all of the standard one. Teams let its proxies in as they do internal load balancers, among whose
    addresses these are. Filters in Lua, patches of Envoy's configuration and backends outside of the cluster are off:
    config.envoyGateway.extensionApis in `extra_values`.
    """

    name = "envoy-gateway"
    lost = "proxies go on with what they know; no Gateway and no route changes any more"
    namespace = "envoy-gateway-system"
    pod_security = "restricted"
    api_groups = ("gateway.envoyproxy.io", "gateway.networking.k8s.io", "gateway.networking.x-k8s.io")
    chart = locked_chart(
        "gateway-helm",
        definitions_stay=True,
        notes="https://github.com/envoyproxy/gateway/releases/tag/{version}",
        compatibility="https://gateway.envoyproxy.io/news/releases/matrix",
    )
    workloads = (
        Workload(
            name,
            labels={"control-plane": name, "app.kubernetes.io/name": chart.name, "app.kubernetes.io/instance": name},
            service_account=name,
            ports=(8081, 9443, 18000, 18001, 18002, 19001),
            replicas_at=("deployment.replicas",),
            cpu_at=("deployment.envoyGateway.resources.requests.cpu",),
            tolerations_at=("deployment.pod.tolerations",),
            node_selector_at=("deployment.pod.nodeSelector",),
        ),
    )
    images = tuple(
        ImageSource(f"{_ENVOY}/{each}", (), ("global.imageRegistry",)) for each in ("envoy", "gateway", "ratelimit")
    )

    typical = {"scheme": None}  # in a cluster of which nothing is known

    scheme: Scheme | None = "internal"
    """Of its load balancers. None: there are none, and proxies have a Service of the cluster alone, for what leads to
    them by other ways."""
    proxies: Annotated[int, between(1, 100, "pods")] = 2
    """Of each Gateway; one that takes more load has an EnvoyProxy of its own, with an envoyHpa."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        yield from load_balancers.problems(facts, self.scheme)

    def values(self, facts: ClusterFacts) -> Values:
        return {
            # Without a tag: the chart has that of the proxies that its version was built for. Otherwise the controller
            # takes them from docker.io, whatever the registry.
            "global": {"images": {"envoyProxy": {"image": f"{_ENVOY}/envoy"}}},
            "podDisruptionBudget": {"maxUnavailable": 1},
            "deployment": {
                "replicas": 2,
                "pod": {"topologySpreadConstraints": across_zones(name=self.chart.name, instance=self.name)},
                "envoyGateway": {"resources": resources("100m", "1Gi")},
            },
            "certgen": {"job": {"resources": resources("50m", "128Mi")}},
        }

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return proxies_of_the_class(facts, self.namespace, self.scheme, self.proxies)
