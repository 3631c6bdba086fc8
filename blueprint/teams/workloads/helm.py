"""A chart of a team. https://helm.sh/docs/topics/charts"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any

from blueprint.contribution import Chart, Release
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import JSON_LIKE, ChartRepository, ChartVersion, DnsLabel, between, matches
from blueprint.teams.exposure import Exposure
from blueprint.teams.namespaces import TeamNamespace
from blueprint.teams.workloads.exposed import refused_in_values
from blueprint.teams.workloads.workload import TeamWorkload

# https://helm.sh/docs/chart_template_guide/getting_started (53 characters, since names are made from it)
_RELEASE = matches(r".+", "a release has a name of at most 53 characters", "shorten it", longest=53)
_CHART = matches(
    r"[a-z0-9]([a-z0-9._-]*[a-z0-9])?", "must be the name of a chart", 'write for example "podinfo"', longest=250
)


class HelmWorkload(TeamWorkload):
    """A Helm release in a namespace of the team.

    Helm acts for the platform, so what the chart makes is not confined to the namespace: read it as you read an add-on,
    or let Argo CD install it, by `GitWorkload`, which is.
    """

    name: Annotated[DnsLabel, _RELEASE]
    """Of the release, unique in the team."""
    chart: Annotated[str, _CHART]
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
