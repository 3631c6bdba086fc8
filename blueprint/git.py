"""Addresses of Git repositories."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.errors import Problem


def scheme_for(field: str, repository: str) -> Iterator[Problem]:
    """What Flux does not take. https://fluxcd.io/flux/components/source/gitrepositories/#url"""
    if "://" not in repository:
        host, _, path = repository.partition(":")
        rule, fix = "Flux takes addresses with a scheme only", f'write "ssh://{host}/{path}"'
        yield Problem((field,), repository, rule, fix)


def covers(prefix: str, address: str) -> bool:
    """Whether an address is the one, or, where that ends with a /, begins so."""
    if prefix.endswith("/"):
        return address.startswith(prefix)
    return address.removesuffix(".git") == prefix.removesuffix(".git")


def argo_cd_source(repository: str, path: str, revision: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """A folder as an Application names it, which is a Helm chart where it has values.

    https://argo-cd.readthedocs.io/en/stable/user-guide/application-specification/
    """
    found: dict[str, Any] = {"repoURL": repository, "path": path, "targetRevision": revision}
    return {**found, "helm": {"valuesObject": values}} if values else found
