"""The network of a cluster in a VPC that is there already, and stays its owner's."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import field
from itertools import combinations
from typing import Annotated, ClassVar

from blueprint.errors import FieldPath, Problem
from blueprint.fields import (
    NOT_EMPTY,
    PRIVATE_RANGES,
    UNIQUE,
    Cidr,
    at_most,
    inside,
    is_ipv6_network,
    matches,
    sized,
)
from blueprint.network import ENDPOINTS_WITHOUT_NAT, SHARED_RANGE, EndpointService
from blueprint.value import Rule, Value
from blueprint.zones import ALL_ALIKE, MIXED, AnyZone, is_id, is_local

# Eight hexadecimal digits until 2018, seventeen since.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
VpcId = Annotated[
    str,
    matches(r"vpc-([0-9a-f]{17}|[0-9a-f]{8})", "must be the id of a VPC", 'write for example "vpc-0a1b2c3d4e5f60718"'),
]
SubnetId = Annotated[
    str,
    matches(
        r"subnet-([0-9a-f]{17}|[0-9a-f]{8})",
        "must be the id of a subnet",
        'write for example "subnet-0a1b2c3d4e5f60718"',
    ),
]
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html, subnet-sizing.html
_SIZE = sized(16, 28, "a VPC and its subnets have ranges of /16 to /28", "write the range as the VPC has it")
_PRIVATE = inside(
    (*PRIVATE_RANGES, SHARED_RANGE),
    "the range must be private (RFC 1918) or shared (RFC 6598), or what teams open to the internet opens to its pods",
    "put the cluster into subnets of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
)
VpcRange = Annotated[Cidr, _SIZE, _PRIVATE]
SubnetRange = Annotated[Cidr, _SIZE]


# https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html#subnet-sizing-ipv6
SubnetIpv6Range = Annotated[
    str,
    Rule(
        lambda text: is_ipv6_network(text, 44, 64),
        "must be an IPv6 network of /44 to /64 in CIDR notation with no host bits set, in its shortest form",
        'write for example "2600:1f14:12:3400::/64"',
    ),
]


class ExistingSubnet(Value):
    """A subnet of a VPC that is there already. It changes nothing of it: no tag, no route, no setting."""

    id: SubnetId
    """Its id, for example "subnet-0a1b2c3d4e5f60718"."""
    zone: AnyZone
    """Its availability zone, by the letter that it has in the cluster's account, or by its id, such as "usw2-az1",
    which it has in its owner's as well; or its Local Zone, by name, such as "us-west-2-lax-1a".
    https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html"""
    cidr: SubnetRange
    """Its range, as it is: policies of teams and the plan reckon with it."""
    ipv6_cidr: SubnetIpv6Range | None = None
    """Its IPv6 range, if it has one."""


def _zones(subnets: tuple[ExistingSubnet, ...]) -> list[str]:
    """Those of the region, without Local Zones."""
    return [subnet.zone for subnet in subnets if not is_local(subnet.zone)]


_SEVERAL_ZONES = Rule(
    lambda subnets: not _zones(subnets) or len({*_zones(subnets)}) > 1,
    "must be of two zones at least",
    "add a subnet of another zone, or leave the field out",
)
_ONE_OF_A_ZONE = Rule(
    lambda subnets: len({subnet.zone for subnet in subnets}) == len(subnets),
    "a load balancer takes one subnet of a zone",
    "keep one of each zone",
)
# https://docs.aws.amazon.com/elasticloadbalancing/latest/application/application-load-balancers.html#subnets-load-balancer
LoadBalancerSubnets = Annotated[tuple[ExistingSubnet, ...], _SEVERAL_ZONES, _ONE_OF_A_ZONE]
# An ENIConfig is named after a zone: amazon-vpc-cni-k8s v1.22.4 README.md (ENI_CONFIG_LABEL_DEF)
PodSubnets = Annotated[
    tuple[ExistingSubnet, ...],
    Rule(
        lambda subnets: len({subnet.zone for subnet in subnets}) == len(subnets),
        "pods of a zone have one subnet",
        "keep one of each zone",
    ),
]
# https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html#cluster-subnets
ControlPlaneSubnets = Annotated[tuple[ExistingSubnet, ...], _SEVERAL_ZONES]


VpcIpv6Range = Annotated[
    str,
    Rule(
        lambda text: is_ipv6_network(text, 44, 60),
        "must be an IPv6 network of /44 to /60 in CIDR notation with no host bits set, in its shortest form",
        'write for example "2600:1f14:12:3400::/56"',
    ),
]


class ExistingNetwork(Value):
    """A VPC that is there already, and the subnets of it that the cluster uses. No template makes, changes, tags or
    deletes anything of it: routes, NAT, endpoints and flow logs are its owner's.

    Nothing is looked up: what stands here is believed, and `make doctor` holds it against the VPC, with what no file
    can know, such as routes, tags and free addresses.
    """

    create_only = {
        "vpc_id": "EKS refuses subnets of another VPC",
        "nodes": "node groups and Fargate profiles are replaced",
        "control_plane": "EKS refuses other zones",
    }

    words_of_others = {
        "id": "write vpc_id",
        "cidr": 'write cidrs=("10.0.0.0/16",)',
        "subnet_ids": "write nodes=(ExistingSubnet(…), …)",
        "private_subnets": "write nodes=(ExistingSubnet(…), …)",
        "public_subnets": "write load_balancers=(ExistingSubnet(…), …)",
        "control_plane_subnet_ids": "write control_plane=(ExistingSubnet(…), …)",
        "subnets": "write nodes, and load_balancers, internal_load_balancers, control_plane where they stand elsewhere",
        "nat": "leave it out: it is the owner's; write internet=False where nodes have no way there",
        "zones": "leave it out: each subnet says its own",
        "flow_log_retention_days": "leave it out: flow logs of the VPC are its owner's",
    }

    vpc_id: VpcId
    """Its id, for example "vpc-0a1b2c3d4e5f60718"."""
    cidrs: Annotated[tuple[VpcRange, ...], NOT_EMPTY, UNIQUE, at_most(50, "ranges")]
    """Its ranges, the primary one first, then those that were added.
    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (IPv4 CIDR blocks per VPC)"""
    nodes: Annotated[tuple[ExistingSubnet, ...], NOT_EMPTY]
    """Private subnets: of nodes and their pods, of Fargate, of the functions that install charts. A zone may have
    several. In those of Local Zones stand groups of nodes alone that name the zone in their `zones`."""
    load_balancers: LoadBalancerSubnets = ()
    """Public subnets: of load balancers that answer the internet, one of each zone. None where no team has any. One
    that stands in a Local Zone has the class `alb-<zone>`."""
    internal_load_balancers: LoadBalancerSubnets = ()
    """Private subnets of load balancers that answer inside, one of each zone; those of the nodes when empty."""
    control_plane: ControlPlaneSubnets = ()
    """Private subnets in which EKS puts the control plane's network interfaces; those of the nodes when empty. It keeps
    their zones for good, so state some of the nodes' before you add a zone there."""
    pods: PodSubnets = field(default=(), kw_only=True)
    """Private subnets of pods, one of each zone of the nodes, where pods have a range of their own: nodes, and pods in
    the network of their node, stay in `nodes`. A node takes fewer pods then, so write VpcCni(prefix_delegation=True) as
    well. Nodes that are there keep the addresses of their pods: replace them after a change.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html"""
    ipv6_cidrs: Annotated[tuple[VpcIpv6Range, ...], UNIQUE, at_most(5, "ranges")] = field(default=(), kw_only=True)
    """Its IPv6 ranges, if it has some: all subnets of nodes, load balancers and EKS then say theirs as well.
    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (IPv6 CIDR blocks per VPC)"""
    internet: bool = field(default=True, kw_only=True)
    """Whether nodes and pods reach it, by whatever way: NAT gateways, a transit gateway, a firewall."""
    interface_endpoints: Annotated[tuple[EndpointService, ...], UNIQUE] = field(default=(), kw_only=True)
    """AWS services that have an interface endpoint there, for example ("ecr.api", "ecr.dkr")."""
    endpoints: tuple[ExistingSubnet, ...] = field(default=(), kw_only=True)
    """Private subnets in which these have their network interfaces, where no pods are: what `ToAwsServices` of a team
    opens."""

    shared: bool = field(default=False, kw_only=True)
    """Whether it is another account's, which shares the subnets by AWS RAM. What its owner tagged is not seen here, so
    no load balancer controller finds subnets by tags: Ingresses and Services name them, in the annotation
    `alb.ingress.kubernetes.io/subnets` or `service.beta.kubernetes.io/aws-load-balancer-subnets`. Teams may write the
    ids of load_balancers and internal_load_balancers there, and no others. Without load_balancers, the class `alb` says
    the internal ones, and an Ingress needs no annotation.
    https://docs.aws.amazon.com/vpc/latest/userguide/vpc-share-limitations.html"""

    way_out: ClassVar[str] = "write internet=True where the VPC has a way there"
    """How nodes and pods get to the internet."""

    @property
    def ipv6(self) -> bool:
        """Whether its subnets have IPv6 addresses."""
        return bool(self.ipv6_cidrs)

    def problems(self) -> Iterator[Problem]:
        if not self.internet and (lacking := sorted({*ENDPOINTS_WITHOUT_NAT} - {*self.interface_endpoints})):
            rule = f"without internet, nodes reach AWS through endpoints only; missing: {', '.join(lacking)}"
            yield Problem(("interface_endpoints",), self.interface_endpoints, rule, f"add them, or {self.way_out}")
        yield from _overlaps("ranges of a VPC", {("cidrs", index): cidr for index, cidr in enumerate(self.cidrs)})
        if not self.control_plane and len({*_zones(self.nodes)}) < 2:
            rule = "EKS needs subnets of two zones for the control plane"
            fix = "add a subnet of another zone, or name others in control_plane"
            yield Problem(("nodes",), ", ".join(_zones(self.nodes)), rule, fix)
        yield from self._local()
        regional = {place: each for place, each in self.placed.items() if not is_local(each.zone)}
        first, *others = regional.items() or self.placed.items()
        if unlike := next((place for place, each in others if is_id(each.zone) != is_id(first[1].zone)), None):
            yield Problem((*unlike, "zone"), self.placed[unlike].zone, MIXED, ALL_ALIKE)
        elif self.pods and (lacking := sorted({*_zones(self.nodes)} - {*_zones(self.pods)})):
            rule = f"pods of nodes in zone {', '.join(lacking)} would get no addresses"
            yield Problem(("pods",), ", ".join(_zones(self.pods)), rule, "add a subnet of each zone of the nodes")
        yield from self._outside()
        yield from self._ipv6()
        yield from self._mixed()
        different = {subnet.id: (place, subnet.cidr) for place, subnet in reversed([*self.placed.items()])}
        yield from _overlaps("subnets", dict(reversed(different.values())))

    @property
    def placed(self) -> Mapping[FieldPath, ExistingSubnet]:
        """All subnets, by where they stand."""
        names = ("nodes", "load_balancers", "internal_load_balancers", "control_plane", "pods", "endpoints")
        return {(name, index): subnet for name in names for index, subnet in enumerate(getattr(self, name))}

    @property
    def zones_by_place(self) -> Mapping[FieldPath, str]:
        """All zones, by where they stand."""
        return {(*place, "zone"): subnet.zone for place, subnet in self.placed.items()}

    @property
    def places_control_plane(self) -> str:
        """The field that says in which subnets EKS puts it."""
        return "control_plane" if self.control_plane else "nodes"

    def _local(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/eks/latest/userguide/local-zones.html"""
        local = {place: each for place, each in self.placed.items() if is_local(each.zone)}
        for place, subnet in local.items():
            if place[0] not in ("nodes", "load_balancers"):
                rule = "in Local Zones stand nodes and their load balancers alone"
                yield Problem((*place, "zone"), subnet.zone, rule, "name a subnet of one of the region's zones")
            elif place[0] == "nodes" and self.pods:
                rule = "pods of nodes in Local Zones would get no addresses: they have no subnets of their own there"
                yield Problem((*place, "zone"), subnet.zone, rule, "leave the subnet out, or pods")

    def _outside(self) -> Iterator[Problem]:
        ranges = [ipaddress.IPv4Network(cidr) for cidr in self.cidrs]
        for place, subnet in self.placed.items():
            if not any(ipaddress.IPv4Network(subnet.cidr).subnet_of(each) for each in ranges):
                rule = f"lies outside of the VPC ({', '.join(self.cidrs)})"
                yield Problem((*place, "cidr"), subnet.cidr, rule, "correct it, or add the range to cidrs")

    def _ipv6(self) -> Iterator[Problem]:
        ranges = [ipaddress.IPv6Network(cidr) for cidr in self.ipv6_cidrs]
        for place, subnet in self.placed.items():
            if subnet.ipv6_cidr is None:
                if ranges and place[0] not in ("pods", "endpoints") and not is_local(subnet.zone):
                    rule = "the VPC has IPv6 ranges, and its subnets of nodes, load balancers and EKS need one as well"
                    fix = "write that of the subnet, or leave ipv6_cidrs out"
                    yield Problem((*place, "ipv6_cidr"), None, rule, fix)
            elif not any(ipaddress.IPv6Network(subnet.ipv6_cidr).subnet_of(each) for each in ranges):
                rule = f"lies outside of the VPC ({', '.join(self.ipv6_cidrs) or 'without ipv6_cidrs'})"
                fix = "correct it, or add the range to ipv6_cidrs"
                yield Problem((*place, "ipv6_cidr"), subnet.ipv6_cidr, rule, fix)

    def _mixed(self) -> Iterator[Problem]:
        """One subnet in several places: what stands in private ones may share them, and nothing else may."""
        first: dict[str, tuple[FieldPath, ExistingSubnet]] = {}
        for place, subnet in self.placed.items():
            other_place, other = first.setdefault(subnet.id, (place, subnet))
            if other_place == place:
                continue
            if other_place[0] == place[0]:
                yield Problem((*place, "id"), subnet.id, "must hold no duplicate", "remove the repeated one")
            elif place[0] in ("pods", "endpoints"):
                rule = f"{place[0]} have subnets of their own there, and this one stands in {other_place[0]} as well"
                yield Problem((*place, "id"), subnet.id, rule, "name another subnet")
            elif "load_balancers" in (place[0], other_place[0]):
                rule = f"a subnet is public or private, and this one stands in {other_place[0]} as well"
                yield Problem((*place, "id"), subnet.id, rule, "name another subnet in one of both")
            elif other != subnet and is_id(other.zone) == is_id(subnet.zone):
                rule = f"has another zone or range in {other_place[0]}"
                yield Problem((*place, "id"), subnet.id, rule, "write the same in both, as the VPC has it")


def _overlaps(what: str, ranges: Mapping[FieldPath, str]) -> Iterator[Problem]:
    for (_, one), (place, other) in combinations(ranges.items(), 2):
        if ipaddress.IPv4Network(one).overlaps(ipaddress.IPv4Network(other)):
            rule = f"overlaps {one}, which {what} never do"
            yield Problem(place if place[0] == "cidrs" else (*place, "cidr"), other, rule, "correct one of them")
