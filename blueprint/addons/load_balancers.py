"""Network Load Balancers before proxies that an add-on brings, whoever makes them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from blueprint.errors import Problem
from blueprint.facts import ClusterFacts

Scheme = Literal["internal", "internet-facing"]
"""Who reaches them: the VPC and what is connected to it, or everybody."""

_ANNOTATION = "service.beta.kubernetes.io/aws-load-balancer"
# https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/service/nlb,
# https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-nlb.html
_CONTROLLER, _AUTO_MODE = "service.k8s.aws/nlb", "eks.amazonaws.com/nlb"


def service(facts: ClusterFacts, scheme: Scheme | None) -> dict[str, Any]:
    """Type, class and annotations of a Service: one with a load balancer, or none that anybody outside reaches."""
    if not scheme:
        return {"type": "ClusterIP"}
    annotations = {f"{_ANNOTATION}-scheme": scheme, f"{_ANNOTATION}-nlb-target-type": "ip"}
    if facts.ip_family == "ipv6":
        annotations[f"{_ANNOTATION}-ip-address-type"] = "dualstack"
    if subnets := dict(facts.named_subnets).get(scheme):
        annotations[f"{_ANNOTATION}-subnets"] = ",".join(subnets)
    by = _CONTROLLER if _by_controller(facts) else _AUTO_MODE
    return {"type": "LoadBalancer", "loadBalancerClass": by, "annotations": annotations}


def problems(facts: ClusterFacts, scheme: Scheme | None) -> Iterator[Problem]:
    """Why there would be none; paths are from the value that has `scheme`."""
    if scheme and not _by_controller(facts) and not facts.auto_mode:
        rule = "nobody makes load balancers for Services in this cluster"
        yield Problem(("scheme",), scheme, rule, "add AwsLoadBalancerController() to addons, or write None")
    if scheme == "internet-facing" and not facts.load_balancer_ranges:
        rule = "the network has no public subnets, in which such load balancers stand"
        yield Problem(("scheme",), scheme, rule, 'write "internal"')


def _by_controller(facts: ClusterFacts) -> bool:
    """Whether the load balancer controller is in the cluster, and not left out for Auto Mode."""
    return "elbv2.k8s.aws" in facts.api_groups and (facts.has_nodes or not facts.auto_mode)
