"""The first application of a cluster. https://argo-cd.readthedocs.io/en/stable/operator-manual/cluster-bootstrapping"""

from __future__ import annotations

from typing import Any

from blueprint.fields import GitFolder, GitRepository, GitRevision
from blueprint.kubernetes import Manifest
from blueprint.value import Value

NAME = "bootstrap"


class Bootstrap(Value):
    """A folder of Applications, ApplicationSets and AppProjects in Git, which Argo CD keeps applied.

    The credentials of a private repository stand in a Secret labelled `argocd.argoproj.io/secret-type: repository`.
    """

    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    path: GitFolder
    """The folder, from the root of the repository."""
    revision: GitRevision = "main"
    """A branch, which Argo CD follows, or a tag or commit."""

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
            "source": {"repoURL": self.repository, "path": self.path, "targetRevision": self.revision},
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
