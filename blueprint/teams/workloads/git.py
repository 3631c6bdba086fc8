"""A folder of a Git repository that is kept applied. https://argo-cd.readthedocs.io/en/stable/user-guide/projects"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import field
from typing import Annotated, Any, Literal

from blueprint.addons.offers import BY_FLUX, FROM_GIT, Offer
from blueprint.clear_values import misplaced
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, DnsLabel, GitFolder, GitRepository, GitRevision
from blueprint.git import argo_cd_source, scheme_for
from blueprint.kubernetes import Manifest
from blueprint.teams.exposure import Exposure
from blueprint.teams.namespaces import TeamNamespace, named
from blueprint.teams.workloads.by_flux import followed, not_substituted
from blueprint.teams.workloads.exposed import refused_in_values
from blueprint.teams.workloads.kinds import GUARDED, KINDS, group
from blueprint.teams.workloads.workload import TeamWorkload

_API = "argoproj.io/v1alpha1"


class GitWorkload(TeamWorkload):
    """By Argo CD an Application, in an AppProject that reaches this repository and the team's namespaces and no others:
    objects without a namespace get `namespace`. By Flux a GitRepository, and a Kustomization with rights in `namespace`
    alone, into which all objects come.

    Whoever may write to the repository brings objects there, of the kinds that `Manifests` takes. No plan sees them:
    the cluster judges their hosts and annotations. Removing the workload leaves what it brought, until somebody deletes
    it.
    """

    name: DnsLabel
    """Unique in the team; the Application is called <team>-<name>, and in a hub <cluster>.<team>-<name>."""
    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    path: GitFolder
    """The folder, from the root of the repository."""
    revision: GitRevision = "main"
    """A branch, which is followed, or a commit; Argo CD also takes a tag by its name, Flux as "refs/tags/v1"."""
    engine: Literal["argo-cd", "flux"] = "argo-cd"
    """What keeps it applied."""
    credentials: DnsLabel | None = None
    """Of Flux, a Secret of your own with the credentials of a private repository, in the namespace flux-system;
    otherwise it is read as `private_repositories` of the add-on says."""

    values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """What this cluster's differs in. By Argo CD, values of the Helm chart that the folder is; by Flux, texts that its
    manifests have as ${name}. What they say of annotations and hosts of Ingresses is checked as in a HelmWorkload."""

    def problems(self) -> Iterator[Problem]:
        yield from misplaced(self.values, ("values",))
        if self.engine == "flux":
            yield from scheme_for("repository", self.repository)
            yield from (problem.below(("values",)) for problem in not_substituted(self.values))
        elif self.credentials:
            rule = "Argo CD reads a repository as private_repositories of the add-on says"
            yield Problem(("credentials",), self.credentials, rule, 'leave it out, or write engine="flux"')

    def problems_on(self, facts: ClusterFacts, space: TeamNamespace, exposure: Exposure) -> Iterator[Problem]:
        for path, refusal in refused_in_values(self.values, exposure):
            yield Problem(("values", *path), *refusal)

    @property
    def key(self) -> str:
        return self.name

    @property
    def asks_for(self) -> frozenset[Offer]:
        return frozenset({FROM_GIT if self.engine == "argo-cd" else BY_FLUX})

    def from_git(self, team: str, facts: ClusterFacts) -> tuple[str, ...]:
        name = f"{team}-{self.name}"
        return (f"{facts.name}.{name}" if facts.of_hub and self.engine == "argo-cd" else name,)

    def objects(self, team: str, namespaces: Sequence[str], facts: ClusterFacts) -> tuple[Manifest, ...]:
        (name,) = self.from_git(team, facts)
        if self.engine == "flux":
            given = facts.read_by(self.repository, self.credentials)
            return followed(name, self.namespace, self.repository, self.path, self.revision, given, self.values)
        cluster = facts.argo_cd_destination
        project: dict[str, Any] = {
            "sourceRepos": [self.repository],
            "sourceNamespaces": [FROM_GIT.namespace],
            "destinations": [{**cluster, "namespace": namespace} for namespace in sorted(namespaces)],
            "clusterResourceWhitelist": [],
            "clusterResourceBlacklist": [{"group": "*", "kind": "*"}],
            "namespaceResourceWhitelist": [{"group": group(api), "kind": kind} for kind, api in KINDS.items()],
            "namespaceResourceBlacklist": [
                {"group": api_group, "kind": kind} for api_group, kinds in GUARDED.items() for kind in kinds
            ],
        }
        application = {
            "project": name,
            "source": argo_cd_source(self.repository, self.path, self.revision, self.values),
            "destination": {**cluster, "namespace": self.namespace},
            "syncPolicy": {
                "automated": {"prune": True, "selfHeal": True},
                "syncOptions": ["CreateNamespace=false"],
            },
        }
        # Argo CD looks for both in its own namespace.
        return (
            named(_API, "AppProject", name, FROM_GIT.namespace, spec=project),
            named(_API, "Application", name, FROM_GIT.namespace, spec=application),
        )
