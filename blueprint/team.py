"""The contract between a plan and a team. The kinds of teams stand in `teams/base.py`."""

from __future__ import annotations

from blueprint.contribution import Contribution
from blueprint.facts import ClusterFacts
from blueprint.fields import DnsLabel
from blueprint.value import Value


class Team(Value):
    """People with a common purpose in a cluster; `name` is unique in it."""

    name: DnsLabel

    @property
    def namespace_names(self) -> tuple[str, ...]:
        """Namespaces that the team owns."""
        return ()

    def contribute(self, facts: ClusterFacts) -> Contribution:
        """What it adds to the plan of this cluster; pure."""
        raise NotImplementedError(type(self))
