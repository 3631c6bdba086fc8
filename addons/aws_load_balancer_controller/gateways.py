"""Classes of Gateways: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/gateway/gateway"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from addons.aws_load_balancer_controller.ingress_class import IpAddressType, ip_address_type_of, only_subnets
from blueprint.addons import ClusterFacts, Values
from blueprint.kubernetes import Manifest

_CLASSES = ("alb", "nlb")
# All three, or it turns itself off where it starts before the kinds are there: pkg/gateway/crddetect of v3.5.0.
FEATURES: Values = {"ALBGatewayAPI": True, "NLBGatewayAPI": True, "GatewayListenerSet": True}


def classes(facts: ClusterFacts, namespace: str, ip_address_type: IpAddressType | None) -> Iterator[Manifest]:
    """Both, with what holds for all load balancers of either."""
    spec: dict[str, Any] = {}
    for scheme, ids in only_subnets(facts):
        spec |= {"scheme": scheme, "loadBalancerSubnets": [{"identifier": each} for each in ids]}
    if families := ip_address_type_of(facts, ip_address_type):
        spec["ipAddressType"] = families
    for name in _CLASSES:
        own: dict[str, Any] = {"controllerName": f"gateway.k8s.aws/{name}"}
        if spec:
            metadata = {"name": name, "namespace": namespace}
            yield {
                "apiVersion": "gateway.k8s.aws/v1",
                "kind": "LoadBalancerConfiguration",
                "metadata": metadata,
                "spec": spec,
            }
            own["parametersRef"] = {"group": "gateway.k8s.aws", "kind": "LoadBalancerConfiguration", **metadata}
        yield {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": {"name": name},
            "spec": own,
        }
