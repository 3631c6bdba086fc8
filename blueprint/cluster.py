"""The control plane. What EKS cannot change without replacing the cluster is fixed here and never an option."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Annotated, Literal

from blueprint.access import Principal
from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, Cidr, at_most, between
from blueprint.network import LOG_RETENTION_DAYS, retention_problem
from blueprint.value import Value
from blueprint.versions import EXTENDED_SUPPORT, SUPPORTED, version_problem

# https://docs.aws.amazon.com/eks/latest/userguide/control-plane-logs.html
LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")


class PrivateEndpoint(Value):
    """The Kubernetes API answers inside the VPC only: deploy and use kubectl from there."""


class PublicEndpoint(Value):
    """The API answers these ranges on the internet, and the VPC privately."""

    allow: Annotated[tuple[Cidr, ...], NOT_EMPTY, at_most(40, "ranges")]
    """https://docs.aws.amazon.com/eks/latest/userguide/service-quotas.html (40 ranges)"""

    def problems(self) -> Iterator[Problem]:
        for index, cidr in enumerate(self.allow):
            if ipaddress.ip_network(cidr).prefixlen < 8:
                rule = "the API of a cluster is never open to the world"
                yield Problem(
                    f"allow[{index}]", cidr, rule, "name your own ranges, or write endpoint=PrivateEndpoint()"
                )
        if len(set(self.allow)) != len(self.allow):
            yield Problem("allow", self.allow, "each range may stand once", "remove the repeated range")


Endpoint = PrivateEndpoint | PublicEndpoint


class Cluster(Value):
    """An EKS control plane: access entries only, all five log types, Secrets encrypted with a key of its own.

    https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html
    """

    version: str
    """The Kubernetes minor, for example "1.35". Upgrades go one minor at a time."""
    admins: Annotated[tuple[Principal, ...], NOT_EMPTY]
    """Break-glass principals: the only cluster administrators besides the platform teams."""
    endpoint: Endpoint = PrivateEndpoint()
    log_retention_days: Annotated[int, between(1, 3653, "days")] = 365
    deletion_protection: bool = True
    """Refuses deletion of the cluster and of the stacks that hold state; turn it off in a deploy of its own first."""
    support_policy: Literal["STANDARD", "EXTENDED"] = "STANDARD"
    """STANDARD upgrades the cluster when its version's standard support ends; EXTENDED stays and costs more."""
    service_cidr: Cidr = "172.20.0.0/16"
    """Addresses of Services; create-only. /12 to /24, and not in the VPC's range."""

    def problems(self) -> Iterator[Problem]:
        yield from version_problem("version", self.version, SUPPORTED)
        if self.support_policy == "STANDARD" and self.version in EXTENDED_SUPPORT:
            rule = f"EKS takes no STANDARD policy for {self.version}, whose standard support has ended"
            fix = 'upgrade, or pay for extended support: support_policy="EXTENDED"'
            yield Problem("support_policy", self.support_policy, rule, fix)
        if self.log_retention_days not in LOG_RETENTION_DAYS:
            yield retention_problem("log_retention_days", self.log_retention_days)
        services = ipaddress.ip_network(self.service_cidr)
        if not 12 <= services.prefixlen <= 24 or not services.is_private:
            rule = "addresses of Services are a private range of /12 to /24"
            yield Problem("service_cidr", self.service_cidr, rule, "write for example 172.20.0.0/16")
