"""What one add-on or team adds to a plan. Everything that reaches AWS or the cluster is one of these items."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, NamedTuple

from blueprint.access import AccessEntry
from blueprint.fields import JSON_LIKE, HostName
from blueprint.iam import Statement
from blueprint.kubernetes import Manifest, Namespace
from blueprint.references import portable
from blueprint.workload import NodeTaint, Workload, first

Values = Annotated[Mapping[str, Any], JSON_LIKE]

NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""What a node may do: join its cluster and pull images. No CNI policy: aws-node has a role of its own.

https://docs.aws.amazon.com/eks/latest/userguide/create-node-role.html
"""


def merged(values: Values, over: Values) -> Values:
    """Both mappings as one, deeply; `over` wins, and a list in it replaces the other."""
    result = dict(values)
    for key, item in over.items():
        below = result.get(key)
        result[key] = merged(below, item) if isinstance(below, Mapping) and isinstance(item, Mapping) else item
    return result


def nested(path: Sequence[str], value: Any) -> Values:
    """Values that have only this one, at the path."""
    for key in reversed(path):
        value = {key: value}
    found: Values = value
    return found


@dataclass(frozen=True)
class Chart:
    """Where a Helm chart is published. `repository` of an OCI chart is its whole address, oci://…/name."""

    name: str
    repository: str
    version: str
    kubernetes: str = ""
    """The Kubernetes minors on which this version runs: `>=1.26 <=1.36`; empty when nobody says."""
    digest: str = ""
    """Of the archive, sha256:…; empty when nobody looked it up."""
    notes: str = ""
    """Form of the address of its release notes, for `release_notes`."""
    compatibility: str = ""
    """Address of the page on which its project says which Kubernetes versions it runs on."""
    published: str = ""
    """Where its publisher has it, if `repository` is the mirror of the blueprint."""
    definitions_stay: bool = False
    """Its definitions stand in the chart's folder crds/ and nothing else moves them: Helm installs these once and never
    upgrades them. https://helm.sh/docs/chart_best_practices/custom_resource_definitions"""

    @property
    def release_notes(self) -> str:
        """Of this version; empty when nobody knows where they are."""
        return release_notes(self.notes, self.version)


def release_notes(form: str, version: str) -> str:
    """The address of a version's release notes; empty without a form, or when the version is none.

    {version} in the form is the number alone, 1.22.4 of v1.22.4-eksbuild.3, and {minor} the beginning of it, 1.22.
    """
    number = re.match(r"v?((\d+\.\d+)(\.\d+)*)", version)
    return form.format(version=number[1], minor=number[2]) if number else ""


def split_image(repository: str) -> tuple[str, str]:
    """Host and path of an image; without a host it is the Docker Hub's, and without a slash one of its library.

    distribution/reference v0.6.0 normalize.go:142-173 (splitDockerDomain).
    """
    host, slash, path = repository.partition("/")
    if slash and (set(".:") & set(host) or host == "localhost"):
        return host, path
    return "docker.io", repository if slash else f"library/{repository}"


def at_mirror(repository: str, mirrors: Mapping[str, str]) -> str:
    """Where an image is, by the prefix of its registry's mirror; where it always was if there is none."""
    host, path = split_image(repository)
    return f"{mirrors[host]}/{path}" if host in mirrors else repository


@dataclass(frozen=True)
class ImageSource:
    """Where a chart takes an image from, and at which of its values it takes another address: a mirror's."""

    repository: str
    """With its host and without a tag: public.ecr.aws/karpenter/controller."""
    at: tuple[str, ...]
    """Paths of values that hold the whole repository; the first that is there counts."""
    registry_at: tuple[str, ...] = ()
    """Paths of values that hold its host alone."""

    def values_at(self, mirrors: Mapping[str, str]) -> Values:
        """By which the chart takes it from the mirror of its registry; none where there is no such mirror."""
        found = at_mirror(self.repository, mirrors)
        if found == self.repository:
            return {}
        if self.at:
            return nested(self.at[-1].split("."), found)
        host = found.removesuffix(f"/{split_image(self.repository)[1]}")
        return nested(self.registry_at[-1].split("."), host) if self.registry_at else {}

    def read(self, values: Values, mirrors: Mapping[str, str]) -> str:
        """The repository in a release with these values; without a path its class has it from the mirror by itself."""
        if isinstance(whole := first(values, self.at), str):
            return whole
        if not self.at and not self.registry_at:
            return at_mirror(self.repository, mirrors)
        host = first(values, self.registry_at)
        return f"{host}/{split_image(self.repository)[1]}" if isinstance(host, str) else self.repository


