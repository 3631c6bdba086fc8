"""What a plan says of a cluster: everything, as plain data. Renderers and tools read it, and decide nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from blueprint.access import AccessEntry, AccessPolicy
from blueprint.components import Components
from blueprint.contribution import Contribution, ServiceLinkedRole
from blueprint.facts import ClusterFacts
from blueprint.group_settings import NodeRepair, WarmPool
from blueprint.hosted_zone import NewHostedZone
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest
from blueprint.machine import CpuOptions
from blueprint.mirrors import PullThroughCache
from blueprint.network import SubnetKind
from blueprint.off_aws import OffAws
from blueprint.oidc import OidcProvider
from blueprint.workload import NodeTaint, PodSelector, Workload

NodeKind = Literal["managed", "self-managed"]
NodeRoleKind = Literal["managed", "self-managed", "managed Windows", "self-managed Windows"]
# https://docs.aws.amazon.com/eks/latest/userguide/network-load-balancing.html
PUBLIC_TAG, INTERNAL_TAG = "kubernetes.io/role/elb", "kubernetes.io/role/internal-elb"
"""By these, with the value 1, load balancer controllers find subnets."""


@dataclass(frozen=True)
class ServiceTrust:
    """What a service may do with a role beside assuming it, under conditions of its own."""

    actions: tuple[str, ...]
    conditions: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class ServiceRole:
    """A role that an AWS service assumes."""

    service: str
    """Its principal: `eks.amazonaws.com`."""
    managed_policies: tuple[str, ...] = ()
    """Names of AWS's own policies, with their path."""
    statements: tuple[Statement, ...] = ()
    """What it may do beside these."""
    actions: tuple[str, ...] = ("sts:AssumeRole",)
    conditions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """On who assumes it: operator, key, value."""
    also: tuple[ServiceTrust, ...] = ()


@dataclass(frozen=True)
class Subnet:
    """One subnet."""

    kind: SubnetKind
    zone: str
    """The zone's name, or its id where the blueprint has ids."""
    cidr: str
    id: str = ""
    """Of one that is there already, or a reference."""
    ipv6_cidr: str = ""
    """Its IPv6 range, or a reference; empty where it has none."""
    ipv6_place: int | None = None
    """Which /64 of the VPC's IPv6 range it gets, counted from 0, where the templates make it."""

    @property
    def prefix(self) -> int:
        """The length of its prefix: 19 of 10.0.0.0/19."""
        return int(self.cidr.rpartition("/")[2])


@dataclass(frozen=True)
class FlowLogs:
    """The log of what passed or was rejected, in CloudWatch, encrypted and kept when the network goes."""

    retention_days: int
    role: ServiceRole
    traffic: Literal["ALL"] = "ALL"


@dataclass(frozen=True)
class PlannedRoute:
    """A route of the subnets of nodes, pods and EKS."""

    to: str
    via: str
    """Id of a transit gateway or of a peering connection."""
    kind: Literal["transit-gateway", "peering-connection"]


@dataclass(frozen=True)
class PlannedNetwork:
    """The VPC. Of one that the templates make, the default security group is closed, no subnet gives out public
    addresses, and S3 is reached through a gateway endpoint. Of one that is there already they make and change nothing.
    """

    cidrs: tuple[str, ...]
    """All its ranges, the primary one first."""
    zones: tuple[str, ...]
    """By name, or all by id."""
    subnets: tuple[Subnet, ...]
    """Kind after kind, in each the zones in order."""
    internal_load_balancers: tuple[Subnet, ...]
    """Those of them in which internal load balancers stand."""
    zones_in_reserve: int
    """Ranges of each kind of subnet that are kept free for zones to come."""
    nat_gateways: int
    """In the first zones; none of them has more than one."""
    gateway_endpoints: tuple[str, ...]
    interface_endpoints: tuple[str, ...]
    """AWS services reached inside the VPC, by HTTPS from the VPC's ranges."""
    subnet_tags: Mapping[SubnetKind, Mapping[str, str]]
    """Those by which load balancer controllers find subnets, where the templates write them."""
    flow_logs: FlowLogs | None
    """None where they are the owner's."""
    endpoint_policies: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """Who passes an endpoint, by its service; everybody where none stands here."""
    ipv6: bool = False
    """Whether it has an IPv6 range as well."""
    ipv6_nodes: bool = False
    """Whether nodes get IPv6 addresses when they start, and an egress-only way to the internet by these."""
    routes: tuple[PlannedRoute, ...] = ()
    """Beside those to NAT gateways and endpoints."""
    vpc_id: str = ""
    """Of a VPC that is there already; empty where the templates make one."""

    shared: bool = False
    """Whether the VPC is another account's, so that nobody here sees or writes tags of its subnets."""

    @property
    def transit_gateways(self) -> tuple[str, ...]:
        """To which it is attached."""
        return tuple(sorted({route.via for route in self.routes if route.kind == "transit-gateway"}))

    def of_kind(self, kind: SubnetKind) -> tuple[Subnet, ...]:
        """The subnets of a kind."""
        return tuple(subnet for subnet in self.subnets if subnet.kind == kind)


