"""The network of a cluster: one VPC whose subnets are calculated here, so that a review shows them before a deploy."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, ClassVar, Literal

from blueprint.errors import FieldPath, Problem, duplicates
from blueprint.fields import PRIVATE_RANGES, UNIQUE, Cidr, at_most, inside, is_ipv6, matches, one_of, sized
from blueprint.routes import EVERYWHERE, PeeringConnection, Route
from blueprint.value import Rule, Value
from blueprint.zones import ALL_ALIKE, MIXED, ONE_FORM, AvailabilityZone, LocalZone, mixed

SubnetKind = Literal["private", "public", "control-plane", "internal", "pods", "endpoints", "local", "local-public"]
"""Of nodes and pods; of load balancers on the internet; of EKS; of internal load balancers alone; of pods alone; of
interface endpoints; in Local Zones of nodes and pods, and of load balancers on the internet."""

PUBLIC_KINDS = ("public", "local-public")
"""Of subnets for load balancers that answer the internet."""
NODE_KINDS = ("private", "local")
"""Of subnets for nodes."""

# Without a route to the internet, nodes join and pull images through these, and the functions that install charts reach
# EKS, ECR and each other. https://docs.aws.amazon.com/eks/latest/userguide/private-clusters.html. What pods call comes
# to it: blueprint/endpoints.py.
ENDPOINTS_WITHOUT_NAT = ("ec2", "ecr.api", "ecr.dkr", "eks", "lambda")

# https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html
LOG_RETENTION_DAYS = (
    *(1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653),
)
LogRetentionDays = Annotated[
    int,
    one_of(
        LOG_RETENTION_DAYS,
        "CloudWatch Logs does not accept this period",
        f"write one of {', '.join(map(str, LOG_RETENTION_DAYS))}",
    ),
]

SHARED_RANGE = "100.64.0.0/10"
"""RFC 6598: of carriers, and of whoever needs addresses that nobody routes."""
# https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html
VpcCidr = Annotated[
    Cidr,
    sized(
        *(16, 24),
        "the range of a VPC for a cluster is /16 to /24: a smaller one runs out of pod addresses",
        "write for example 10.0.0.0/16",
    ),
    inside(
        (*PRIVATE_RANGES, SHARED_RANGE),
        "the range must be private (RFC 1918) or shared (RFC 6598)",
        "take a range of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or 100.64.0.0/10",
    ),
]
MOST_ZONES = 6
"""Of a region: us-east-1 has them."""
Zones = Annotated[
    tuple[AvailabilityZone, ...],
    Rule(
        lambda zones: 2 <= len(zones) <= MOST_ZONES,
        f"EKS needs 2 zones; a region has at most {MOST_ZONES}",
        'write for example ("a", "b", "c")',
        low=2,
        high=MOST_ZONES,
    ),
    UNIQUE,
    ONE_FORM,
]
_MOST_LOCAL_ZONES = 4
"""For which there is room behind the subnets of the region's zones."""
EndpointService = Annotated[
    str,
    matches(
        r"[a-z0-9-]+(\.[a-z0-9-]+)*",
        "must be the name of an AWS service",
        'write for example "ecr.api"',
        longest=64,
    ),
]


def _holds(block: str, cidr: str) -> bool:
    return ipaddress.IPv4Network(cidr).subnet_of(ipaddress.IPv4Network(block))


