"""What the proxies of Gateways are, and the load balancers before them: https://gateway.envoyproxy.io/docs/api/extension_types"""

from __future__ import annotations

from typing import Any

from blueprint.addons import ClusterFacts
from blueprint.addons.load_balancers import Scheme, service
from blueprint.addons.pods import across_zones
from blueprint.kubernetes import Manifest

_GROUP = "gateway.envoyproxy.io"
_NAME = "envoy"


def proxies_of_the_class(
    facts: ClusterFacts, namespace: str, scheme: Scheme | None, proxies: int
) -> tuple[Manifest, ...]:
    """The class, and what holds for all of its Gateways."""
    kubernetes = {
        "envoyDeployment": {
            "replicas": proxies,
            "pod": {"topologySpreadConstraints": across_zones(name=_NAME, component="proxy")},
        },
        "envoyPDB": {"maxUnavailable": 1},
        "envoyService": service(facts, scheme),
    }
    spec: dict[str, Any] = {"provider": {"type": "Kubernetes", "kubernetes": kubernetes}}
    if facts.ip_family == "ipv6":
        spec["ipFamily"] = "IPv6"  # it listens on IPv4 addresses unless this says otherwise
    metadata = {"name": _NAME, "namespace": namespace}
    return (
        {"apiVersion": f"{_GROUP}/v1alpha1", "kind": "EnvoyProxy", "metadata": metadata, "spec": spec},
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": _NAME},
            "spec": {
                "controllerName": f"{_GROUP}/gatewayclass-controller",
                "parametersRef": {"group": _GROUP, "kind": "EnvoyProxy", **metadata},
            },
        },
    )
