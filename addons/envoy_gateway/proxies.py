"""What the proxies of Gateways are, and the load balancers before them: https://gateway.envoyproxy.io/docs/api/extension_types"""

from __future__ import annotations

from typing import Any, Literal

from blueprint.addons import ClusterFacts, Values
from blueprint.addons.pods import across_zones
from blueprint.kubernetes import Manifest

Scheme = Literal["internal", "internet-facing"]
_NLB = "service.beta.kubernetes.io/aws-load-balancer"
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
        "envoyService": _service(facts, scheme),
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


def _service(facts: ClusterFacts, scheme: Scheme | None) -> Values:
    if not scheme:
        return {"type": "ClusterIP"}
    annotations = {f"{_NLB}-scheme": scheme, f"{_NLB}-nlb-target-type": "ip"}
    if facts.ip_family == "ipv6":
        annotations[f"{_NLB}-ip-address-type"] = "dualstack"
    if subnets := dict(facts.named_subnets).get(scheme):
        annotations[f"{_NLB}-subnets"] = ",".join(subnets)
    by = "service.k8s.aws/nlb" if by_controller(facts) else "eks.amazonaws.com/nlb"
    return {"type": "LoadBalancer", "loadBalancerClass": by, "annotations": annotations}


def by_controller(facts: ClusterFacts) -> bool:
    """Whether the load balancer controller is in the cluster, and not left out for Auto Mode."""
    return "elbv2.k8s.aws" in facts.api_groups and (facts.has_nodes or not facts.auto_mode)
