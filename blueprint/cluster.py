"""The control plane. What EKS cannot change without replacing the cluster is fixed here and never an option."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint.access import Principal
from blueprint.eks import EKS_RULES
from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, NOT_RESERVED, PRIVATE_RANGES, UNIQUE, Cidr, at_most, inside, outside, sized
from blueprint.network import LogRetentionDays
from blueprint.value import Value
from blueprint.versions import EXTENDED_SUPPORT, KubernetesVersion

# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")

PublicCidr = Annotated[
    Cidr,
    sized(
        *(8, 32),
        "the API of a cluster is never open to the world",
        "name your own ranges, or write endpoint=PrivateEndpoint()",
    ),
    NOT_RESERVED,
    outside(
        PRIVATE_RANGES,
        "nobody comes from a private range (RFC 1918) by the internet, and inside the VPC the API answers anyway",
        "name the public ranges that your people come from",
    ),
]
ServiceCidr = Annotated[
    Cidr,
    sized(12, 24, "addresses of Services are a range of /12 to /24", "write for example 172.20.0.0/16"),
    inside(PRIVATE_RANGES, "addresses of Services are private (RFC 1918)", "write for example 172.20.0.0/16"),
]


class PrivateEndpoint(Value):
    """The Kubernetes API answers inside the VPC only: deploy and use kubectl from there."""


class PublicEndpoint(Value):
    """The API answers these ranges on the internet, and the VPC privately."""

    allow: Annotated[tuple[PublicCidr, ...], NOT_EMPTY, at_most(40, "ranges"), UNIQUE]
    """Ranges from which the API answers; EKS allows 40.
    https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"""


Endpoint = PrivateEndpoint | PublicEndpoint


class Cluster(Value):
    """An EKS control plane: access entries only, all five log types, Secrets encrypted with a key of its own.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    """

    create_only = {"service_cidr": "the cluster is replaced"}

    words_of_others = {
        "kubernetes_version": "write version",
        "name": "write it in the blueprint: Blueprint(name=…)",
        "access_entries": "write admins=(Role(…),) for break-glass, and teams of the blueprint for all others",
        "masters_role": "write admins=(Role(…),)",
        "enable_cluster_creator_admin_permissions": "leave it out: whoever deploys is no administrator; write admins",
        "authentication_mode": "leave it out: it is API, so that access entries alone decide",
        "endpoint_public_access": "write endpoint=PublicEndpoint(allow=(…)) or leave it out",
        "endpoint_private_access": "leave it out: the API always answers in the VPC",
        "endpoint_access": "write endpoint=PrivateEndpoint() or endpoint=PublicEndpoint(allow=(…))",
        "public_access_cidrs": "write endpoint=PublicEndpoint(allow=(…))",
        "endpoint_public_access_cidrs": "write endpoint=PublicEndpoint(allow=(…))",
        "encryption_config": "leave it out: Secrets are encrypted with a key that the cluster makes",
        "secrets_encryption_key": "leave it out: Secrets are encrypted with a key that the cluster makes",
        "enabled_log_types": "leave it out: all five are on; log_retention_days says how long they stay",
        "upgrade_policy": 'write support_policy="STANDARD" or "EXTENDED"',
    }

    version: KubernetesVersion
    """The Kubernetes minor, for example "1.35". Upgrades go one minor at a time."""
    admins: Annotated[tuple[Principal, ...], NOT_EMPTY]
    """Break-glass principals: the only cluster administrators besides the platform teams."""
    endpoint: Endpoint = PrivateEndpoint()
    """Where the Kubernetes API answers. https://docs.aws.amazon.com/eks/latest/userguide/cluster-endpoint.html"""
    log_retention_days: LogRetentionDays = 365
    """How long the control plane's logs stay in CloudWatch; one of the values CloudWatch Logs accepts."""
    deletion_protection: bool = True
    """Refuses deletion of the cluster and of the stacks that hold state; turn it off in a deploy of its own first."""
    support_policy: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    """STANDARD upgrades the cluster when its version's standard support ends; EXTENDED stays and costs more."""
    service_cidr: ServiceCidr = "172.20.0.0/16"
    """Addresses of Services; /12 to /24, and not in the VPC's range."""
    subnets: Literal["control-plane", "private"] | None = None
    """Where EKS puts the control plane's network interfaces: small subnets of their own, or those of nodes and pods;
    when None these with Auto Mode, which keeps its nodes for ever where the cluster was when it was switched on, else
    the small ones. To switch it on in a cluster that is there, deploy `subnets="private"` first.
    https://github.com/aws/containers-roadmap/issues/2793"""

    def problems(self) -> Iterator[Problem]:
        if self.support_policy == "STANDARD" and self.version in EXTENDED_SUPPORT:
            rule = f"{EKS_RULES.extended_support.says}, as that of {self.version} has"
            fix = 'upgrade, or pay for extended support: support_policy="EXTENDED"'
            yield Problem(("support_policy",), self.support_policy, rule, fix)
