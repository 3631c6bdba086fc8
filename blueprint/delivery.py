"""How charts and Kubernetes objects reach the cluster; what is AWS's comes by CloudFormation in any case."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from blueprint.addons.offers import BY_FLUX, COPIED_SECRETS, FROM_GIT, HubRoles, Offer
from blueprint.artifacts import OciArtifact, S3Folder
from blueprint.errors import Problem, Quoted
from blueprint.facts import IN_CLUSTER
from blueprint.fields import AccountId, ClusterName, DnsLabel, GitFolder, GitRepository, GitRevision, IamName, Region
from blueprint.git import scheme_for
from blueprint.regions import partition_of
from blueprint.value import Value

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint
    from blueprint.checked import Checked


_LONGEST_ROLE = 64
"""https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html"""


class KubectlProvider(Value):
    """CloudFormation installs them, by a function in the private subnets that has kubectl and helm."""

    retain: bool = False
    """Whether what leaves the templates stays in the cluster. Deploy it before you change to another delivery, which
    takes over what is there: without it that change would uninstall everything first."""


class HubCluster(Value):
    """A cluster whose Argo CD delivers to other clusters, of whatever account and region.

    Names of roles are those that its add-on says, with the path of its `iam` if that has one: "platform/ArgoCdHub".
    """

    name: ClusterName
    """Of the cluster."""
    account: AccountId
    """Its account."""
    region: Region
    """Its region."""
    role: IamName
    """`role_name` of its Argo CD. It administers each cluster that the hub delivers to."""

    @property
    @abstractmethod
    def server(self) -> str:
        """How Argo CD calls the hub itself."""

    @property
    @abstractmethod
    def roles(self) -> HubRoles:
        """Those of its Argo CD."""


class Hub(HubCluster):
    """A hub whose Argo CD is run by AWS: `ArgoCdCapability`.

    https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html
    """

    facts_role: IamName | None = None
    """`facts_role_name` of its Argo CD, by which it learns what AWS decides in a deploy of this cluster. None where
    charts and objects hold only what is known before."""

    @property
    def server(self) -> str:
        return f"arn:{partition_of(self.region)}:eks:{self.region}:{self.account}:cluster/{self.name}"

    @property
    def roles(self) -> HubRoles:
        return HubRoles(self.role, facts_role=self.facts_role or "")


class SelfManagedHub(HubCluster):
    """A hub whose Argo CD runs on its nodes: `ArgoCd`. It must reach the address of each cluster's Kubernetes API.

    https://argo-cd.readthedocs.io/en/stable/operator-manual/declarative-setup/#eks
    """

    server_role: IamName
    """`server_role_name` of its Argo CD, which looks at each cluster for people."""
    facts_role: IamName
    """`facts_role_name` of its Argo CD, by which it learns what AWS decides in a deploy: the cluster's address too."""

    @property
    def server(self) -> str:
        return IN_CLUSTER

    @property
    def roles(self) -> HubRoles:
        return HubRoles(self.role, self.server_role, self.facts_role)


class ArgoCdDelivery(Value):
    """Argo CD takes them from Git, where `make gitops` writes them.

    The installer brings Argo CD, the add-on ArgoCd, and its first Applications with what AWS decides in a deploy: so
    nobody keeps a token. Only what is committed and pushed is installed. A private repository is read as
    `private_repositories` of the add-on says, of the hub's where there is one.
    """

    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    folder: GitFolder = "gitops"
    """Where the output of `make gitops` is in the repository; each cluster has a folder of its name there."""
    revision: GitRevision = "main"
    """A branch, which Argo CD follows, or a tag or commit."""
    retain: bool = False
    """Whether what leaves the templates stays in the cluster, the first Applications with all that they brought."""
    hub: Hub | SelfManagedHub | None = None
    """The cluster whose Argo CD does it. This one then has no function with kubectl, and no Argo CD."""
    spokes: bool = False
    """Whether this cluster is a hub: its Argo CD takes clusters from the same folder whose delivery names it."""

    def problems(self) -> Iterator[Problem]:
        if self.hub and self.spokes:
            rule = "a hub is delivered to by its own Argo CD"
            yield Problem(("spokes",), self.spokes, rule, "leave hub or spokes out")
        if self.hub and self.retain:
            rule = "no template of it has charts or objects that could stay"
            yield Problem(("retain",), self.retain, rule, "leave it out")


