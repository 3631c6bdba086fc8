"""Registries of one's own, from which charts and images come in the place of those where they are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.errors import Key, Problem
from blueprint.fields import matches
from blueprint.value import Value

# distribution/reference v0.6.0 reference.go:7-23: a domain, and components of a path.
_DOMAIN, _COMPONENT = r"[a-z0-9]+([.-]+[a-z0-9]+)*", r"[a-z0-9]+([._-]+[a-z0-9]+)*"
RegistryHost = Annotated[
    str,
    matches(
        rf"{_DOMAIN}\.[a-z0-9]+(:\d{{1,5}})?",
        "must be the host of a registry",
        'write "quay.io", or "docker.io" for the Docker Hub',
        longest=253,
    ),
]
ImagePrefix = Annotated[
    str,
    matches(
        rf"{_DOMAIN}\.[a-z0-9]+(:\d{{1,5}})?(/{_COMPONENT})*",
        "must be the beginning of image names, without a slash at its end",
        'write for example "111111111111.dkr.ecr.us-west-2.amazonaws.com/quay"',
        longest=200,
    ),
]
ChartPrefix = Annotated[
    str,
    matches(
        rf"oci://{_DOMAIN}\.[a-z0-9]+(:\d{{1,5}})?(/{_COMPONENT})*",
        "must be the beginning of addresses of charts, without a slash at its end",
        'write for example "oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/charts"',
        longest=200,
    ),
]
_HUB = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
"""Other names of docker.io. distribution/reference v0.6.0 normalize.go:17-29, and where clients really go."""


class Mirrors(Value):
    """For add-ons by name: their charts say where images come from, and those of `HelmRelease`, of manifests and teams
    are written by whoever writes them. `make mirror-list` prints what a mirror needs, from where and to where.

    A mirror keeps digests: copy with all platforms (`crane copy`, `skopeo copy --all --preserve-digests`), or let ECR
    pull through (https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html).
    """

    images: Mapping[RegistryHost, ImagePrefix] = field(default_factory=dict)
    """By the registry of the publisher where its images are: {"quay.io": "….dkr.ecr.us-west-2.amazonaws.com/quay"} has
    quay.io/argoproj/argocd at ….dkr.ecr.us-west-2.amazonaws.com/quay/argoproj/argocd."""
    charts: ChartPrefix | None = None
    """Where all charts are, each below its own name; `chart_repository` of an add-on wins."""

    def problems(self) -> Iterator[Problem]:
        for host, prefix in self.images.items():
            if host in _HUB:
                rule = "images of the Docker Hub are known by docker.io"
                yield Problem(("images", Key(host)), host, rule, 'write "docker.io"')
            if prefix.partition("/")[0] == host:
                rule = "a registry is no mirror of itself"
                yield Problem(("images", Key(host)), prefix, rule, "name another, or leave it out")
