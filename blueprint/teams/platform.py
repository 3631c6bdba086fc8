"""Teams that run a cluster."""

from __future__ import annotations

from typing import Annotated, Literal

from blueprint.access import AccessEntry, AccessPolicy, Principal
from blueprint.contribution import Contribution
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY
from blueprint.teams.contract import Team
from blueprint.teams.operators import viewing
from blueprint.teams.roles import group


class PlatformTeam(Team):
    """Runs the cluster, or looks after it."""

    members: Annotated[tuple[Principal, ...], NOT_EMPTY]
    """Who they are in AWS."""
    access: Literal["admin", "read-only"] = "admin"
    """Read-only operators see all but Secrets: workloads, nodes, volumes, RBAC, custom resources of the add-ons."""

    def contribute(self, facts: ClusterFacts) -> Contribution:
        arns = [member.arn(facts.account) for member in self.members]
        if self.access == "admin":
            admin = (AccessPolicy("AmazonEKSClusterAdminPolicy"),)
            return Contribution(access=tuple(AccessEntry(arn, policies=admin) for arn in arns), hosts=self.hosts)
        # AWS's policy shows what workloads consist of, the group all else.
        groups, policies = (group(self.name, "viewer"),), (AccessPolicy("AmazonEKSViewPolicy"),)
        return Contribution(
            access=tuple(AccessEntry(arn, groups=groups, policies=policies) for arn in arns),
            objects=tuple(viewing(self.name, facts.api_groups)),
            hosts=self.hosts,
        )
