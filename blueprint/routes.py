"""Ways out of a VPC beside NAT gateways: to a company's network, or to the internet by a hub."""

from __future__ import annotations

from typing import Annotated

from blueprint.fields import NOT_RESERVED, AnyCidr, matches
from blueprint.value import Value

EVERYWHERE = "0.0.0.0/0"
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html
TransitGatewayId = Annotated[
    str,
    matches(r"tgw-[0-9a-f]{17}", "must be the id of a transit gateway", 'write for example "tgw-0a1b2c3d4e5f60718"'),
]
PeeringConnectionId = Annotated[
    str,
    matches(
        r"pcx-([0-9a-f]{17}|[0-9a-f]{8})",
        "must be the id of a peering connection",
        'write for example "pcx-0a1b2c3d4e5f60718"',
    ),
]


class TransitGateway(Value):
    """A transit gateway that is there already, in the cluster's account or shared with it by AWS RAM. The network stack
    attaches the VPC to it, in the subnets of EKS, which are small and have no nodes.

    What leads back to the VPC stands in the gateway's own route tables, which are its owner's. One of another account
    may ask its owner to accept each attachment: the stack waits meanwhile.
    https://docs.aws.amazon.com/vpc/latest/tgw/tgw-vpc-attachments.html
    """

    id: TransitGatewayId
    """Its id, for example "tgw-0a1b2c3d4e5f60718"."""


class PeeringConnection(Value):
    """A peering connection of the VPC with another one, which somebody has made and accepted.

    It has the id of the VPC, so it comes after the network: deploy, peer, then add the route.
    https://docs.aws.amazon.com/vpc/latest/peering/vpc-peering-routing.html
    """

    id: PeeringConnectionId
    """Its id, for example "pcx-0a1b2c3d4e5f60718"."""


class Route(Value):
    """A route of the subnets of nodes, pods and EKS. Those of load balancers on the internet have none, since they
    answer by the gateway by which they are asked.
    """

    to: Annotated[AnyCidr, NOT_RESERVED]
    """The range, for example "10.0.0.0/8". "0.0.0.0/0" is the way to the internet: with it, `nat` is "none"."""
    via: TransitGateway | PeeringConnection
    """Where it leads. A peering connection leads no farther than to the other VPC."""
