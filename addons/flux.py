"""Keeps the cluster in step with Git, without a server to look at. https://fluxcd.io"""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from blueprint.addons import ClusterFacts, Contribution, HelmAddon, ImageSource, Values
from blueprint.addons.lock import locked_chart
from blueprint.addons.pods import workload
from blueprint.fields import GitFolder, GitRepository, GitRevision, between
from blueprint.kubernetes import Manifest
from blueprint.value import Value

_NAME = "bootstrap"
_PARTS = {
    "helmController": ("helm-controller", (8080, 9440)),
    "kustomizeController": ("kustomize-controller", (8080, 9440)),
    "notificationController": ("notification-controller", (8080, 9090, 9292, 9440)),
    "sourceController": ("source-controller", (8080, 9090, 9440)),
}
_GROUPS = ("helm", "kustomize", "notification", "source")


class GitSource(Value):
    """A folder in Git that Flux keeps applied. The key of a private repository stands in the Secret `bootstrap` of
    flux-system, as `flux create secret git` makes it.
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

    def manifests(self, namespace: str) -> tuple[Manifest, ...]:
        """https://fluxcd.io/flux/components/source/gitrepositories, /kustomize/kustomizations"""
        every = f"{self.interval_minutes}m"
        secret = {"secretRef": {"name": _NAME}} if self.private else {}
        source = {"interval": every, "url": self.repository, "ref": {"branch": self.branch}, **secret}
        of = {"kind": "GitRepository", "name": _NAME}
        applied = {"interval": every, "path": f"./{self.path}", "prune": True, "wait": True, "sourceRef": of}
        return (
            _manifest("source.toolkit.fluxcd.io/v1", "GitRepository", namespace, source),
            _manifest("kustomize.toolkit.fluxcd.io/v1", "Kustomization", namespace, applied),
        )


class Flux(HelmAddon):
    """Its controllers of kustomizations and of Helm releases may do everything in the cluster. Of teams' objects it
    takes what the API server lets through for them. No controller of images is installed.
    """

    name = "flux"
    lost = "nothing from Git is applied any more; what was stays, as nobody keeps it"
    namespace = "flux-system"
    pod_security = "restricted"
    api_groups = tuple(f"{group}.toolkit.fluxcd.io" for group in _GROUPS)
    chart = locked_chart(
        "flux2",
        notes="https://github.com/fluxcd-community/helm-charts/releases/tag/flux2-{version}",
        compatibility="https://fluxcd.io/flux/installation/#supported-kubernetes-versions",
    )
    workloads = tuple(
        replace(
            workload(name, under=part, service_account=name, ports=ports, cpu="100m"),
            labels={"app": name},
            replicas_at=(),
        )
        for part, (name, ports) in _PARTS.items()
    )
    images = (
        *(ImageSource(f"ghcr.io/fluxcd/{name}", (f"{part}.image",)) for part, (name, _) in _PARTS.items()),
        ImageSource("ghcr.io/fluxcd/flux-cli", ("cli.image",)),
    )

    bootstrap: GitSource | None = None
    """What it keeps applied from the first deploy on."""

    def values(self, facts: ClusterFacts) -> Values:
        return {part: {"create": False} for part in ("imageAutomationController", "imageReflectionController")}

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        return self.bootstrap.manifests(self.namespace) if self.bootstrap else ()

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return replace(super().contribute(facts), from_git=(_NAME,) if self.bootstrap else ())


def _manifest(version: str, kind: str, namespace: str, spec: dict[str, Any]) -> Manifest:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": _NAME, "namespace": namespace}, "spec": spec}