class NewNetwork(Value):
    """A VPC made for one cluster: private subnets for nodes, public ones for load balancers, small ones for EKS.

    The default security group is closed, no subnet gives out public addresses, S3 is reached through a gateway
    endpoint, and accepted and rejected traffic is logged.
    """

    create_only = {
        "cidr": "the VPC is replaced, and its subnets and NAT gateways",
        "zones": "node groups are replaced; subnets too, unless zones come behind the others in a /22 or larger",
        "control_plane_zones": "EKS refuses other zones",
        "pod_cidr": "the subnets of pods are replaced",
        "local_zones": "subnets there are replaced, and their node groups, unless zones come behind the others",
    }

    words_of_others = {
        "vpc_id": 'for a VPC that is there already write network=ExistingNetwork(vpc_id="vpc-…", …)',
        "subnet_ids": "for subnets that are there already write network=ExistingNetwork(nodes=(…), …)",
        "azs": 'write zones=("a", "b", "c")',
        "availability_zones": 'write zones=("a", "b", "c")',
        "availability_zone_ids": 'write zones=("usw2-az1", "usw2-az2")',
        "zone_ids": 'write zones=("usw2-az1", "usw2-az2")',
        "max_azs": 'write zones=("a", "b", "c")',
        "single_nat_gateway": 'write nat="one"',
        "one_nat_gateway_per_az": 'write nat="per-zone"',
        "enable_ipv6": "write ipv6=True",
        "transit_gateway_id": 'write routes=(Route("10.0.0.0/8", via=TransitGateway("tgw-…")),)',
        "enable_nat_gateway": 'write nat="none", "one" or "per-zone"',
        "private_subnets": "leave it out: the subnets are calculated, and the plan shows them",
        "public_subnets": "leave it out: the subnets are calculated, and the plan shows them",
    }

    cidr: VpcCidr
    """The VPC's range, /16 to /24."""
    zones: Zones = ("a", "b", "c")
    """Letters of the availability zones, or their ids, such as "usw2-az1", 2 to 6. A letter is another zone in each
    account, and not every region has a, b and c: us-west-1 differs by account. An id is the same zone in all, so write
    ids where clusters of several accounts are to meet in a zone. To AWS they are other zones: choose before the first
    deploy. https://docs.aws.amazon.com/ram/latest/userguide/working-with-az-ids.html"""
    nat: Literal["none", "one", "per-zone"] = "per-zone"
    """NAT gateways. `one` is cheap and dies with its zone; `none` leaves nodes without internet: what they, add-ons and
    secrets of teams call gets an endpoint by itself."""
    interface_endpoints: Annotated[tuple[EndpointService, ...], UNIQUE] = ()
    """AWS services reached inside the VPC, for example ("ecr.api", "ecr.dkr"), beside those that get an endpoint by
    themselves; each costs by hour and zone."""
    flow_log_retention_days: LogRetentionDays = 90
    """How long flow logs stay in CloudWatch; one of the values CloudWatch Logs accepts."""
    control_plane_zones: Zones | None = field(default=None, kw_only=True)
    """Zones of the cluster when it was made; `zones` when None. EKS takes the control plane's subnets from these for
    good, so state them before a zone is added to `zones`.
    https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html"""

    pod_cidr: VpcCidr | None = field(default=None, kw_only=True)
    """A second range of the VPC, /16 to /24, of which each zone has a subnet for pods alone: nodes, and pods in the
    network of their node, stay in the first. A node takes fewer pods then, so write VpcCni(prefix_delegation=True) as
    well. Nodes that are there keep the addresses of their pods: replace them after a change. To take it back, first
    deploy the cluster stack, `cdk deploy --exclusively`, then the rest.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-custom-network.html"""

    ipv6: bool = field(default=False, kw_only=True)
    """Whether the VPC has an IPv6 range of Amazon's as well, with a /64 of it for each subnet of nodes, load balancers
    and EKS: for a cluster of Cluster(ip_family="ipv6"), or for load balancers that answer both families. Nodes of such
    a cluster get out by an egress-only internet gateway, unless `nat` is `none`, and nobody gets in."""

    routes: Annotated[tuple[Route, ...], at_most(40, "routes")] = field(default=(), kw_only=True)
    """Ways to other networks, for example to a company's by a transit gateway; with "0.0.0.0/0" that to the internet,
    by a hub. A table of AWS has 50 at most; Services of Kubernetes hide what has their addresses.
    https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html (routes per route table)"""

    local_zones: Annotated[tuple[LocalZone, ...], UNIQUE, at_most(_MOST_LOCAL_ZONES, "Local Zones")] = field(
        default=(), kw_only=True
    )
    """Local Zones near to users, by name, for example ("us-west-2-lax-1a",): each has a subnet for nodes, which take
    the first zone's way to the internet and to other networks, and one for load balancers. Neither EKS, Fargate nor
    Karpenter's nodes stand there: groups of nodes do that name it in their `zones`. The account opts in to each first.
    https://docs.aws.amazon.com/eks/latest/userguide/local-zones.html"""

    way_out: ClassVar[str] = 'write nat="one"'
    """How nodes and pods get to the internet."""

    @property
    def cidrs(self) -> tuple[str, ...]:
        """All ranges of the VPC."""
        return (self.cidr, self.pod_cidr) if self.pod_cidr else (self.cidr,)

    @property
    def zones_by_place(self) -> Mapping[FieldPath, str]:
        """All zones, by where they stand."""
        given = {
            "zones": self.zones,
            "control_plane_zones": self.control_plane_zones or (),
            "local_zones": self.local_zones,
        }
        return {(field, index): zone for field, zones in given.items() for index, zone in enumerate(zones)}

    @property
    def places_control_plane(self) -> str:
        """The field that says in which zones EKS puts it."""
        return "control_plane_zones" if self.control_plane_zones else "zones"

    @property
    def pods(self) -> bool:
        """Whether pods have subnets of their own."""
        return self.pod_cidr is not None

    @property
    def internet(self) -> bool:
        """Whether nodes and pods reach it."""
        return self.nat != "none" or self.leads_out

    @property
    def leads_out(self) -> bool:
        """Whether a route is the way to the internet, in the place of NAT gateways."""
        return any(route.to == EVERYWHERE for route in self.routes)

    def problems(self) -> Iterator[Problem]:
        of_control_plane = self.control_plane_zones or ()
        if of_control_plane and mixed((*of_control_plane, *self.zones)):
            yield Problem(("control_plane_zones",), of_control_plane, MIXED, ALL_ALIKE)
        elif lost := [zone for zone in of_control_plane if zone not in self.zones]:
            rule = "the control plane keeps a subnet in each of its zones"
            yield Problem(("control_plane_zones",), self.control_plane_zones, rule, f"keep {', '.join(lost)} in zones")
        vpc = ipaddress.ip_network(self.cidr)
        small = self.endpoint_prefix if self.has_endpoints else None
        behind = 0 if small is None else len(self.zones) * 2 ** (32 - small)
        if self.room * self._of_a_zone + behind > vpc.num_addresses:
            rule = f"the subnets of {len(self.zones)} zones do not fit into {vpc}"
            yield Problem(("zones",), self.zones, rule, "take fewer zones, or a larger range")
        elif self.local_zones and not self._has_room_for_local_zones(behind):
            rule = f"the subnets of {len(self.local_zones)} Local Zones do not fit into {vpc} beside the others"
            yield Problem(("local_zones",), self.local_zones, rule, "take fewer, or a larger range")
        if self.pod_cidr and self.local_zones:
            rule = "pods of nodes in Local Zones would get no addresses: they have no subnets of that range there"
            yield Problem(("local_zones",), self.local_zones, rule, "leave one of local_zones and pod_cidr out")
        if self.pod_cidr and vpc.overlaps(ipaddress.ip_network(self.pod_cidr)):
            rule = f"overlaps {vpc}, which ranges of a VPC never do"
            yield Problem(("pod_cidr",), self.pod_cidr, rule, "take another range, for example 100.64.0.0/16")
        elif self.pod_cidr and not any(_holds(block, self.pod_cidr) for block in self._beside):
            rule = f"AWS adds no such range to a VPC of {vpc}"
            yield Problem(("pod_cidr",), self.pod_cidr, rule, f"take a range of {' or '.join(self._beside)}")
        yield from self._routes()

    def _routes(self) -> Iterator[Problem]:
        """https://docs.aws.amazon.com/vpc/latest/userguide/route-table-options.html"""
        targets = ((("routes", index, "to"), route.to) for index, route in enumerate(self.routes))
        yield from duplicates(targets, "route", "remove one")
        for index, route in enumerate(self.routes):
            place = ("routes", index, "to")
            if is_ipv6(route.to):
                if not self.ipv6:
                    rule = "the VPC has no IPv6 addresses"
                    yield Problem(place, route.to, rule, "leave the route out, or write ipv6=True")
            elif any(_holds(cidr, route.to) for cidr in self.cidrs):
                rule = f"the VPC itself has these addresses ({', '.join(self.cidrs)})"
                yield Problem(place, route.to, rule, "name a range outside of it, or one that holds it")
            elif route.to == EVERYWHERE and self.nat != "none":
                rule = "NAT gateways are the way to the internet already, and a table has one"
                yield Problem(place, route.to, rule, 'leave the route out, or write nat="none"')
            elif route.to == EVERYWHERE and isinstance(route.via, PeeringConnection):
                rule = "a peering connection leads to the other VPC, and no farther"
                yield Problem(place, route.to, rule, 'name the range of that VPC, or via=TransitGateway("tgw-…")')

    @property
    def _beside(self) -> tuple[str, ...]:
        """Ranges of which one may be added.

        https://docs.aws.amazon.com/vpc/latest/userguide/vpc-cidr-blocks.html (association restrictions)
        """
        own = [block for block in PRIVATE_RANGES if _holds(block, self.cidr)]
        return (*own, SHARED_RANGE)

    @property
    def prefixes(self) -> dict[SubnetKind, int]:
        """Prefix length of each kind of subnet: eighths of the VPC for nodes and pods, the rest small.

        Public subnets hold load balancers only (AWS asks for 8 free addresses each, so /24 to /28); EKS asks for 6
        addresses, better 16, in each control-plane subnet.
        https://docs.aws.amazon.com/eks/latest/userguide/network-reqs.html
        """
        vpc = ipaddress.ip_network(self.cidr).prefixlen
        return {"private": vpc + 3, "public": min(vpc + 8, 28), "control-plane": 28}

    @property
    def local_ranges(self) -> tuple[tuple[str, str, str], ...]:
        """Of each Local Zone its name, and its ranges for nodes and for load balancers: in the VPC's last eighth, of
        which a zone of the region never has any, a quarter for each.
        """
        vpc = ipaddress.IPv4Network(self.cidr)
        quarters = [*vpc.subnets(prefixlen_diff=3)][-1].subnets(prefixlen_diff=2)
        found = []
        for zone, quarter in zip(self.local_zones, quarters, strict=False):
            nodes, rest = quarter.subnets()
            public = ipaddress.IPv4Network((rest.network_address, self.prefixes["public"]), strict=False)
            found.append((zone, str(nodes), str(public)))
        return tuple(found)

    def _has_room_for_local_zones(self, behind: int) -> bool:
        """Between the subnets of the region's zones and those of endpoints, which are `behind`."""
        size = ipaddress.IPv4Network(self.cidr).num_addresses
        first = size * 7 // 8
        return self.room * self._of_a_zone <= first and first + len(self.local_zones) * size // 32 <= size - behind

    @property
    def has_endpoints(self) -> bool:
        """Whether some AWS services are reached inside the VPC, by network interfaces in subnets of their own."""
        return not self.internet or bool(self.interface_endpoints)

    @property
    def endpoint_prefix(self) -> int:
        """Prefix length of their subnets, which lie at the end of the VPC, so that they move no others: an address for
        each endpoint, and five that AWS keeps.
        https://docs.aws.amazon.com/vpc/latest/userguide/subnet-sizing.html
        """
        return 27 if ipaddress.ip_network(self.cidr).prefixlen <= 20 else 28

    @property
    def most_endpoints(self) -> int:
        """For how many endpoints there are addresses."""
        return int(2 ** (32 - self.endpoint_prefix)) - 5

    @property
    def room(self) -> int:
        """For how many zones each kind of subnet keeps ranges, so that a zone added later moves no other subnet.

        Networks smaller than /22 have none to spare.
        """
        six = MOST_ZONES * self._of_a_zone
        return MOST_ZONES if six <= ipaddress.ip_network(self.cidr).num_addresses else len(self.zones)

    @property
    def _of_a_zone(self) -> int:
        """Addresses."""
        return sum(int(2 ** (32 - prefix)) for prefix in self.prefixes.values())
