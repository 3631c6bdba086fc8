"""Workspaces of Amazon Managed Service for Prometheus: one that is there, or one that a deploy makes; with rules."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.contribution import MetricsWorkspace, RuleGroups
from blueprint.errors import Key, Problem
from blueprint.facts import ClusterFacts
from blueprint.fields import matches
from blueprint.prometheus import PrometheusYaml, alert_manager_problems, rule_problems, text_of
from blueprint.references import workspace_id
from blueprint.value import Value

WorkspaceId = Annotated[
    str,
    matches(
        r"ws-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
        "must be the id of a workspace of Amazon Managed Service for Prometheus",
        'write for example "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"',
    ),
]
# Schema of AWS::APS::RuleGroupsNamespace: Name, and the end of Arn
RulesNamespace = Annotated[
    str,
    matches(
        r"[0-9A-Za-z][\w.-]{0,63}", "must be the name of a namespace of rules", 'write for example "alerts"', longest=64
    ),
]


class OwnWorkspace(Value):
    """Where metrics of a cluster go, and perhaps those of others."""

    rules: Mapping[RulesNamespace, PrometheusYaml] = field(default_factory=dict, kw_only=True)
    """Groups of rules that it evaluates, by a namespace of yours: YAML of Prometheus, or the path of a .yaml file of
    this project. https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-Ruler.html"""

    @abstractmethod
    def id_of(self, facts: ClusterFacts) -> str:
        """Its id, or a reference."""

    @abstractmethod
    def made(self, facts: ClusterFacts) -> tuple[MetricsWorkspace, ...]:
        """What a deploy makes beside the rules."""

    def arn(self, facts: ClusterFacts) -> str:
        """In whatever partition the cluster is."""
        return facts.arn("aps", f"workspace/{self.id_of(facts)}")

    def resources(self, facts: ClusterFacts) -> tuple[MetricsWorkspace | RuleGroups, ...]:
        """All that a deploy makes."""
        groups = (RuleGroups(name, self.arn(facts), text_of(written)) for name, written in self.rules.items())
        return (*self.made(facts), *groups)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        """What is wrong with files, as it is found when a cluster is planned."""
        for name, written in self.rules.items():
            yield from (each.below(("rules", Key(name))) for each in rule_problems(written))


class ExistingWorkspace(OwnWorkspace):
    """One that somebody else made, in the cluster's account and region."""

    id: WorkspaceId
    """For example "ws-0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"."""

    def id_of(self, facts: ClusterFacts) -> str:
        return self.id

    def made(self, facts: ClusterFacts) -> tuple[MetricsWorkspace, ...]:
        return ()


class NewWorkspace(OwnWorkspace):
    """One that a deploy makes, called as the cluster. It stays with all that was measured when the cluster goes."""

    alert_manager: PrometheusYaml | None = None
    """Who hears of alerts: YAML of the alert manager, or the path of a .yaml file of this project.
    https://docs.aws.amazon.com/prometheus/latest/userguide/AMP-alertmanager-config.html"""

    def id_of(self, facts: ClusterFacts) -> str:
        return workspace_id(facts.name)

    def made(self, facts: ClusterFacts) -> tuple[MetricsWorkspace, ...]:
        definition = text_of(self.alert_manager) if self.alert_manager else ""
        return (MetricsWorkspace(facts.name, definition),)

    def problems_on(self, facts: ClusterFacts) -> Iterator[Problem]:
        yield from super().problems_on(facts)
        if self.alert_manager:
            yield from (each.below(("alert_manager",)) for each in alert_manager_problems(self.alert_manager))
