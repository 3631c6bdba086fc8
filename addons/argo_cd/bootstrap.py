"""The first application of a cluster. https://argo-cd.readthedocs.io/en/stable/operator-manual/cluster-bootstrapping"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from blueprint.clear_values import misplaced
from blueprint.errors import Problem
from blueprint.fields import JSON_LIKE, GitFolder, GitRepository, GitRevision
from blueprint.git import argo_cd_source
from blueprint.kubernetes import Manifest
from blueprint.value import Value

NAME = "bootstrap"


class Bootstrap(Value):
    """A folder of Applications, ApplicationSets and AppProjects in Git, which Argo CD keeps applied.

    A private repository is read as `private_repositories` of the add-on says.
    """

    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    path: GitFolder
    """The folder, from the root of the repository."""
    revision: GitRevision = "main"
    """A branch, which Argo CD follows, or a tag or commit."""

    values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict, kw_only=True)
    """Of the Helm chart that the folder is, if it is one."""

    def problems(self) -> Iterator[Problem]:
        yield from misplaced(self.values, ("values",))

    def manifests(self, namespace: str, server: str) -> tuple[Manifest, ...]:
        """An AppProject that may make those three kinds only, and the Application in it."""
        here = {"server": server, "namespace": namespace}
        kinds = [{"group": "argoproj.io", "kind": kind} for kind in ("Application", "ApplicationSet", "AppProject")]
        project = {
            "sourceRepos": [self.repository],
            "sourceNamespaces": [namespace],
            "destinations": [here],
            "namespaceResourceWhitelist": kinds,
        }
        application = {
            "project": NAME,
            "source": argo_cd_source(self.repository, self.path, self.revision, self.values),
            "destination": here,
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}},
        }
        return _manifest("AppProject", namespace, project), _manifest("Application", namespace, application)


def _manifest(kind: str, namespace: str, spec: dict[str, Any]) -> Manifest:
    return {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": kind,
        "metadata": {"name": NAME, "namespace": namespace},
        "spec": spec,
    }
