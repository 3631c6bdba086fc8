"""What an add-on or a team may know about the cluster it is planned for: plain values, no constructs."""

from __future__ import annotations

from dataclasses import dataclass

from blueprint.compute import Architecture
from blueprint.contribution import Grant
from blueprint.iam import Statement
from blueprint.references import PARTITION, VPC_ID


@dataclass(frozen=True)
class ClusterFacts:
    """Facts of one cluster. What AWS decides during the deploy is a reference (see `blueprint.references`)."""

    name: str
    account: str
    region: str
    version: str
    architectures: frozenset[Architecture]
    """Of the nodes that the blueprint states; Auto Mode and Fargate bring amd64."""
    has_nodes: bool
    """Managed or self-managed nodes, on which DaemonSets run."""
    auto_mode: bool
    fargate_namespaces: frozenset[str]
    load_balancer_ranges: tuple[str, ...] = ()
    """Addresses of the public subnets, where load balancers are and no pods."""
    tags: tuple[tuple[str, str], ...] = ()
    """The blueprint's AWS tags, for what controllers make."""
    vpc_id: str = VPC_ID

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the cluster's account and region, whatever the partition."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def cluster_arn(self) -> str:
        """The ARN of the EKS cluster."""
        return self.arn("eks", f"cluster/{self.name}")

    def grant(self, namespace: str, service_account: str, *statements: Statement, boundary: str | None = None) -> Grant:
        """AWS permissions for a service account, by the mechanism that works where its pods run."""
        irsa = namespace in self.fargate_namespaces
        return Grant(namespace, service_account, statements, irsa=irsa, boundary=boundary)
