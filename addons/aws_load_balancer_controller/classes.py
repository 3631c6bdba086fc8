"""More classes of Ingresses: https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

from addons.aws_load_balancer_controller.ingress_class import (
    CHARTS_OWN,
    IpAddressType,
    ingress_class,
    ip_address_type_of,
)
from blueprint.addons import ClusterFacts
from blueprint.addons.load_balancers import Scheme
from blueprint.errors import Problem, duplicates
from blueprint.fields import UNIQUE, AnyCidr, CertificateArn, DnsLabel
from blueprint.kubernetes import Manifest
from blueprint.teams.namespaces import TEAM_LABEL
from blueprint.value import Value


class AlbClass(Value):
    """What holds for all load balancers of the Ingresses that name it in `ingressClassName`, whatever their annotations
    say. https://kubernetes-sigs.github.io/aws-load-balancer-controller/latest/guide/ingress/ingress_class
    """

    name: DnsLabel
    """Of the IngressClass, for example "alb-public"."""
    scheme: Scheme
    """Who reaches them: the VPC and what is connected to it, or everybody."""
    teams: Annotated[tuple[DnsLabel, ...], UNIQUE] = ()
    """Whose Ingresses may name it; those of everybody when empty."""
    group: DnsLabel | None = None
    """Of the one load balancer that all its Ingresses share, whose rules are then whatever any of them says. None: each
    has one of its own."""
    certificates: Annotated[tuple[CertificateArn, ...], UNIQUE] = ()
    """Of ACM, in the cluster's region; found by host when empty."""
    allow: Annotated[tuple[AnyCidr, ...], UNIQUE] = ()
    """Ranges of addresses that reach them; all when empty."""


def problems(classes: Sequence[AlbClass]) -> Iterator[Problem]:
    """Paths are from the add-on."""
    for index, each in enumerate(classes):
        if each.name == CHARTS_OWN:
            rule = "the class of this name is the add-on's own"
            yield Problem(("classes", index, "name"), each.name, rule, 'write for example "alb-public"')
    names = ((("classes", index, "name"), each.name) for index, each in enumerate(classes))
    yield from duplicates(names, "class", "rename one")
    groups = ((("classes", index, "group"), each.group) for index, each in enumerate(classes) if each.group)
    yield from duplicates(groups, "group", "write another: one load balancer has one scheme")


def problems_on(facts: ClusterFacts, classes: Sequence[AlbClass]) -> Iterator[Problem]:
    """Paths are from the add-on."""
    local = {f"alb-{zone}" for zone, _ in facts.local_load_balancers}
    for index, each in enumerate(classes):
        if each.name in local:
            rule = "the class of this name is that of load balancers in a Local Zone"
            yield Problem(("classes", index, "name"), each.name, rule, "rename it")
        if each.scheme == "internet-facing" and not facts.load_balancer_ranges:
            rule = "the network has no public subnets, in which such load balancers stand"
            yield Problem(("classes", index, "scheme"), each.scheme, rule, 'write "internal"')
        for at, arn in enumerate(each.certificates):
            if arn.split(":")[3] != facts.region:
                rule = f"it is not of the cluster's region ({facts.region}), and load balancers take no other"
                yield Problem(("classes", index, "certificates", at), arn, rule, f"name one of {facts.region}")


def objects(
    facts: ClusterFacts, classes: Iterable[AlbClass], ip_address_type: IpAddressType | None
) -> Iterator[Manifest]:
    """Each class with its parameters."""
    for each in classes:
        spec: dict[str, Any] = {"scheme": each.scheme}
        if subnets := dict(facts.named_subnets).get(each.scheme):
            spec["subnets"] = {"ids": list(subnets)}
        if families := ip_address_type_of(facts, ip_address_type):
            spec["ipAddressType"] = families
        if each.teams:
            of_teams = {"key": TEAM_LABEL, "operator": "In", "values": list(each.teams)}
            spec["namespaceSelector"] = {"matchExpressions": [of_teams]}
        if each.group:
            spec["group"] = {"name": each.group}
        if each.certificates:
            spec["certificateArn"] = list(each.certificates)
        if each.allow:
            spec["inboundCIDRs"] = list(each.allow)
        yield from ingress_class(each.name, spec)
