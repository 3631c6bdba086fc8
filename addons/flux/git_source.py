"""What Flux keeps applied from the first deploy on."""

from __future__ import annotations

from typing import Annotated, Any

from blueprint.facts import ClusterFacts
from blueprint.fields import GitFolder, GitRepository, GitRevision, between
from blueprint.kubernetes import Manifest
from blueprint.value import Value

NAME = "bootstrap"
"""Of its objects."""


class GitSource(Value):
    """A folder in Git that Flux keeps applied. A private repository is read as `Flux.private_repositories` says, or by
    the Secret `bootstrap` of flux-system, as `flux create secret git` makes it.
    """

    repository: GitRepository
    """Address of the Git repository, by https or ssh."""
    path: GitFolder
    """The folder, from the root of the repository."""
    branch: GitRevision = "main"
    """A branch, which Flux follows."""
    private: bool = False
    """Whether the Secret `bootstrap` has what reads it."""
    interval_minutes: Annotated[int, between(1, 1440, "minutes")] = 5
    """How often Flux looks."""

    def manifests(self, namespace: str, facts: ClusterFacts) -> tuple[Manifest, ...]:
        """https://fluxcd.io/flux/components/source/gitrepositories, /kustomize/kustomizations"""
        every = f"{self.interval_minutes}m"
        secret = facts.read_by(self.repository, NAME if self.private else None)
        source = {"interval": every, "url": self.repository, "ref": {"branch": self.branch}, **secret}
        of = {"kind": "GitRepository", "name": NAME}
        applied = {"interval": every, "path": f"./{self.path}", "prune": True, "wait": True, "sourceRef": of}
        applied["serviceAccountName"] = "kustomize-controller"  # else it had the rights of `default`
        return (
            _manifest("source.toolkit.fluxcd.io/v1", "GitRepository", namespace, source),
            _manifest("kustomize.toolkit.fluxcd.io/v1", "Kustomization", namespace, applied),
        )


def _manifest(version: str, kind: str, namespace: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": NAME, "namespace": namespace}, "spec": spec}
