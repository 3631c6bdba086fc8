"""The control plane. What EKS cannot change without replacing the cluster is fixed here and never an option."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import field
from typing import Annotated, Literal, get_args

from blueprint.access import Principal
from blueprint.components import Components
from blueprint.eks import EKS_RULES
from blueprint.errors import Problem, duplicates
from blueprint.fields import (
    NOT_EMPTY,
    PRIVATE_RANGES,
    UNIQUE,
    Cidr,
    DnsLabel,
    IamName,
    KmsKeyArn,
    PublicCidr,
    SecurityGroupId,
    at_most,
    between,
    inside,
    matches,
    sized,
)
from blueprint.network import LogRetentionDays
from blueprint.oidc import OidcProvider
from blueprint.value import Value
from blueprint.versions import EXTENDED_SUPPORT, KubernetesVersion

# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
LogType = Literal["api", "audit", "authenticator", "controllerManager", "scheduler"]
LOG_TYPES: tuple[LogType, ...] = get_args(LogType)

CertificateAuthorityId = Annotated[
    str,
    matches(
        r"[A-Za-z0-9-]{1,128}",
        "must be the id of a certificate authority",
        "look it up in the outputs of the cluster stack, or with: aws eks list-certificate-authorities",
    ),
]
ServiceCidr = Annotated[
    Cidr,
    sized(12, 24, "addresses of Services are a range of /12 to /24", "write for example 172.20.0.0/16"),
    inside(PRIVATE_RANGES, "addresses of Services are private (RFC 1918)", "write for example 172.20.0.0/16"),
]
SERVICE_CIDR = "172.20.0.0/16"
"""Of a cluster that names none."""


class PrivateEndpoint(Value):
    """The Kubernetes API answers inside the VPC only: deploy and use kubectl from there."""


class PublicEndpoint(Value):
    """The API answers these ranges on the internet, and the VPC privately."""

    allow: Annotated[tuple[PublicCidr, ...], NOT_EMPTY, at_most(40, "ranges"), UNIQUE]
    """Ranges from which the API answers; EKS allows 40. Those of IPv6 are for clusters of that family alone.
    https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html"""


Endpoint = PrivateEndpoint | PublicEndpoint


class Cluster(Value):
    """An EKS control plane: access entries only, all five log types, Secrets encrypted with a key of the account.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    """

    create_only = {
        **dict.fromkeys(("service_cidr", "kms_key_arn", "role"), "the cluster is replaced"),
        "egress_mode": "EKS refuses the way back from CUSTOMER_ROUTED",
        "ip_family": "the cluster is replaced: make another, and move what runs there",
    }

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
        "encryption_config": "leave it out: Secrets are encrypted with a key that is made, or write kms_key_arn",
        "secrets_encryption_key": "leave it out: Secrets are encrypted with a key that is made, or write kms_key_arn",
        "enabled_log_types": "leave it out: all five are on; or write log_types, and log_retention_days",
        "control_plane_scaling_config": 'write scaling_tier="tier-xl"',
        "zonal_shift_config": "write zonal_shift=True",
        "remote_network_config": "write HybridNodes(…) in compute",
        "control_plane_egress_mode": 'write egress_mode="CUSTOMER_ROUTED"',
        "identity_provider_config": 'write identity_providers=(OidcProvider("…", issuer_url="…", client_id="…"),)',
        "role_arn": 'leave it out: a role is made, or write role="platform/EksCluster"',
        "iam_role_arn": 'leave it out: a role is made, or write role="platform/EksCluster"',
        "security_group_ids": "write security_groups=(…)",
        "service_ipv4_cidr": "write service_cidr",
        "service_ipv6_cidr": "leave it out: EKS chooses it",
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
    log_types: Annotated[tuple[LogType, ...], NOT_EMPTY, UNIQUE] = LOG_TYPES
    """What the control plane logs. Without `audit` nobody sees afterwards who did what."""
    deletion_protection: bool = True
    """Refuses deletion of the cluster and of the stacks that hold state; turn it off in a deploy of its own first."""
    support_policy: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    """STANDARD upgrades the cluster when its version's standard support ends; EXTENDED stays and costs more."""
    service_cidr: ServiceCidr = SERVICE_CIDR
    """Addresses of Services; /12 to /24, and not in the VPC's range. Of IPv6 EKS chooses them."""
    ip_family: Literal["ipv4", "ipv6"] = field(default="ipv4", kw_only=True)
    """Addresses of pods and Services, for the life of the cluster: never both. With IPv6 a node gives its pods
    addresses of a prefix of its own, so no subnet runs out of them, and nodes must be of Nitro types.
    https://docs.aws.amazon.com/eks/latest/userguide/cni-ipv6.html"""
    subnets: Literal["control-plane", "private"] | None = None
    """Where EKS puts the control plane's network interfaces: small subnets of their own, or those of nodes and pods;
    when None these with Auto Mode, which keeps its nodes for ever where the cluster was when it was switched on, else
    the small ones. To switch it on in a cluster that is there, deploy `subnets="private"` first.
    https://github.com/aws/containers-roadmap/issues/2793"""
    kms_key_arn: KmsKeyArn | None = None
    """Key of Secrets, of the same region; one that is made and kept with the cluster when None. Whoever deploys needs
    kms:DescribeKey and kms:CreateGrant on it. https://docs.aws.amazon.com/eks/latest/userguide/enable-kms.html"""
    role: IamName | None = None
    """One of the account that is there already, by name or path and name; one that is made when None. The doctor looks
    whether it trusts EKS and has the policies that the one which is made would have; what Auto Mode needs for tags and
    keys of one's own is yours to add. https://docs.aws.amazon.com/eks/latest/userguide/cluster-iam-role.html"""
    security_groups: Annotated[tuple[SecurityGroupId, ...], at_most(5, "security groups"), UNIQUE] = ()
    """More groups of the control plane's network interfaces, of the same VPC, beside the one that EKS makes.
    https://docs.aws.amazon.com/eks/latest/userguide/sec-group-reqs.html"""
    scaling_tier: Literal["standard", "tier-xl", "tier-2xl", "tier-4xl", "tier-8xl"] | None = None
    """Capacity of the control plane that is kept ready and paid for; "standard" is EKS's own, and the way back.
    https://docs.aws.amazon.com/eks/latest/userguide/eks-provisioned-control-plane.html"""
    zonal_shift: bool | None = None
    """Lets traffic between pods be moved out of an impaired zone, and AWS do so by itself; False switches it off again.
    https://docs.aws.amazon.com/eks/latest/userguide/zone-shift.html"""
    egress_mode: Literal["AWS_MANAGED", "CUSTOMER_ROUTED"] | None = None
    """How the control plane reaches webhooks and identity providers outside the VPC: by EKS's network, as when None, or
    by the routes of its subnets. There is no way back from CUSTOMER_ROUTED."""
    identity_providers: Annotated[tuple[OidcProvider, ...], at_most(10, "identity providers")] = ()
    """Who vouches for people beside IAM."""
    components: Components = Components()
    """Settings of the API server, the scheduler and the controller manager."""
    rollback_timeout_minutes: Annotated[int, between(120, 10_080, "minutes")] | None = None
    """How long EKS tries to take the cluster back to the version before; twelve hours when None.
    https://docs.aws.amazon.com/eks/latest/userguide/rollback-cluster.html"""

    certificate_authorities: Annotated[tuple[DnsLabel, ...], at_most(2, "authorities"), UNIQUE] = ()
    """Successors of the authority that signs for the API, each under a name of your own, such as "2027". From the
    deploy that makes one, EKS tells of both; the outputs of the cluster stack have its id. There are two at a time.
    https://docs.aws.amazon.com/eks/latest/userguide/certificate-authority-rotation.html"""
    active_certificate_authority: CertificateAuthorityId | None = None
    """Which of them signs, by its id; that of EKS when None. Write it in a deploy after the one that made it, when all
    nodes have been replaced and clients trust it."""

    def subnets_beside(self, *, auto_mode: bool) -> Literal["control-plane", "private"]:
        """Those that `subnets` says, or that it stands for when it is None."""
        return self.subnets or ("private" if auto_mode else "control-plane")

    def problems(self) -> Iterator[Problem]:
        names = (
            (("identity_providers", place, "name"), each.name) for place, each in enumerate(self.identity_providers)
        )
        yield from duplicates(names, "name of an identity provider", "rename one")
        if self.active_certificate_authority and not self.certificate_authorities:
            rule = "it is the successor of EKS's own, and the blueprint has none"
            fix = 'write certificate_authorities=("2027",), and leave it out in that deploy'
            yield Problem(("active_certificate_authority",), self.active_certificate_authority, rule, fix)
        if self.support_policy == "STANDARD" and self.version in EXTENDED_SUPPORT:
            rule = f"{EKS_RULES.extended_support.says}, as that of {self.version} has"
            fix = 'upgrade, or pay for extended support: support_policy="EXTENDED"'
            yield Problem(("support_policy",), self.support_policy, rule, fix)
        if self.ip_family == "ipv6" and self.service_cidr != SERVICE_CIDR:
            rule = "EKS chooses the addresses of Services in an IPv6 cluster"
            yield Problem(("service_cidr",), self.service_cidr, rule, "leave it out")
