"""What an add-on or a team may know about the cluster it is planned for: plain values, no constructs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from blueprint.contribution import Chart, Grant, at_mirror
from blueprint.git import covers
from blueprint.iam import Statement
from blueprint.instances import Architecture
from blueprint.references import PARTITION, VPC_ID
from blueprint.workload import PodSelector, Workload

IN_CLUSTER = "https://kubernetes.default.svc"
"""The Kubernetes API, as pods call it."""


@dataclass(frozen=True)
class ReadBy:
    """How Flux reads a private repository, or all whose addresses begin so."""

    address: str
    secret: str
    """Name of the Secret beside it; none when empty."""
    provider: str
    """The way, as Flux calls it; its usual one when empty."""


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
    """Nodes on which DaemonSets run: managed, self-managed, or such as an add-on launches."""
    auto_mode: bool
    windows: bool = False
    """Whether some nodes run Windows."""
    hybrid: bool = False
    """Whether nodes outside of AWS may join."""
    pod_identity: bool = True
    """Whether the agent of EKS Pod Identity is where the pods of whoever asks are, unless they run on Fargate."""
    pools: Literal["add-on", "auto-mode"] = "add-on"
    """Who launches the nodes of teams' node pools."""
    fargate: tuple[PodSelector, ...] = ()
    """The selectors of all Fargate profiles."""
    fargate_log_group: str = ""
    """Into which execution roles of profiles may write what containers say; none when empty."""
    service_cidr: str = "172.20.0.0/16"
    """Addresses of Services, or a reference to them."""
    ip_family: Literal["ipv4", "ipv6"] = "ipv4"
    """Of pods and Services."""
    ipv6: bool = False
    """Whether the subnets of load balancers have IPv6 addresses."""
    vpc_ipv6_ranges: tuple[str, ...] = ()
    """IPv6 ranges of the VPC, or references to them."""
    internet: bool = True
    """Whether nodes and pods reach it."""
    prefix_delegation: bool = False
    """Whether the CNI gives nodes prefixes of addresses, so that they take more pods."""
    load_balancer_ranges: tuple[str, ...] = ()
    """Addresses of the public subnets, where load balancers are and no pods; all ranges are of the family of pods."""
    internal_load_balancer_ranges: tuple[str, ...] = ()
    """Addresses of the subnets in which internal load balancers are: unless these have some of their own, those of
    nodes and pods."""
    endpoint_ranges: tuple[str, ...] = ()
    """Addresses of the subnets in which interface endpoints are, and no pods."""
    node_subnets: tuple[str, ...] = ()
    """Ids of the subnets of nodes, or references to them."""
    node_zones: tuple[tuple[str, str], ...] = ()
    """Of each of their zones, by name or all by id, the id of the first of its subnets, or a reference; Local Zones are
    not among them."""
    pod_subnets: tuple[tuple[str, str], ...] = ()
    """Of each zone, by name or all by id, the id of the subnet for pods alone, or a reference; none where they share
    those of the nodes."""
    named_subnets: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """By scheme of load balancers, ids of subnets that these must name; none where controllers find them by tags."""
    local_load_balancers: tuple[tuple[str, str], ...] = ()
    """Of each Local Zone with load balancers, its name and the id of their subnet, or a reference."""
    api_groups: tuple[str, ...] = ()
    """API groups of the custom resources that its add-ons define."""
    device_classes: tuple[str, ...] = ()
    """Of accelerators that pods claim by dynamic resource allocation."""
    tags: tuple[tuple[str, str], ...] = ()
    """The blueprint's AWS tags, for what controllers make."""
    hosts: tuple[str, ...] = ()
    """Host names of its teams and add-ons; none unless some team says which are its own."""
    vpc_id: str = VPC_ID
    """Of a VPC that is there already, or a reference."""
    boundary: str = ""
    """The managed policy that limits every role without one of its own; none when empty."""
    role_path: str = "/"
    """Of every role."""
    hosted_zones: tuple[str, ...] = ()
    """References to the ids of those that are made."""
    proxy: str = ""
    """By which nodes, and the function that installs charts, reach the internet; none when empty."""
    without_proxy: tuple[str, ...] = ()
    """Ranges and names that are reached without it."""
    image_mirrors: tuple[tuple[str, str], ...] = ()
    """Registries of publishers, each with where its images come from instead."""
    argo_cd_server: str = IN_CLUSTER
    """How Argo CD calls the cluster: by an address inside of it, where it runs there, or by its ARN.
    Empty where a hub knows it by name alone, as AWS decides its address in a deploy.
    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#clusters"""
    of_hub: bool = False
    """Whether the Argo CD that delivers to it is another cluster's, with what is of other clusters beside it."""
    delivered_by: tuple[Statement, ...] = ()
    """What Flux needs of AWS to read what it applies here."""
    read_by_flux: tuple[ReadBy, ...] = ()
    """The private repositories that it reads."""
    delivered_from: tuple[str, ...] = ()
    """The AWS services that it calls for that, by the names of VPC endpoints."""
    by_argo_cd: bool = False
    """Whether Argo CD takes charts and objects from Git, and so has the cluster's registration with what is on."""
    cache_prefixes: tuple[str, ...] = ()
    """Of the repositories in which ECR caches images: whoever pulls the first makes one."""
    chart_mirror: str = ""
    """Below which all charts are; each where its publisher has it when empty."""

    @property
    def argo_cd_destination(self) -> Mapping[str, str]:
        """The cluster, as Applications and AppProjects name it."""
        return {"server": self.argo_cd_server} if self.argo_cd_server else {"name": self.name}

    @property
    def proxy_environment(self) -> Mapping[str, str]:
        """What programs are told of the proxy; nothing where there is none."""
        if not self.proxy:
            return {}
        return {"HTTP_PROXY": self.proxy, "HTTPS_PROXY": self.proxy, "NO_PROXY": ",".join(self.without_proxy)}

    def image(self, repository: str) -> str:
        """Where an image comes from that its publisher has there."""
        return at_mirror(repository, dict(self.image_mirrors))

    def cache_permissions(self, *more: str) -> tuple[Statement, ...]:
        """What the role of nodes needs where ECR caches images, beside AmazonEC2ContainerRegistryPullOnly; `more` where
        it has another policy.

        https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-iam.html
        """
        if not self.cache_prefixes:
            return ()
        repositories = tuple(self.arn("ecr", f"repository/{prefix}/*") for prefix in self.cache_prefixes)
        why = "a repository comes with the first image of its name"
        return (Statement(("ecr:CreateRepository", *more), repositories, reason=why),)

    def read_by(self, address: str, own: str | None = None) -> dict[str, Any]:
        """What an object of Flux says of credentials for what is there: `own` is a Secret that somebody made for it.
        Nothing where anybody may read it.
        """
        if own:
            return {"secretRef": {"name": own}}
        for each in sorted(self.read_by_flux, key=lambda each: -len(each.address)):
            if covers(each.address, address):
                secret = {"secretRef": {"name": each.secret}} if each.secret else {}
                return {**secret, **({"provider": each.provider} if each.provider else {})}
        return {}

    def chart_repository(self, chart: Chart) -> str | None:
        """The mirror of a chart, if there is one."""
        return f"{self.chart_mirror}/{chart.name}" if self.chart_mirror else None

    def arn(self, service: str, resource: str) -> str:
        """An ARN in the cluster's account and region, whatever the partition."""
        return f"arn:{PARTITION}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def cluster_arn(self) -> str:
        """The ARN of the EKS cluster."""
        return self.arn("eks", f"cluster/{self.name}")

    def on_fargate(self, namespace: str, labels: Mapping[str, str] | None = None) -> bool:
        """Whether pods with these labels run there; without labels, whether any of the namespace may."""
        return any(selector.selects(namespace, labels) for selector in self.fargate)

    def irsa(self, namespace: str, service_account: str, workloads: Iterable[Workload] = ()) -> bool:
        """Whether a service account gets AWS permissions by IRSA: some of its pods run on Fargate or Windows, where the
        agent of EKS Pod Identity does not. `workloads` are all that are known to use it.
        """
        if not self.pod_identity:
            return True
        using = [each for each in workloads if each.service_account == service_account]
        if not using:
            return self.on_fargate(namespace)
        return any(each.kind != "DaemonSet" and self.on_fargate(namespace, each.labels) for each in using)

    def grant(
        self,
        namespace: str,
        service_account: str,
        *statements: Statement,
        boundary: str | None = None,
        workloads: Iterable[Workload] = (),
    ) -> Grant:
        """AWS permissions for a service account, by the mechanism that works where its pods run."""
        irsa = self.irsa(namespace, service_account, workloads)
        return Grant(namespace, service_account, statements, irsa=irsa, boundary=boundary or self.boundary or None)