@dataclass(frozen=True)
class GeneratedFields:
    """Fields of objects that a chart makes up anew each time it is rendered, such as certificates.

    Helm renders a release when it changes; Argo CD at any time, and would replace them.
    """

    kind: str
    paths: tuple[str, ...]
    """Expressions of jq."""
    group: str = ""


@dataclass(frozen=True)
class Release:
    """A Helm release; Helm waits until it is ready and undoes it when it does not become so in time."""

    name: str
    chart: Chart
    namespace: str
    values: Values = field(default_factory=dict)
    timeout_minutes: int = 6
    generated: tuple[GeneratedFields, ...] = ()


class ReleaseFields(NamedTuple):
    """Where a user writes what a release takes, so that a report names it."""

    values: str = "values"
    version: str = "version"
    repository: str = "repository"


RELEASE_FIELDS = ReleaseFields()
"""Unless an add-on has others."""


@dataclass(frozen=True)
class Grant:
    """AWS permissions of one Kubernetes service account, by EKS Pod Identity, or by IRSA where pods run on Fargate."""

    namespace: str
    service_account: str
    statements: tuple[Statement, ...] = ()
    managed_policies: tuple[str, ...] = ()
    """Names of AWS managed policies, with their path."""
    irsa: bool = False
    boundary: str | None = None
    """Name of a managed policy of the account that bounds the role."""
    role_name: str = ""
    """Of the role; CloudFormation makes one up when empty."""

    @property
    def name(self) -> str:
        """`namespace/service-account`, unique in a cluster."""
        return f"{self.namespace}/{self.service_account}"

    def portable(self) -> Grant:
        """The same in whatever partition the cluster is."""
        return replace(self, statements=tuple(statement.portable() for statement in self.statements))


@dataclass(frozen=True)
class ManagedAddon:
    """An add-on that EKS installs. `grant` is its service account's, made together with it."""

    name: str
    version: str
    configuration: Values = field(default_factory=dict)
    grant: Grant | None = None
    before_nodes: bool = False
    """Nodes are not ready without it, so it stands before them and goes after them."""
    release_notes: str = ""
    """Address of those of its version; empty when nobody knows where they are."""
    objects: tuple[Manifest, ...] = ()
    """Kubernetes objects without which those add-ons of EKS that come after the nodes would not start."""


@dataclass(frozen=True)
class Queue:
    """An encrypted SQS queue that the account's EventBridge rules may write to, messages kept for so long."""

    name: str
    retention_seconds: int = 300


@dataclass(frozen=True)
class EventRule:
    """Sends matching EventBridge events to a queue of the same contribution."""

    name: str
    pattern: Mapping[str, Any]
    queue: str


@dataclass(frozen=True)
class NodeRole:
    """An instance role and profile for nodes that an add-on launches."""

    name: str
    managed_policies: tuple[str, ...] = NODE_POLICIES
    statements: tuple[Statement, ...] = ()
    """What they may do beside these."""


@dataclass(frozen=True)
class LaunchedNodes:
    """Nodes of like purpose that an add-on launches when pods wait for them."""

    name: str
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[NodeTaint, ...] = ()
    spot: bool = False
    """Whether spot capacity is among what it may take."""
    by_auto_mode: bool = False
    """Whether EKS launches them."""


@dataclass(frozen=True)
class HostedZone:
    """A hosted zone of Route 53 in which an add-on writes records."""

    id: str
    domains: tuple[str, ...] = ()
    """What it writes: names in these domains; in any that the zone holds when empty."""
    account: str = ""
    """Whose the zone is; the cluster's own when empty."""
    challenges: bool = False
    """Whether it writes there for a certificate authority, which asks public DNS, and so in this very zone."""
    owner: str = ""
    """By which it tells its records from those of others; the cluster's name when empty."""


