"""Registries of one's own, from which charts and images come in the place of those where they are published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from blueprint.errors import Key, Problem, duplicates
from blueprint.fields import matches
from blueprint.regions import partition_of
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
# botocore 1.44.5, data/ecr/2015-09-21: PullThroughCacheRuleRepositoryPrefix
CachePrefix = Annotated[
    str,
    matches(
        r"[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*(?<=..)",
        "must be the beginning of names of repositories, 2 to 30 characters, without a slash at its end",
        'write for example "quay"',
        longest=30,
    ),
]
# Schema of AWS::ECR::PullThroughCacheRule: CredentialArn. Where there is no cache, `cache_problems` says so.
UpstreamSecretArn = Annotated[
    str,
    matches(
        r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:\d{12}:secret:ecr-pullthroughcache/[\w/+=.@-]+",
        "must be the ARN of a secret whose name begins with ecr-pullthroughcache/, as ECR wants it",
        'write for example "arn:aws:secretsmanager:us-west-2:111111111111:secret:ecr-pullthroughcache/hub-AbCdEf"',
        longest=612,
    ),
]
CachedRegistry = Literal["docker.io", "ghcr.io", "public.ecr.aws", "quay.io", "registry.gitlab.com", "registry.k8s.io"]


@dataclass(frozen=True)
class Upstream:
    """How ECR calls a registry."""

    name: str
    url: str
    secret: bool = False
    """Whether it asks who pulls."""


# https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html, and botocore 1.44.5,
# data/ecr/2015-09-21: CreatePullThroughCacheRuleRequest.upstreamRegistryUrl, UpstreamRegistry
UPSTREAMS: Mapping[CachedRegistry, Upstream] = {
    "docker.io": Upstream("docker-hub", "registry-1.docker.io", secret=True),
    "ghcr.io": Upstream("github-container-registry", "ghcr.io", secret=True),
    "public.ecr.aws": Upstream("ecr-public", "public.ecr.aws"),
    "quay.io": Upstream("quay", "quay.io"),
    "registry.gitlab.com": Upstream("gitlab-container-registry", "registry.gitlab.com", secret=True),
    "registry.k8s.io": Upstream("k8s", "registry.k8s.io"),
}
_HUB = ("index.docker.io", "registry-1.docker.io", "registry.hub.docker.com")
"""Other names of docker.io. distribution/reference v0.6.0 normalize.go:17-29, and where clients really go."""


class PullThroughCache(Value):
    """A registry that Amazon ECR of the cluster's account and region caches: what is pulled below the prefix and is
    not there yet, it takes from the publisher. `make registry-cache` writes the rules, once for all clusters of an
    account and region.

    A first pull by an interface endpoint needs a way to the internet all the same, so where there is none, pull each
    image once from elsewhere; `make doctor` says which are not there yet.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html
    """

    registry: CachedRegistry
    """Of the publisher, as images name it."""
    prefix: CachePrefix
    """Of the repositories in ECR: "quay" has quay.io/argoproj/argocd at quay/argoproj/argocd."""
    secret: UpstreamSecretArn | None = None
    """What ECR signs in with, in the cluster's account and region: docker.io, ghcr.io and registry.gitlab.com ask.
    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache-creating-secret.html"""

    @property
    def upstream(self) -> Upstream:
        """Its name and address in ECR."""
        return UPSTREAMS[self.registry]

    def problems(self) -> Iterator[Problem]:
        if self.upstream.secret and not self.secret:
            rule = f"{self.registry} asks who pulls, and ECR signs in with a secret"
            fix = 'write secret="arn:aws:secretsmanager:…:secret:ecr-pullthroughcache/…"'
            yield Problem(("secret",), None, rule, fix)
        if self.secret and not self.upstream.secret:
            rule = f"ECR takes no secret for {self.registry}"
            yield Problem(("secret",), self.secret, rule, "leave it out")


class Mirrors(Value):
    """For add-ons by name: their charts say where images come from, and those of `HelmRelease`, of manifests and teams
    are written by whoever writes them. `make mirror-list` prints what a mirror needs, from where and to where.

    A mirror keeps digests: copy with all platforms (`crane copy`, `skopeo copy --all --preserve-digests`), or let ECR
    pull through.
    """

    images: Mapping[RegistryHost, ImagePrefix] = field(default_factory=dict)
    """By the registry of the publisher where its images are: {"quay.io": "….dkr.ecr.us-west-2.amazonaws.com/quay"} has
    quay.io/argoproj/argocd at ….dkr.ecr.us-west-2.amazonaws.com/quay/argoproj/argocd."""
    charts: ChartPrefix | None = None
    """Where all charts are, each below its own name; `chart_repository` of an add-on wins."""
    cache: tuple[PullThroughCache, ...] = ()
    """Registries that ECR of the cluster's account and region caches, in the place of those in `images`."""

    def by_registry(self, account: str, region: str) -> Mapping[str, str]:
        """Where images are, by the registry of their publisher, for a cluster of this account and region."""
        ecr = f"{account}.dkr.ecr.{region}.amazonaws.com"
        return {**self.images, **{each.registry: f"{ecr}/{each.prefix}" for each in self.cache}}

    def problems(self) -> Iterator[Problem]:
        for host, prefix in self.images.items():
            if host in _HUB:
                rule = "images of the Docker Hub are known by docker.io"
                yield Problem(("images", Key(host)), host, rule, 'write "docker.io"')
            if prefix.partition("/")[0] == host:
                rule = "a registry is no mirror of itself"
                yield Problem(("images", Key(host)), prefix, rule, "name another, or leave it out")
        for index, each in enumerate(self.cache):
            if each.registry in self.images:
                rule = "images says already where its images are"
                yield Problem(("cache", index, "registry"), each.registry, rule, "leave it out in one of both")
        for name, fix in (("registry", "keep one"), ("prefix", "take another")):
            given = ((("cache", index, name), getattr(each, name)) for index, each in enumerate(self.cache))
            yield from duplicates(given, f"{name} of a cache", fix)


def cache_problems(mirrors: Mirrors, account: str, region: str) -> Iterator[Problem]:
    """What a cache asks of the cluster's account and region: there is none in China and in GovCloud, and of the other
    partitions nothing is told.

    https://docs.aws.amazon.com/AmazonECR/latest/userguide/pull-through-cache.html (considerations)
    """
    for index, each in enumerate(mirrors.cache):
        place = ("mirrors", "cache", index)
        if partition_of(region) != "aws":
            rule = f"Amazon ECR caches no other registry in {region}"
            yield Problem(place, each.registry, rule, f'copy the images: images={{"{each.registry}": "…"}}')
        elif each.secret and each.secret.split(":")[3:5] != [region, account]:
            rule = f"ECR reads secrets of its own account and region alone ({account}, {region})"
            yield Problem((*place, "secret"), each.secret, rule, "name one that is there")