class FluxDelivery(Value):
    """Flux takes them from Git, where `make gitops` writes them.

    The installer brings Flux, the add-on Flux, and its first Kustomizations, with what AWS decides in a deploy in a
    ConfigMap: so nobody keeps a token. Only what is committed and pushed is installed.
    """

    repository: GitRepository | OciArtifact | S3Folder
    """Address of the Git repository, by https or ssh; or where a pipeline puts what that has, and Flux takes it."""
    folder: GitFolder = "gitops"
    """Where the output of `make gitops` is in the repository; each cluster has a folder of its name there."""
    branch: GitRevision = "main"
    """Of a Git repository, which Flux follows."""
    credentials: DnsLabel | None = None
    """A Secret of your own with the credentials of a private repository, in the namespace flux-system; otherwise it is
    read as `Flux.private_repositories` says."""
    retain: bool = False
    """Whether what leaves the templates stays in the cluster, the first Kustomizations with all that they brought."""

    def problems(self) -> Iterator[Problem]:
        if isinstance(self.repository, str):
            yield from scheme_for("repository", self.repository)
        elif self.branch != "main":
            yield Problem(("branch",), self.branch, "only a Git repository has branches", "leave it out")
        if self.credentials and isinstance(self.repository, S3Folder):
            yield Problem(("credentials",), self.credentials, "it is read by a role", "leave it out")


GitDeliveries = ArgoCdDelivery | FluxDelivery
Delivery = KubectlProvider | GitDeliveries


def hub_of(delivery: Delivery) -> Hub | SelfManagedHub | None:
    """The cluster whose engine delivers to this one."""
    return delivery.hub if isinstance(delivery, ArgoCdDelivery) else None


def artifact_of(delivery: Delivery) -> OciArtifact | S3Folder | None:
    """From which Flux takes a folder that is not in Git."""
    if isinstance(delivery, FluxDelivery) and not isinstance(delivery.repository, str):
        return delivery.repository
    return None


def reading_role(hub: HubCluster, cluster: str) -> str:
    """Name of the role in a cluster's account by which its hub reads what AWS decides in a deploy."""
    return f"{hub.roles.facts_role.rpartition('/')[2]}-{cluster}"


def hubs_in_fleet(fleet: Mapping[str, Blueprint]) -> Iterator[tuple[str, Problem]]:
    """What clusters say of their hub, and the hub itself does not, with the place of the cluster."""
    by_name = {blueprint.name: blueprint for blueprint in fleet.values()}
    for place, blueprint in fleet.items():
        given = hub_of(blueprint.delivery)
        if given is None or given.name not in by_name:
            continue
        there = by_name[given.name]
        for field in ("account", "region"):
            if (said := getattr(given, field)) != (is_so := getattr(there, field)):
                rule = f"the cluster {given.name} is of the {field} {is_so}"
                yield place, Problem((place, "delivery", "hub", field), said, rule, "write the same in both")
        for problem in _between_roles(given, there):
            yield place, problem.below((place, "delivery", "hub"))
        own, its = blueprint.delivery, there.delivery
        if not isinstance(its, ArgoCdDelivery) or not its.spokes:
            rule = f"the cluster {given.name} takes no other clusters from Git"
            yield place, Problem((place, "delivery", "hub"), given.name, rule, "write spokes=True in its delivery")
        elif isinstance(own, ArgoCdDelivery):
            for field in ("repository", "folder", "revision"):
                if (said := getattr(own, field)) != (followed := getattr(its, field)):
                    rule = f"the hub follows {followed}"
                    yield place, Problem((place, "delivery", field), said, rule, "write the same in both")