@dataclass(frozen=True)
class ServiceLinkedRole:
    """A role that AWS makes for one of its services, once in an account."""

    name: str
    service: str
    by_itself: bool = True
    """Whether a deploy makes it, when it may."""


@dataclass(frozen=True)
class LogGroup:
    """A log group under the cluster's own key, kept when its stack goes."""

    name: str
    retention_days: int


@dataclass(frozen=True)
class MetricsWorkspace:
    """A workspace of Amazon Managed Service for Prometheus, kept with what is in it when its stack goes."""

    name: str
    """Its alias, which people see; AWS chooses its id."""
    alert_manager: str = ""
    """Who hears of alerts, in YAML; nobody when empty."""


@dataclass(frozen=True)
class RuleGroups:
    """Rules that a workspace of Amazon Managed Service for Prometheus evaluates."""

    name: str
    """Of their namespace, unique in the workspace."""
    workspace: str
    """ARN of the workspace."""
    data: str
    """In YAML."""


CapabilityType = Literal["ACK", "ARGOCD", "KRO"]


@dataclass(frozen=True)
class Capability:
    """Controllers that AWS runs for the cluster, outside of its nodes, by a role of their own.

    https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html
    """

    name: str
    kind: CapabilityType
    configuration: Values = field(default_factory=dict)
    """As CloudFormation takes it."""
    statements: tuple[Statement, ...] = ()
    """What its role may do in AWS."""
    role_name: str = ""
    """Of its role; CloudFormation makes one up when empty."""

    def portable(self) -> Capability:
        """The same in whatever partition the cluster is."""
        statements = tuple(statement.portable() for statement in self.statements)
        return replace(self, configuration=portable(self.configuration), statements=statements)


@dataclass(frozen=True)
class Bucket:
    """A private bucket with versions, kept with what is in it when its stack goes."""

    name: str
    key_arn: str
    """Of its objects; S3's own key when empty."""
    versions_days: int
    """How long versions are kept that are no longer the newest."""


@dataclass(frozen=True)
class FileSystem:
    """A file system of EFS, encrypted where it lies and on the way, kept with what is in it when its stack goes."""

    name: str
    key_arn: str
    """Of its files; EFS's own key when empty."""
    throughput: str
    """`elastic`, `bursting` or `provisioned`."""
    provisioned_mib: int | None
    """MiB/s of the last one."""
    moves: tuple[tuple[str, str], ...]
    """Between kinds of storage: properties of a LifecyclePolicy."""
    backups: bool
    """Whether AWS Backup makes some by itself."""
    tags: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MountTargets:
    """Where a file system of EFS is mounted from: one in each zone, which lets in the nodes of the cluster alone."""

    name: str
    file_system: str
    """Its id, or a reference."""
    subnets: tuple[tuple[str, str], ...]
    """Of each zone one: the zone, and an id or a reference."""


@dataclass(frozen=True)
class BackupVault:
    """A vault of AWS Backup, kept with what is in it when its stack goes."""

    name: str
    key_arn: str
    """Of backups that AWS Backup encrypts by itself; its own when empty."""
    lock: Mapping[str, int] = field(default_factory=dict)
    """In the words of CloudFormation, which begin small here; empty where there is none."""


@dataclass(frozen=True)
class BackupPlan:
    """When AWS Backup makes backups, of what, and by which role."""

    name: str
    rules: tuple[Mapping[str, Any], ...]
    """In the words of CloudFormation, which begin small here."""
    backs_up: tuple[str, ...]
    """ARNs of resources."""
    managed_policies: tuple[str, ...]
    """What its role may do: names of policies of AWS, with their path."""
    restore_policies: tuple[str, ...] = ()
    """The same of a role that restores; there is none without."""


AwsResource = (
    Queue
    | EventRule
    | NodeRole
    | LogGroup
    | MetricsWorkspace
    | RuleGroups
    | Capability
    | Bucket
    | FileSystem
    | MountTargets
    | BackupVault
    | BackupPlan
)


