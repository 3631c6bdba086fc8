"""The contract between a plan and an add-on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from blueprint.addons.offers import HubRoles, Offer
from blueprint.contribution import Contribution, HostedZone, ReleaseFields, ServiceLinkedRole
from blueprint.errors import FieldPath, Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel, HostName
from blueprint.instances import Accelerator, Architecture
from blueprint.kubernetes import Manifest
from blueprint.off_aws import OffAws, needs_aws
from blueprint.repositories import PrivateRepository
from blueprint.value import Value

NodeNetwork = Literal["network of pods", "network of Services"]
"""Without these a node never becomes ready: the control plane is made without EKS's own copies."""


@dataclass(frozen=True)
class FirstEdit:
    """A field that is to say something else before an upgrade."""

    path: FieldPath
    """From the add-on."""
    why: str
    write: str


@dataclass(frozen=True)
class UpgradeSteps:
    """What an add-on asks of people who take its cluster to the next Kubernetes minor, beside a version of its own.

    Text in `backticks` is what somebody wrote: a name, a field, a command.
    """

    before: tuple[str, ...] = ()
    """What to look at before the control plane moves: shell commands, and comments between them."""
    happens: tuple[str, ...] = ()
    """What it does by itself when the control plane has moved."""
    way_back: tuple[str, ...] = ()
    """What to do before the control plane goes back."""
    first: tuple[FirstEdit, ...] = ()
    """What to write and deploy before the control plane moves."""


class Addon(Value):
    """Software that a platform team runs in its clusters. One of each class in a cluster, unless its name is a field.

    Class facts say what it is and what it goes with; fields are what the user chooses.
    """

    name: ClassVar[DnsLabel]
    requires: ClassVar[tuple[type[Addon], ...]] = ()
    """Add-ons that must be installed before it. The order in which a user lists them does not matter."""
    conflicts: ClassVar[tuple[type[Addon], ...]] = ()
    """Add-ons that do the same work; naming one side is enough."""
    architectures: ClassVar[frozenset[Architecture]] = frozenset({"amd64", "arm64"})
    """Node architectures for which its images are published."""
    release_fields: ClassVar[ReleaseFields] = ReleaseFields("extra_values", "chart_version", "chart_repository")
    """Its fields that say more of what it installs."""
    other_release_fields: ClassVar[Mapping[str, ReleaseFields]] = {}
    """Those of releases beside it, by their names."""
    api_groups: ClassVar[tuple[str, ...]] = ()
    """Of the custom resources that it defines; operators who only look see these."""
    built_into_auto_mode: ClassVar[Literal["no", "skip", "refuse"]] = "no"
    """On a cluster with Auto Mode only: `skip` leaves the add-on out, since Auto Mode brings its work, and the plan
    says so. `refuse`: it would work against the part that Auto Mode brings, so the user must decide."""
    typical: ClassVar[Mapping[str, Any]] = {}
    """Fields of a typical use, where it cannot do without; what its chart installs is written down for this one."""
    offers: ClassVar[tuple[Offer, ...]] = ()
    """What it does for teams that ask for it."""
    replaced_by: ClassVar[str] = ""
    """What Auto Mode brings in its place; stands in the report."""

    lost: ClassVar[str] = ""
    """What goes or stops with it when it is removed, and others stand on; the review of such a change says it. Empty
    where it serves people alone."""

    readies_nodes: ClassVar[NodeNetwork | None] = None
    """What it brings of that without which no node becomes ready."""
    pod_identity: ClassVar[bool] = False
    """Whether it hands AWS credentials to pods on nodes, by EKS Pod Identity."""
    for_nodes: ClassVar[bool] = False
    """Whether its work is on nodes, and so none where the cluster has Fargate only."""
    launches_nodes: ClassVar[bool] = False
    """Whether it brings nodes to the cluster, which then need all that nodes need."""
    works_without_permissions: ClassVar[bool] = False
    """Whether it does its work without its AWS permissions as well, so that it has one outside of AWS."""
    knows_cluster_by_arn: ClassVar[bool] = False
    """Whether it is an Argo CD outside of the cluster, which knows it by its ARN and once it is registered alone."""

    @property
    def needs_api_groups(self) -> Mapping[str, str]:
        """API groups of custom resources without which it does not work, whichever add-on defines them, each with one
        that does.
        """
        return {}

    @property
    def hub_roles(self) -> HubRoles | None:
        """By which roles it delivers to other clusters; None where it does not."""
        return None

    @property
    def reads(self) -> tuple[PrivateRepository, ...]:
        """The private repositories that it reads for what it applies."""
        return ()

    def follows(self, other: Addon) -> bool:
        """Whether it is installed after another one of its cluster."""
        if other is self:
            return False
        return isinstance(other, self.requires) or not self.needs_api_groups.keys().isdisjoint(other.api_groups)

    @property
    def named_before(self) -> tuple[str, ...]:
        """Names of add-ons that its user wants before it."""
        return ()

    @property
    def gives_prefixes(self) -> bool:
        """Whether it gives nodes prefixes of addresses, so that they have room for more pods."""
        return False

    @property
    def devices(self) -> tuple[Accelerator, ...]:
        """Accelerators of nodes, of which it tells Kubernetes."""
        return ()

    @property
    def device_classes(self) -> tuple[str, ...]:
        """Of accelerators that pods claim by them; quotas of teams bound these."""
        return ()

    @property
    def tells_of_efa(self) -> bool:
        """Whether it tells Kubernetes of Elastic Fabric Adapters."""
        return False

    @property
    def devices_label(self) -> str:
        """The label of nodes, with the value true, without which it does not; empty where it finds them by itself."""
        return ""

    @property
    def gives_hybrid_nodes_a_network(self) -> bool:
        """Whether pods on hybrid nodes get their addresses from it."""
        return False

    @property
    def keeps_fargate_logs(self) -> bool:
        """Whether it tells the log router of Fargate to write into a log group."""
        return False

    def hosts(self) -> tuple[HostName, ...]:
        """Names that it serves, and so no team."""
        return ()

    def hosted_zones(self) -> tuple[HostedZone, ...]:
        """In which it writes records."""
        return ()

    def service_linked_roles(self) -> tuple[ServiceLinkedRole, ...]:
        """Without which what it does in AWS fails."""
        return ()

    def upgrade_steps(self, facts: ClusterFacts, to: str) -> UpgradeSteps:
        """For the way of a cluster, as it is now, to the next Kubernetes minor."""
        return UpgradeSteps()

    def services(self, facts: ClusterFacts) -> tuple[str, ...]:
        """AWS services that its pods call, by the names of VPC endpoints."""
        return ()

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """Kubernetes objects that go with it; those of a chart come after its release, as their kinds may."""
        return ()

    def off_aws(self, facts: ClusterFacts, brought: Contribution) -> OffAws:
        """What becomes of it in a cluster outside of AWS, on a laptop for example.

        By itself it is left out where EKS or AWS runs it, where it calls AWS or lives by what a deploy makes there, and
        where it is about devices.
        """
        if self.devices or self.device_classes or self.tells_of_efa:
            return OffAws("it is about devices that no laptop has")
        return OffAws(needs_aws(brought, works_without_permissions=self.works_without_permissions))

    @abstractmethod
    def contribute(self, facts: ClusterFacts) -> Contribution:
        """What it adds to the plan of this cluster; pure."""

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """Rules between its fields and the cluster's facts. Paths are from the add-on."""
        if self.for_nodes and not (facts.has_nodes or facts.auto_mode):
            rule = "it works on nodes, and the cluster has Fargate only"
            yield Problem((), self.name, rule, "add nodes, or leave it out")