def _between_roles(given: HubCluster, there: Blueprint) -> Iterator[Problem]:
    """What a cluster says of the roles of its hub, and the hub itself does not."""
    known = next((addon.hub_roles for addon in there.addons if addon.hub_roles), None)
    if known is None:
        rule = f"Argo CD of the cluster {given.name} has no role that others know, or there is none"
        yield Problem(("role",), given.role, rule, f'write role_name="{given.role}" in its ArgoCdCapability or ArgoCd')
        return
    if bool(known.server_role) != bool(given.roles.server_role):
        rule, other = f"AWS runs Argo CD of the cluster {given.name}", "Hub"
        if known.server_role:
            rule, other = f"Argo CD of the cluster {given.name} runs on its nodes", "SelfManagedHub"
        yield Problem((), Quoted(type(given).__name__), rule, f"name it as a {other}(…)")
        return
    path = there.iam.path.lstrip("/")
    for field, said, name in zip(HubRoles._fields, given.roles, known, strict=True):
        if said and not name:
            rule = f"nothing of the cluster {given.name} reads by it"
            yield Problem((field,), said, rule, f'write {field}_name="{said}" in its ArgoCdCapability')
        elif said and said != f"{path}{name}":
            rule = f"Argo CD of the cluster {given.name} has another role"
            yield Problem((field,), said, rule, f'write "{path}{name}"')


def _of_a_spoke(view: Checked, hub: HubCluster) -> Iterator[Problem]:
    if partition_of(hub.region) != partition_of(view.blueprint.region):
        rule = f"nobody there gets access to a cluster in {view.blueprint.region}, which is of another partition"
        yield Problem(("delivery", "hub", "region"), hub.region, rule, "name a hub of the same partition")
    if hub.roles.facts_role and len(name := reading_role(hub, view.blueprint.name)) > _LONGEST_ROLE:
        rule = f"the role by which it reads is {name}, and names of roles end after {_LONGEST_ROLE} characters"
        yield Problem(("delivery", "hub", "facts_role"), hub.roles.facts_role, rule, "write a shorter one in both")
    for path, addon in view.listed_addons.items():
        if FROM_GIT in addon.offers or BY_FLUX in addon.offers:
            rule = "the hub delivers to this cluster, and two engines would keep the same objects"
            yield Problem(path, addon.name, rule, "remove it, or leave hub out of delivery")


def engine_of(delivery: GitDeliveries) -> Offer:
    """What the add-on that delivers from Git does."""
    return FROM_GIT if isinstance(delivery, ArgoCdDelivery) else BY_FLUX


def problems(view: Checked) -> Iterator[Problem]:
    """The add-on that delivers must be there."""
    delivery = view.blueprint.delivery
    if isinstance(delivery, KubectlProvider) or not view.knows_all_addons:
        return
    if hub := hub_of(delivery):
        yield from _of_a_spoke(view, hub)
        return
    for path, addon in view.listed_addons.items():
        reads = addon.hub_roles.facts_role if addon.hub_roles else ""
        if reads and not any(COPIED_SECRETS in other.offers for other in view.listed_addons.values()):
            rule = f"it reads by the add-on {COPIED_SECRETS.addon}"
            yield Problem((*path, "facts_role_name"), reads, rule, f"add {COPIED_SECRETS.write} to addons")
    known = any(addon.hub_roles for addon in view.listed_addons.values())
    if isinstance(delivery, ArgoCdDelivery) and delivery.spokes and not known:
        rule = "Argo CD delivers to other clusters by a role whose name these know"
        fix = 'write role_name="ArgoCdHub" in its ArgoCdCapability or ArgoCd'
        yield Problem(("delivery", "spokes"), delivery.spokes, rule, fix)
    engine = engine_of(delivery)
    if not any(engine in addon.offers for addon in view.listed_addons.values()):
        rule = f"it needs the add-on {engine.addon}"
        yield Problem(("delivery",), Quoted(type(delivery).__name__), rule, f"add {engine.write} to addons")
