"""How charts and Kubernetes objects reach the cluster; what is AWS's comes by CloudFormation in any case."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from blueprint.addons.offers import BY_FLUX, FROM_GIT, Offer
from blueprint.errors import Problem, Quoted
from blueprint.fields import DnsLabel, GitFolder, GitRepository, GitRevision
from blueprint.value import Value

if TYPE_CHECKING:
    from blueprint.checked import Checked


class KubectlProvider(Value):
    """CloudFormation installs them, by a function in the private subnets that has kubectl and helm."""

    retain: bool = False
    """Whether what leaves the templates stays in the cluster. Deploy it before you change to another delivery, which
    takes over what is there: without it that change would uninstall everything first."""


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


def engine_of(delivery: GitDeliveries) -> Offer:
    """What the add-on that delivers from Git does."""
    return FROM_GIT if isinstance(delivery, ArgoCdDelivery) else BY_FLUX


def problems(view: Checked) -> Iterator[Problem]:
    """The add-on that delivers must be there."""
    delivery = view.blueprint.delivery
    if isinstance(delivery, KubectlProvider) or not view.knows_all_addons:
        return
    engine = engine_of(delivery)
    if not any(engine in addon.offers for addon in view.listed_addons.values()):
        rule = f"it needs the add-on {engine.addon}"
        yield Problem(("delivery",), Quoted(type(delivery).__name__), rule, f"add {engine.write} to addons")
