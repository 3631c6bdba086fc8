"""Karpenter's definitions of custom resources."""

from __future__ import annotations

from dataclasses import replace

from blueprint.contribution import Release


def definitions(release: Release) -> Release:
    """A chart of its own, because Helm never upgrades definitions that stand beside a chart's templates.

    Kept, they would be in the way of the next attempt: Helm 4 applies those of Karpenter's own chart over them, by
    which they lose the marks of this one. https://github.com/helm/helm/blob/v4.2.3/pkg/action/validate.go
    """
    own = release.chart
    published = f"{own.published}-crd" if own.published else ""
    address = f"{own.repository}-crd"
    chart = replace(own, name="karpenter-crd", repository=address, published=published, kubernetes="", digest="")
    return Release("karpenter-crd", chart, release.namespace)
