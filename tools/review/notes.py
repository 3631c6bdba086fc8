"""Where release notes are: of Kubernetes here, of what an add-on installs as its class says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache

from addons.base import EksAddon, HelmAddon
from blueprint.contribution import Chart, release_notes
from blueprint.versions import RELEASE_NOTES
from tools.review.definitions import classes


def notes(what: str, version: str) -> str:
    """The address of the release notes of a version, or nothing."""
    if what.startswith("chart "):
        # Definitions of custom resources are published with the chart that they are for.
        what = what.partition(" as ")[0].removesuffix("-crd")
    return release_notes(_forms().get(what, ""), version)


@cache
def _forms() -> Mapping[str, str]:
    return {"Kubernetes": RELEASE_NOTES, **dict(_of_addons())}


def _of_addons() -> Iterator[tuple[str, str]]:
    for managed in classes(EksAddon):
        yield f"EKS add-on {getattr(managed, 'name', '')}", managed.notes
    for installed in classes(HelmAddon):
        for chart in vars(installed).values():
            if isinstance(chart, Chart):
                yield f"chart {chart.name}", chart.notes
