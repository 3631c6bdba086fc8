"""How Argo CD tells that an Application is ready, and what nobody can tell it.

https://docs.aws.amazon.com/eks/latest/userguide/argocd-configure-settings.html
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from addons.argo_cd.health import APPLICATION_HEALTH, HEALTH
from blueprint.addons.offers import FROM_GIT
from blueprint.errors import Problem
from blueprint.kubernetes import Manifest
from blueprint.repositories import PrivateRepository, SshKey


def settings() -> Manifest:
    """Those that AWS lets one write."""
    labels = {"app.kubernetes.io/part-of": "argocd"}
    metadata = {"name": "argocd-cm", "namespace": FROM_GIT.namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {HEALTH: APPLICATION_HEALTH}}


def without_host_keys(repositories: Sequence[PrivateRepository]) -> Iterator[Problem]:
    """Its known_hosts are not among them."""
    for index, each in enumerate(repositories):
        if isinstance(given := each.credentials, SshKey) and given.known_hosts:
            path = ("private_repositories", index, "credentials", "known_hosts")
            rule = "AWS documents no way to tell its Argo CD of hosts"
            yield Problem(path, given.known_hosts, rule, "leave it out, or read the repository by https")
