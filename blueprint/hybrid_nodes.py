"""Nodes outside of AWS: EKS Hybrid Nodes. https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-overview.html"""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from itertools import combinations
from typing import Annotated, Literal

from blueprint.compute import Compute
from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, PRIVATE_RANGES, UNIQUE, Cidr, at_most, inside, matches, sized
from blueprint.instances import Architecture

# https://docs.aws.amazon.com/eks/latest/APIReference/API_RemoteNodeNetwork.html
RemoteRange = Annotated[
    Cidr,
    sized(8, 32, "a range of hybrid nodes is /8 or smaller", "write for example 10.80.0.0/16"),
    inside(PRIVATE_RANGES, "ranges of hybrid nodes are private (RFC 1918)", "write for example 10.80.0.0/16"),
]
RemoteRanges = Annotated[tuple[RemoteRange, ...], at_most(15, "ranges"), UNIQUE]
TrustAnchorArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:rolesanywhere:[a-z0-9-]+:\d{12}:trust-anchor/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the ARN of a trust anchor of IAM Roles Anywhere",
        "look it up with: aws rolesanywhere list-trust-anchors",
    ),
]


class HybridNodes(Compute):
    """Machines of your own that join by `nodeadm`, over a VPN or Direct Connect. They have a role and an access entry;
    the machines, their routes and the network of their pods are yours. With another name the role is another one, with
    which the machines have to join again.

    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-prereqs.html
    """

    words_of_others = {
        "remote_node_networks": "write node_ranges",
        "remote_pod_networks": "write pod_ranges",
        "iam_roles_anywhere": "write trust_anchor_arn",
    }

    node_ranges: Annotated[RemoteRanges, NOT_EMPTY]
    """Where the machines have their addresses: private, and in neither the VPC nor the range of Services."""
    pod_ranges: RemoteRanges = ()
    """Of their pods, where the network of pods does not hide these behind their node: needed for webhooks there."""
    trust_anchor_arn: TrustAnchorArn | None = None
    """Of IAM Roles Anywhere, whose certificates the machines have, each with its own name as CN; activations of Systems
    Manager when None, with the tag EKSClusterARN, which is the cluster's ARN.
    https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-creds.html"""
    pod_network: Literal["add-on", "elsewhere"] = "add-on"
    """Who gives their pods a network: a chart of the blueprint, Cilium or Calico, or somebody of whom it does not know.
    The VPC CNI keeps off them. https://docs.aws.amazon.com/eks/latest/userguide/hybrid-nodes-cni.html"""
    architecture: Architecture = "amd64"
    """Of their processors."""

    @property
    def ranges(self) -> tuple[str, ...]:
        """All of them."""
        return (*self.node_ranges, *self.pod_ranges)

    def problems(self) -> Iterator[Problem]:
        named = [
            (field, index, each)
            for field in ("node_ranges", "pod_ranges")
            for index, each in enumerate(getattr(self, field))
        ]
        for (_, _, one), (field, index, other) in combinations(named, 2):
            if ip_network(one).overlaps(ip_network(other)):
                yield Problem((field, index), other, f"overlaps {one}", "take a range of its own")
