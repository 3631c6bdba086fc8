"""What holds for all load balancers of the class alb: IngressClassParams."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from blueprint.addons import ClusterFacts, Values
from blueprint.errors import Problem
from blueprint.kubernetes import Manifest

IpAddressType = Literal["ipv4", "dualstack"]
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class/"""


def params(facts: ClusterFacts, ip_address_type: IpAddressType | None) -> Values:
    """Subnets where all its load balancers stand in the same ones and nothing but this tells which, and the families
    that they answer.
    """
    spec: dict[str, Any] = {}
    if [scheme for scheme, _ in facts.named_subnets] == ["internal"]:
        ((scheme, ids),) = facts.named_subnets
        spec |= {"scheme": scheme, "subnets": {"ids": list(ids)}}
    if families := ip_address_type or ("dualstack" if facts.ip_family == "ipv6" else None):
        spec["ipAddressType"] = families
    return {"ingressClassParams": {"spec": spec}} if spec else {}


def local_classes(facts: ClusterFacts) -> Iterator[Manifest]:
    """A class of Ingresses for each Local Zone, since a load balancer stands either there or in the region.

    aws-load-balancer-controller v3.5.0 pkg/networking/subnet_resolver.go (validateSubnetsLocaleUniformity)
    """
    for zone, subnet in facts.local_load_balancers:
        meta = {"name": f"alb-{zone}"}
        spec = {"subnets": {"ids": [subnet]}}
        yield {"apiVersion": "elbv2.k8s.aws/v1beta1", "kind": "IngressClassParams", "metadata": meta, "spec": spec}
        parameters = {"apiGroup": "elbv2.k8s.aws", "kind": "IngressClassParams", "name": meta["name"]}
        yield {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": meta,
            "spec": {"controller": "ingress.k8s.aws/alb", "parameters": parameters},
        }


def problems(facts: ClusterFacts, ip_address_type: IpAddressType | None) -> Iterator[Problem]:
    """Paths are from the add-on."""
    if ip_address_type == "dualstack" and not facts.ipv6:
        rule = "its load balancers have IPv6 addresses of their subnets, and those of the network have none"
        fix = "write ipv6=True in the network, or ipv6_cidrs and ipv6_cidr of one that is there already"
        yield Problem(("ip_address_type",), ip_address_type, rule, fix)
    if ip_address_type == "ipv4" and facts.ip_family == "ipv6":
        rule = "pods of an IPv6 cluster are reached from load balancers of both families alone"
        yield Problem(("ip_address_type",), ip_address_type, rule, "leave it out")