@dataclass(frozen=True)
class AutoModeNodes:
    """What EKS Auto Mode launches."""

    name: str
    node_pools: tuple[str, ...]
    """The built-in ones."""
    role: ServiceRole | None
    """Of their nodes; EKS makes its access entry."""
    own_node_pools: tuple[str, ...] = ()
    """Names of those that stand beside them, or in their place."""
    own_role: ServiceRole | None = None
    """Of nodes that are made by other classes than EKS's own."""
    own_access: AccessEntry | None = None
    """Lets these join."""
    logs: tuple[str, ...] = ()
    """Of its controllers: `load-balancing`."""

    @property
    def roles(self) -> tuple[ServiceRole, ...]:
        """All that there are."""
        return tuple(role for role in (self.role, self.own_role) if role)


@dataclass(frozen=True)
class RemoteNodes:
    """Nodes outside of AWS, which join by themselves."""

    name: str
    node_ranges: tuple[str, ...]
    pod_ranges: tuple[str, ...]
    role: ServiceRole
    access: AccessEntry
    """Lets these join; its principal is a reference to the role."""

    @property
    def ranges(self) -> tuple[str, ...]:
        """Of nodes and pods."""
        return self.node_ranges + self.pod_ranges


@dataclass(frozen=True)
class ControlPlane:
    """The EKS cluster. Access entries only, no creator as administrator, Secrets encrypted with a key of its own."""

    version: str
    role: ServiceRole
    subnets: tuple[Subnet, ...]
    """Where EKS puts its network interfaces."""
    public_ranges: tuple[str, ...]
    """Who reaches the API from the internet; nobody when empty. Inside the VPC it always answers."""
    log_types: tuple[str, ...]
    log_retention_days: int
    deletion_protection: bool
    """Of the cluster, and of the stacks that hold state."""
    support_policy: Literal["STANDARD", "EXTENDED"]
    service_cidr: str
    """Empty where EKS chooses it."""
    auto_mode: AutoModeNodes | None
    ip_family: Literal["ipv4", "ipv6"] = "ipv4"
    """Of Services and pods."""
    components: Components = field(default_factory=Components)
    identity_providers: tuple[OidcProvider, ...] = ()
    key: str = ""
    """Of Secrets, a key that is there already; the one that the templates make when empty."""
    security_groups: tuple[str, ...] = ()
    """Of its network interfaces, beside the one that EKS makes."""
    scaling_tier: str = ""
    """EKS's own choice when empty, as with what follows."""
    egress_mode: str = ""
    zonal_shift: bool | None = None
    rollback_timeout_minutes: int | None = None
    hybrid: tuple[RemoteNodes, ...] = ()
    certificate_authorities: tuple[str, ...] = ()
    """Names of successors of the one that EKS made."""
    active_certificate_authority: str = ""
    """The id of the one that signs; EKS's own when empty."""
    role_arn: str = ""
    """Of one that is there already, and should be as `role`; empty where that one is made."""


@dataclass(frozen=True)
class Installer:
    """What installs charts and objects in each deploy: a function in the private subnets, with kubectl and helm."""

    kubectl_layer: int
    """The Kubernetes minor of its kubectl: 36."""
    policies: tuple[AccessPolicy, ...]
    retain: bool = False
    """Whether what leaves the templates stays in the cluster."""


@dataclass(frozen=True)
class Volume:
    """An encrypted EBS volume of a node, deleted with it."""

    device: str
    size_gib: int | None
    """The image's own size when None."""
    type: Literal["gp3", "gp2"] = "gp3"
    iops: int | None = None
    """Those that come with it when None, as with the next."""
    throughput_mib: int | None = None
    key: str = ""
    """That of the account and region for EBS when empty."""