@dataclass(frozen=True)
class Contribution:
    """What is installed, in this order: AWS resources and grants, namespaces, releases one by one, objects."""

    managed_addons: tuple[ManagedAddon, ...] = ()
    resources: tuple[AwsResource, ...] = ()
    grants: tuple[Grant, ...] = ()
    access: tuple[AccessEntry, ...] = ()
    namespaces: tuple[Namespace, ...] = ()
    namespaces_of_eks: tuple[str, ...] = ()
    """Made by EKS together with an add-on: nobody else has them."""
    releases: tuple[Release, ...] = ()
    first_objects: tuple[Manifest, ...] = ()
    """Of these, objects without which no pod of the cluster may have a node, so that they stand before the add-ons that
    EKS installs."""
    objects: tuple[Manifest, ...] = ()
    objects_first: bool = False
    """Objects before releases: they are what the releases run under, and not of kinds that the releases define."""
    workloads: tuple[Workload, ...] = ()
    """The pods of releases and of what EKS installs."""
    launched_nodes: tuple[LaunchedNodes, ...] = ()
    """Nodes that it launches; their node pools are among `objects`."""
    by_proxy: bool = False
    """Whether its pods know of the cluster's proxy."""
    aws_services: tuple[str, ...] = ()
    """What its pods call, by the name of a VPC endpoint, such as `elasticloadbalancing`."""
    images: tuple[str, ...] = ()
    """Repositories of the images that its charts run, with their hosts. EKS has its own registry."""
    mirrored: tuple[tuple[str, str], ...] = ()
    """Images that come from a mirror of the blueprint: where the publisher has each, and where it is."""
    hosts: tuple[HostName, ...] = ()
    """Host names that are its own."""
    hosted_zones: tuple[HostedZone, ...] = ()
    service_linked_roles: tuple[ServiceLinkedRole, ...] = ()
    """Without which what it does in AWS fails."""
    default_volume_key: bool = False
    """Whether it makes EBS volumes under the key of the account and region, since the blueprint names none."""
    leaves_ipv4_open: bool | None = False
    """Whether pods of an IPv6 cluster reach IPv4 addresses, for which no network policy holds; None: nobody said so."""
    ignores_network_policies: bool = False
    """Whether it is the network of pods and lets objects of kind NetworkPolicy have no effect."""
    denies_unselected_pods: bool = False
    """Whether it is the network of pods and cuts off each that no NetworkPolicy selects."""
    from_git: tuple[str, ...] = ()
    """Names of what a controller in the cluster installs from Git repositories; what that is no plan knows."""
    notes: tuple[str, ...] = ()
    """What a reviewer should know and no object shows."""

    def portable(self) -> Contribution:
        """The same in whatever partition the cluster is: nothing in it names one."""
        return replace(
            self,
            managed_addons=tuple(
                replace(each, configuration=portable(each.configuration), grant=each.grant and each.grant.portable())
                for each in self.managed_addons
            ),
            resources=tuple(each.portable() if isinstance(each, Capability) else each for each in self.resources),
            grants=tuple(each.portable() for each in self.grants),
            releases=tuple(replace(each, values=portable(each.values)) for each in self.releases),
            first_objects=portable(self.first_objects),
            objects=portable(self.objects),
        )

    @property
    def every_grant(self) -> tuple[Grant, ...]:
        """Those of add-ons that EKS installs, and its own."""
        return (*(each.grant for each in self.managed_addons if each.grant), *self.grants)

    @property
    def every_object(self) -> tuple[Manifest, ...]:
        """Kubernetes objects of its own: those of namespaces and of add-ons that EKS installs, and all others."""
        of_addons = (each for addon in self.managed_addons for each in addon.objects)
        of_namespaces = (each for namespace in self.namespaces for each in namespace.objects)
        return (*self.first_objects, *of_addons, *of_namespaces, *self.objects)

    @property
    def reaches_cluster(self) -> bool:
        """Whether anything is left to install when EKS has installed its add-ons."""
        return bool(self.resources or self.grants or self.access or self.namespaces or self.releases or self.objects)
