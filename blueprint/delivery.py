"""How charts and Kubernetes objects reach the cluster; what is AWS's comes by CloudFormation in any case."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from blueprint.addons.offers import BY_FLUX, FROM_GIT, Offer
from blueprint.errors import Problem, Quoted
from blueprint.fields import AccountId, ClusterName, DnsLabel, GitFolder, GitRepository, GitRevision, IamName, Region
from blueprint.regions import partition_of
from blueprint.value import Value

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint
    from blueprint.checked import Checked


class KubectlProvider(Value):
    """CloudFormation installs them, by a function in the private subnets that has kubectl and helm."""

    retain: bool = False
    """Whether what leaves the templates stays in the cluster. Deploy it before you change to another delivery, which
    takes over what is there: without it that change would uninstall everything first."""


class Hub(Value):
    """A cluster whose Argo CD, run by AWS, delivers to other clusters, of whatever account and region.

    https://docs.aws.amazon.com/eks/latest/userguide/argocd-register-clusters.html
    """

    name: ClusterName
    """Of the cluster."""
    account: AccountId
    """Its account."""
    region: Region
    """Its region."""
    role: IamName
    """What its `ArgoCdCapability` says as `role_name`, with the path of its `iam` if that has one: "platform/Hub". It
    administers each cluster that the hub delivers to."""

    @property
    def arn(self) -> str:
        """Of the cluster, by which Argo CD knows it."""
        return f"arn:{partition_of(self.region)}:eks:{self.region}:{self.account}:cluster/{self.name}"


class ArgoCdDelivery(Value):
    """Argo CD takes them from Git, where `make gitops` writes them.

    The installer brings Argo CD, the add-on ArgoCd, and its first Applications with what AWS decides in a deploy: so
    nobody keeps a token. Only what is committed and pushed is installed. The credentials of a private repository stand
    in a Secret beside Argo CD, labelled `argocd.argoproj.io/secret-type: repository`.
    """

    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    folder: GitFolder = "gitops"
    """Where the output of `make gitops` is in the repository; each cluster has a folder of its name there."""
    revision: GitRevision = "main"
    """A branch, which Argo CD follows, or a tag or commit."""
    retain: bool = False
    """Whether what leaves the templates stays in the cluster, the first Applications with all that they brought."""
    hub: Hub | None = None
    """The cluster whose Argo CD does it. This one then has no function with kubectl, and no Argo CD; charts and objects
    hold only what is known before a deploy."""
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

    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    folder: GitFolder = "gitops"
    """Where the output of `make gitops` is in the repository; each cluster has a folder of its name there."""
    branch: GitRevision = "main"
    """Which Flux follows."""
    credentials: DnsLabel | None = None
    """The Secret with the credentials of a private repository, in the namespace flux-system."""
    retain: bool = False
    """Whether what leaves the templates stays in the cluster, the first Kustomizations with all that they brought."""

    def problems(self) -> Iterator[Problem]:
        if "://" not in self.repository:  # https://fluxcd.io/flux/components/source/gitrepositories/#url
            host, _, path = self.repository.partition(":")
            rule, fix = "Flux takes addresses with a scheme only", f'write "ssh://{host}/{path}"'
            yield Problem(("repository",), self.repository, rule, fix)


GitDeliveries = ArgoCdDelivery | FluxDelivery
Delivery = KubectlProvider | GitDeliveries


def hub_of(delivery: Delivery) -> Hub | None:
    """The cluster whose engine delivers to this one."""
    return delivery.hub if isinstance(delivery, ArgoCdDelivery) else None


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
        path = there.iam.path.lstrip("/")
        roles = [f"{path}{name}" for addon in there.addons for name in addon.delivers_by_role]
        if given.role not in roles:
            rule = f"Argo CD of the cluster {given.name} has another role, or is not run by AWS"
            fix = f'write "{roles[0]}"' if roles else f'write role_name="{given.role}" in its ArgoCdCapability'
            yield place, Problem((place, "delivery", "hub", "role"), given.role, rule, fix)
        own, its = blueprint.delivery, there.delivery
        if not isinstance(its, ArgoCdDelivery) or not its.spokes:
            rule = f"the cluster {given.name} takes no other clusters from Git"
            yield place, Problem((place, "delivery", "hub"), given.name, rule, "write spokes=True in its delivery")
        elif isinstance(own, ArgoCdDelivery):
            for field in ("repository", "folder", "revision"):
                if (said := getattr(own, field)) != (followed := getattr(its, field)):
                    rule = f"the hub follows {followed}"
                    yield place, Problem((place, "delivery", field), said, rule, "write the same in both")


def _of_a_spoke(view: Checked, hub: Hub) -> Iterator[Problem]:
    if partition_of(hub.region) != partition_of(view.blueprint.region):
        rule = f"nobody there gets access to a cluster in {view.blueprint.region}, which is of another partition"
        yield Problem(("delivery", "hub", "region"), hub.region, rule, "name a hub of the same partition")
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
    known = [role for addon in view.listed_addons.values() for role in addon.delivers_by_role]
    if isinstance(delivery, ArgoCdDelivery) and delivery.spokes and not known:
        rule = "only Argo CD that AWS runs delivers to other clusters, by a role whose name these know"
        fix = 'add ArgoCdCapability(…, role_name="ArgoCdHub") to addons'
        yield Problem(("delivery", "spokes"), delivery.spokes, rule, fix)
    engine = engine_of(delivery)
    if not any(engine in addon.offers for addon in view.listed_addons.values()):
        rule = f"it needs the add-on {engine.addon}"
        yield Problem(("delivery",), Quoted(type(delivery).__name__), rule, f"add {engine.write} to addons")