@dataclass(frozen=True)
class Launch:
    """What each node of a group is launched with: IMDSv2 only, and no key for SSH."""

    volumes: tuple[Volume, ...]
    tags: Mapping[str, str]
    """Of instances, their volumes and network interfaces."""
    metadata_hops: int = 1
    """One keeps the node's credentials from pods."""
    image_parameter: str = ""
    """The SSM parameter that names the image; that of the AMI type when empty."""
    image_id: str = ""
    """Of an image that is named without a parameter."""
    user_data: str = ""
    """What EKS gives to managed nodes when empty; theirs is joined with it, unless the image is one of your own."""
    security_groups: tuple[str, ...] = ()
    """Beside that of the cluster."""
    monitoring: bool = False
    """Each minute."""
    placement_group: str = ""
    capacity_reservation: str = ""
    """An id, the ARN of a group, or none."""
    capacity_block: bool = False
    """Whether the reservation is one."""
    partition: int | None = None
    tenancy: Literal["default", "dedicated"] = "default"
    cpu: CpuOptions = field(default_factory=CpuOptions)
    enclaves: bool = False
    licenses: tuple[str, ...] = ()
    efa: int = 0
    """Elastic Fabric Adapters, on the network cards from the first one on."""


@dataclass(frozen=True)
class RollingUpdate:
    """How an Auto Scaling group replaces its nodes when what they are launched with changes."""

    min_in_service: int
    at_a_time: int = 1
    pause_minutes: int = 5


@dataclass(frozen=True)
class NodeGroup:
    """EC2 nodes in the private subnets: a managed node group, or an Auto Scaling group whose nodes join themselves."""

    name: str
    kind: NodeKind
    instance_types: tuple[str, ...]
    capacity: Literal["ON_DEMAND", "SPOT"]
    image: str
    """The AMI type of a managed group, CUSTOM for an image of your own; the family of images of another."""
    version: str
    """The Kubernetes minor."""
    release: str
    """Of EKS's image; empty of one of your own."""
    min: int
    max: int
    labels: Mapping[str, str]
    taints: tuple[NodeTaint, ...]
    launch: Launch
    desired: int | None = None
    """Nodes that a deploy starts; when None, a new group starts with `min` and no deploy touches the number."""
    max_unavailable_percent: int | None = None
    """Of a managed group during an update; a number of nodes takes its place."""
    max_unavailable: int | None = None
    update_strategy: Literal["DEFAULT", "MINIMAL"] = "DEFAULT"
    node_repair: bool = False
    repair: NodeRepair = field(default_factory=NodeRepair)
    warm_pool: WarmPool | None = None
    without_warm_pool: bool = False
    """Takes away what is there."""
    zones: tuple[str, ...] = ()
    """Those of the network when empty."""
    rolling_update: RollingUpdate | None = None
    """Of a self-managed group."""

    @property
    def image_words(self) -> str:
        """What a person reads of the image."""
        return self.launch.image_id or self.launch.image_parameter or f"{self.image} {self.release}".rstrip()

    @property
    def windows(self) -> bool:
        """Whether its nodes run Windows."""
        return self.image.startswith("WINDOWS")

    @property
    def role(self) -> NodeRoleKind:
        """Whose role they have: an access entry is of Linux or of Windows, and a role has one."""
        if self.kind == "managed":
            return "managed Windows" if self.windows else "managed"
        return "self-managed Windows" if self.windows else "self-managed"


@dataclass(frozen=True)
class FargateNodes:
    """A Fargate profile, in the private subnets."""

    name: str
    selectors: tuple[PodSelector, ...]
    role: ServiceRole | None
    """The one that the templates make."""
    role_arn: str = ""
    """Of one that is there already."""
    zones: tuple[str, ...] = ()
    """Those of the network when empty."""


InstalledBy = Literal["EKS", "Helm", "kubectl"]
"""`kubectl` applies a part that is Kubernetes objects alone."""


