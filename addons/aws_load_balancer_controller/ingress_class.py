"""Classes of Ingresses, and what holds for all load balancers of one: IngressClassParams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Literal

from blueprint.addons import ClusterFacts, Values
from blueprint.errors import Problem
from blueprint.kubernetes import Manifest

CHARTS_OWN = "alb"
"""What the chart calls its class."""
_SPEC = {"controller": "ingress.k8s.aws/alb"}

IpAddressType = Literal["ipv4", "dualstack"]
"""https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class/"""


def params(facts: ClusterFacts, ip_address_type: IpAddressType | None) -> Values:
    """Subnets where all its load balancers stand in the same ones and nothing but this tells which, and the families
    that they answer.
    """
    spec: dict[str, Any] = {}
    for scheme, ids in only_subnets(facts):
        spec |= {"scheme": scheme, "subnets": {"ids": list(ids)}}
    if families := ip_address_type_of(facts, ip_address_type):
        spec["ipAddressType"] = families
    return {"ingressClassParams": {"spec": spec}} if spec else {}


def only_subnets(facts: ClusterFacts) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Scheme and subnets of all load balancers, where there are such for internal ones alone and no tag tells which."""
    return facts.named_subnets if [scheme for scheme, _ in facts.named_subnets] == ["internal"] else ()


def ip_address_type_of(facts: ClusterFacts, ip_address_type: IpAddressType | None) -> IpAddressType | None:
    """What they answer; None where upstream's default serves."""
    return ip_address_type or ("dualstack" if facts.ip_family == "ipv6" else None)


def local_classes(facts: ClusterFacts) -> Iterator[Manifest]:
    """A class of Ingresses for each Local Zone, since a load balancer stands either there or in the region.

    aws-load-balancer-controller v3.5.0 pkg/networking/subnet_resolver.go (validateSubnetsLocaleUniformity)
    """
    for zone, subnet in facts.local_load_balancers:
        yield from ingress_class(f"alb-{zone}", {"subnets": {"ids": [subnet]}})


def ingress_class(name: str, spec: Mapping[str, Any]) -> Iterator[Manifest]:
    """A class with its parameters."""
    kind, group = "IngressClassParams", "elbv2.k8s.aws"
    metadata = {"name": name}
    yield {"apiVersion": f"{group}/v1beta1", "kind": kind, "metadata": metadata, "spec": spec}
    yield {**_named(name), "spec": {**_SPEC, "parameters": {"apiGroup": group, "kind": kind, "name": name}}}


def of_chart(values: Values, *, default: bool) -> Manifest:
    """The class that the chart makes; `default`: of Ingresses that name none."""
    annotations = {"ingressclass.kubernetes.io/is-default-class": "true"} if default else {}
    return {**_named(str(values.get("ingressClass", CHARTS_OWN)), **annotations), "spec": _SPEC}


def _named(name: str, **annotations: str) -> dict[str, Any]:
    metadata = {"name": name, **({"annotations": annotations} if annotations else {})}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "IngressClass", "metadata": metadata}


def problems(facts: ClusterFacts, ip_address_type: IpAddressType | None) -> Iterator[Problem]:
    """Paths are from the add-on."""
    if ip_address_type == "dualstack" and not facts.ipv6:
        rule = "its load balancers have IPv6 addresses of their subnets, and those of the network have none"
        fix = "write ipv6=True in the network, or ipv6_cidrs and ipv6_cidr of one that is there already"
        yield Problem(("ip_address_type",), ip_address_type, rule, fix)
    if ip_address_type == "ipv4" and facts.ip_family == "ipv6":
        rule = "pods of an IPv6 cluster are reached from load balancers of both families alone"
        yield Problem(("ip_address_type",), ip_address_type, rule, "leave it out")
