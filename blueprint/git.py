"""Addresses of Git repositories."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.errors import Problem


def without_scheme(repository: str) -> Iterator[Problem]:
    """What Flux does not take. https://fluxcd.io/flux/components/source/gitrepositories/#url"""
    if "://" not in repository:
        host, _, path = repository.partition(":")
        rule, fix = "Flux takes addresses with a scheme only", f'write "ssh://{host}/{path}"'
        yield Problem(("repository",), repository, rule, fix)