@dataclass(frozen=True)
class Part:
    """An add-on or a team: what it adds, and whose parts must stand before it."""

    name: str
    type: str
    """What the blueprint states: AwsEbsCsiDriver."""
    contribution: Contribution
    after: tuple[str, ...] = ()
    lost: str = ""
    """What goes with it that others stand on; empty where nobody does."""
    api_groups: tuple[str, ...] = ()
    """Of the custom resources that it defines."""
    off_aws: OffAws = field(default_factory=OffAws)
    """What becomes of it outside of AWS."""
    in_git: bool = False
    """Whether its namespaces, charts and objects come from Git; of EKS and IAM is what the templates make for it."""

    @property
    def version(self) -> str:
        """Of what EKS installs, or else of the charts."""
        versions = [each.version for each in self.contribution.managed_addons]
        versions = versions or [each.chart.version for each in self.contribution.releases]
        return ", ".join(dict.fromkeys(versions))

    @property
    def has_resources(self) -> bool:
        """Whether the templates hold something of it beside what EKS installs."""
        each = self.contribution
        return bool(each.resources or each.grants or each.access) if self.in_git else each.reaches_cluster

    @property
    def installed_by(self) -> InstalledBy:
        """EKS, though it may bring objects as well."""
        if self.contribution.managed_addons:
            return "EKS"
        return "Helm" if self.contribution.releases else "kubectl"

    @property
    def namespaces(self) -> tuple[str, ...]:
        """Those that it brings."""
        return tuple(sorted(each.name for each in self.contribution.namespaces))


@dataclass(frozen=True)
class PlacedWorkload:
    """Pods of an add-on, and what takes them: groups of nodes, Fargate profiles, node pools, by name."""

    part: str
    workload: Workload
    places: tuple[str, ...]


@dataclass(frozen=True)
class Skipped:
    """An add-on of the blueprint that the plan leaves out, and why."""

    name: str
    reason: str


GitEngine = Literal["argoproj.io", "fluxcd.io"]
"""By the domain of its kinds."""


@dataclass(frozen=True)
class HandedFacts:
    """What AWS decides in a deploy, in parameters of Systems Manager from which a hub takes it."""

    reader: str
    """ARN of the hub's role that reads them."""
    role: str
    """Name of the role in the cluster's account that it takes on for this."""
    names: Mapping[str, tuple[str, ...]]
    """Of references, by the stack that writes a parameter of them: `cluster` those of the registration, `addons` and
    `teams` those of what they bring."""

    def parameters(self, cluster: str) -> Mapping[str, str]:
        """Their names, by the stack that writes one."""
        return {stack: f"/blueprint/{cluster}/{stack}" for stack in self.names}


@dataclass(frozen=True)
class GitDelivery:
    """Where charts and objects of the parts that are `in_git` come from, and what the installer begins it with."""

    engine: GitEngine
    repository: str
    folder: str
    """Of the cluster, in the repository."""
    revision: str
    addons: tuple[Manifest, ...] = ()
    """What makes the engine take the add-ons, applied when all is there that they need of AWS."""
    teams: tuple[Manifest, ...] = ()
    """The teams, likewise."""
    hub: str = ""
    """The cluster in which these objects are, where its engine delivers to this one."""
    handed: HandedFacts | None = None
    """What that engine is told of a deploy, where it needs some of it."""
    source: str = "GitRepository"
    """Of Flux, the kind of what reads the repository."""


@dataclass(frozen=True)
class Plan:
    """One cluster."""

    facts: ClusterFacts
    network: PlannedNetwork
    control_plane: ControlPlane
    installer: Installer | None
    """None where a hub delivers all charts and objects."""
    node_roles: Mapping[NodeRoleKind, ServiceRole]
    """Of the nodes of all groups of a kind that is there."""
    compute: tuple[NodeGroup | FargateNodes, ...]
    admins: tuple[AccessEntry, ...]
    people: tuple[AccessEntry, ...]
    """The members of all teams; EKS keeps one entry for a principal, so it has the groups of all its teams."""
    addons: tuple[Part, ...]
    """In order of installation; an order that does not depend on how the user listed them."""
    teams: tuple[Part, ...]
    workloads: tuple[PlacedWorkload, ...]
    service_linked_roles: tuple[ServiceLinkedRole, ...]
    """Of the account, without which something of the plan fails."""
    skipped: tuple[Skipped, ...] = ()
    delivery: GitDelivery | None = None
    """None where the installer brings everything."""
    hosted_zones: tuple[NewHostedZone, ...] = ()
    """Those that are made, and kept when the cluster goes."""
    image_caches: tuple[PullThroughCache, ...] = ()
    """Rules of ECR in the cluster's account and region, which no stack of the cluster makes."""
    retain: bool = False
    """Whether all that the stacks made stays when it leaves them, or when they are deleted."""

    @cached_property
    def parts(self) -> tuple[Part, ...]:
        """Add-ons, then teams."""
        return self.addons + self.teams

    @property
    def objects(self) -> Iterator[Manifest]:
        """All Kubernetes objects of its own, the namespaces of a part first; charts bring more."""
        for part in self.parts:
            yield from (namespace.manifest() for namespace in part.contribution.namespaces)
            yield from part.contribution.every_object
