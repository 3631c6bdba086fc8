"""How Auto Mode's nodes are made. https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from blueprint.disks import disk_problems
from blueprint.encryption import foreign_key, key_of
from blueprint.errors import Problem
from blueprint.existing_network import SubnetId
from blueprint.facts import ClusterFacts
from blueprint.fields import (
    UNIQUE,
    CapacityReservation,
    DnsLabel,
    KmsKeyArn,
    SecurityGroupId,
    at_most,
    between,
    matches,
)
from blueprint.kubernetes import Manifest
from blueprint.references import role_name
from blueprint.value import Rule, Value

OWN_NODES = "auto-mode-nodes"
"""The role of nodes that no built-in class makes."""
_Name = Annotated[
    DnsLabel,
    Rule(lambda name: name != "default", "EKS has a node class of that name", 'take another, for example "private"'),
]
_Host = Annotated[
    str,
    matches(r"[\w.:\[\]*/-]{1,255}", "must be a host name, a domain or an address", 'write for example ".internal"'),
]


class AutoNodeClass(Value):
    """Nodes of Auto Mode in the subnets of nodes, with the cluster's security group, and with a role of their own.

    The image, its release and IMDS are EKS's. Any change replaces all nodes of its pools.
    """

    name: _Name
    """By which node pools name it."""
    disk_gib: Annotated[int, between(20, 16_384, "GiB")] = 80
    """Size of the volume for images and writable layers."""
    disk_iops: Annotated[int, between(3_000, 16_000, "operations a second")] | None = None
    """Of that volume; 3,000 come with it. EC2 allows 500 for each GiB."""
    disk_throughput_mib: Annotated[int, between(125, 1_000, "MiB a second")] | None = None
    """Of that volume; 125 come with it. EC2 allows a quarter for each operation a second."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the nodes' volumes; EKS's choice when None. The cluster's role gets what it needs of it, which the key's
    policy must allow."""
    security_groups: Annotated[tuple[SecurityGroupId, ...], at_most(4, "security groups"), UNIQUE] = ()
    """More groups of the nodes, of the same VPC, beside that of the cluster."""
    single_addresses: bool = False
    """Nodes take addresses of their subnet one by one, and not prefixes of 16: fewer holes in small subnets, and later
    starts of pods. https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html (ipv4PrefixSize)"""
    pod_subnets: Annotated[tuple[SubnetId, ...], at_most(20, "subnets"), UNIQUE] = ()
    """Of pods alone, in the zones of the nodes; pods have addresses of the nodes' subnets when empty.
    https://docs.aws.amazon.com/eks/latest/userguide/create-node-class.html"""
    pod_security_groups: Annotated[tuple[SecurityGroupId, ...], at_most(5, "security groups"), UNIQUE] = ()
    """Of pods in these, which must be let in by that of the cluster."""
    capacity_reservations: Annotated[tuple[CapacityReservation, ...], at_most(30, "reservations"), UNIQUE] = ()
    """Reservations and capacity blocks, which pools with the capacity RESERVED take. Once a class names some, Auto Mode
    takes no open ones by itself. https://docs.aws.amazon.com/eks/latest/userguide/auto-odcr.html"""
    network_policy: Literal["DefaultAllow", "DefaultDeny"] = "DefaultAllow"
    """What holds for a pod of its nodes that no network policy selects."""
    network_policy_logs: bool = False
    """Whether nodes write down what network policies let through and what not, in a file of their own."""
    snat: Literal["Random", "Disabled"] = "Random"
    """Disabled keeps the addresses of pods on the way out of the VPC, which must know the way back."""
    fips: bool = False
    """Images with validated cryptography, in regions of the United States and Canada.
    https://docs.aws.amazon.com/eks/latest/userguide/auto-advanced-security.html"""
    kernel_lockdown: Literal["integrity", "none"] | None = None
    """Whether anybody, root included, may change the kernel that runs; EKS's choice when None."""
    https_proxy: (
        Annotated[
            str,
            matches(
                r"http://[\w.:\[\]-]{1,248}",
                "must be the address of a proxy",
                'write for example "http://192.0.2.4:3128"',
            ),
        ]
        | None
    ) = None
    """By which nodes reach the internet; that of the blueprint when None. Many need `certificate_bundles` as well."""
    no_proxy: Annotated[tuple[_Host, ...], at_most(50, "hosts"), UNIQUE] = ()
    """What they reach without it: localhost, 169.254.169.254, .internal, .eks.amazonaws.com and VPC endpoints."""
    certificate_bundles: Mapping[
        DnsLabel,
        Annotated[
            str,
            matches(
                r"[A-Za-z0-9+/]{4,65536}={0,2}",
                "must be certificates in PEM, base64",
                'write for example "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0tCg=="',
                longest=70_000,
            ),
        ],
    ] = field(default_factory=dict)
    """Authorities that nodes trust beside those of their image, by a name of your own. Containers do not."""

    def problems(self) -> Iterator[Problem]:
        yield from disk_problems(self.disk_gib, self.disk_iops, self.disk_throughput_mib)
        for name, other in (("pod_subnets", "pod_security_groups"), ("pod_security_groups", "pod_subnets")):
            if getattr(self, name) and not getattr(self, other):
                rule = f"Auto Mode takes {name} and {other} together"
                yield Problem((other,), getattr(self, other), rule, "write both, or neither")
        if self.no_proxy and not self.https_proxy:
            yield Problem(("no_proxy",), self.no_proxy, "there is no proxy", "leave it out, or write https_proxy")

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between the class and its cluster. The path is from the class."""
        yield from foreign_key(("kms_key_arn",), self.kms_key_arn, facts.region)
        if self.fips and not facts.region.startswith(("us-", "ca-")):
            yield Problem(("fips",), self.fips, f"there are no such images in {facts.region}", "leave it out")

    def manifest(self, facts: ClusterFacts) -> Manifest:
        """The object of kind NodeClass."""
        storage = {
            "size": f"{self.disk_gib}Gi",
            "iops": self.disk_iops,
            "throughput": self.disk_throughput_mib,
            "kmsKeyID": key_of(self.kms_key_arn) if self.kms_key_arn else None,
        }
        groups: list[dict[str, Any]] = [{"id": group} for group in self.security_groups]
        without = self.no_proxy if self.https_proxy else facts.without_proxy
        network = {
            "httpsProxy": self.https_proxy or facts.proxy,
            "ipv4PrefixSize": "32" if self.single_addresses else "",
            "noProxy": list(without),
        }
        security = {"fips": self.fips or None, "kernelLockdown": self.kernel_lockdown}
        certificates = sorted(self.certificate_bundles.items())
        more = {
            "podSubnetSelectorTerms": [{"id": each} for each in self.pod_subnets],
            "podSecurityGroupSelectorTerms": [{"id": each} for each in self.pod_security_groups],
            "capacityReservationSelectorTerms": [{"id": each} for each in self.capacity_reservations],
            "advancedNetworking": {name: value for name, value in network.items() if value},
            "advancedSecurity": {name: value for name, value in security.items() if value},
            "certificateBundles": [{"name": name, "data": data} for name, data in certificates],
            "tags": dict(facts.tags),
        }
        return {
            "apiVersion": "eks.amazonaws.com/v1",
            "kind": "NodeClass",
            "metadata": {"name": self.name},
            "spec": {
                "role": role_name(OWN_NODES),
                "subnetSelectorTerms": [{"id": subnet} for subnet in facts.node_subnets],
                # EKS puts this tag on the cluster's own security group, and on no other.
                "securityGroupSelectorTerms": [{"tags": {"aws:eks:cluster-name": facts.name}}, *groups],
                "ephemeralStorage": {name: value for name, value in storage.items() if value},
                "networkPolicy": self.network_policy,
                "networkPolicyEventLogs": "Enabled" if self.network_policy_logs else "Disabled",
                "snatPolicy": self.snat,
                **{name: value for name, value in more.items() if value},
            },
        }
