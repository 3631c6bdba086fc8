"""The proxy of each node in ambient mode: https://istio.io/latest/docs/ambient/overview"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from addons.istio.pods import ZTUNNEL, ZTUNNEL_IMAGE
from blueprint.addons import ClusterFacts, Contribution, Values, moved
from blueprint.addons.pods import NOT_ON_FARGATE
from blueprint.contribution import Release


def with_ztunnel(
    made: Contribution, facts: ClusterFacts, hub: Mapping[str, str], release: Callable[[Values], Release]
) -> Contribution:
    """The mesh with it. A node has two for a while, so that no pod is without."""
    rolls = {"rollingUpdate": {"maxSurge": "10%"}}
    values: Values = {**hub, "affinity": NOT_ON_FARGATE, "updateStrategy": rolls}
    mirrors = dict(facts.image_mirrors)
    image = ZTUNNEL_IMAGE.read(values, mirrors)
    found = release(values)
    return replace(
        made,
        releases=(*made.releases, found),
        workloads=(*made.workloads, ZTUNNEL.read(values, found.namespace)),
        images=(*made.images, image),
        mirrored=(*made.mirrored, *moved((ZTUNNEL_IMAGE,), (image,), mirrors)),
    )
