"""A chart of a team. https://helm.sh/docs/topics/charts"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated, Any

from blueprint.contribution import Chart, Release
from blueprint.fields import JSON_LIKE, ChartName, ChartRepository, ChartVersion, ReleaseName, between
from blueprint.teams.workloads.workload import TeamWorkload


class HelmWorkload(TeamWorkload):
    """A Helm release in a namespace of the team.

    Helm acts for the platform, so what the chart makes is not confined to the namespace: read it as you read an add-on,
    or let Argo CD install it, by `GitWorkload`, which is.
    """

    name: ReleaseName
    """Of the release, unique in the team."""
    chart: ChartName
    """Its name in the repository."""
    repository: ChartRepository
    """Of an OCI chart its whole address, oci://…/name."""
    version: ChartVersion
    """Exactly this one."""
    values: Annotated[Mapping[str, Any], JSON_LIKE] = field(default_factory=dict)
    """Values of the chart."""
    timeout_minutes: Annotated[int, between(1, 6, "minutes")] = 6
    """How long Helm waits for the release; at most 6, so that it can undo it as well while its function lives."""

    @property
    def key(self) -> str:
        return self.name

    def releases(self) -> tuple[Release, ...]:
        chart = Chart(self.chart, self.repository, self.version)
        return (Release(self.name, chart, self.namespace, self.values, self.timeout_minutes),)
