"""A chart of a team. https://helm.sh/docs/topics/charts"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from blueprint.contribution import Chart, Release
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, ChartName, ChartRepository, ChartVersion, ReleaseName, between
from blueprint.teams.exposure import Exposure
from blueprint.teams.namespaces import TeamNamespace
from blueprint.teams.workloads.exposed import refused_in_values
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
    """Values of the chart. What they say of annotations and of hosts of Ingresses is checked against hosts of the team;
    what the chart makes of them, the cluster judges."""
    timeout_minutes: Annotated[int, between(1, 6, "minutes")] = 6
    """How long Helm waits for the release; at most 6, so that it can undo it as well while its function lives."""

    @property
    def key(self) -> str:
        return self.name

    def problems_on(self, facts: ClusterFacts, space: TeamNamespace, exposure: Exposure) -> Iterator[Problem]:
        for path, refusal in refused_in_values(self.values, exposure):
            yield Problem(("values", *path), *refusal)

    def releases(self) -> tuple[Release, ...]:
        chart = Chart(self.chart, self.repository, self.version)
        return (Release(self.name, chart, self.namespace, self.values, self.timeout_minutes),)
