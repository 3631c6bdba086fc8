"""EKS Capabilities: controllers that AWS runs for a cluster, outside of its nodes.

https://docs.aws.amazon.com/eks/latest/userguide/capabilities.html
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from dataclasses import field
from typing import ClassVar

from blueprint.access import AccessEntry, AccessPolicy
from blueprint.addons.contract import Addon
from blueprint.contribution import Capability, CapabilityType, Contribution, Values
from blueprint.errors import Problem
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.off_aws import OffAws
from blueprint.references import role_arn
from blueprint.statement_rules import mistakes_in


class EksCapability(Addon):
    """One of each type in a cluster. It has no pods: what it may do is its role's, in AWS and in Kubernetes.

    When it goes, what it made stays, and nobody keeps it any more.
    """

    kind: ClassVar[CapabilityType]
    namespaces_of_eks: ClassVar[tuple[str, ...]] = ()
    """That EKS makes with it."""
    groups: ClassVar[tuple[str, ...]] = ()
    """Of Kubernetes, that its role is in."""

    permissions: tuple[Statement, ...] = field(default=(), kw_only=True)
    """What its role may do in AWS; nothing by itself."""

    @abstractmethod
    def configuration(self, facts: ClusterFacts) -> Values:
        """As CloudFormation takes it; empty where there is nothing to say."""

    @abstractmethod
    def access_policies(self) -> tuple[AccessPolicy, ...]:
        """What its role may do in Kubernetes.

        Those that EKS itself gives to the role of such a capability are among them. Its access entry is made before the
        capability: otherwise EKS makes one, without the others.
        """

    def statements(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        """What its role may do in AWS."""
        return self.permissions

    def off_aws(self, facts: ClusterFacts, brought: Contribution) -> OffAws:
        return OffAws("AWS runs it")

    def problems(self) -> Iterator[Problem]:
        for index, statement in enumerate(self.permissions):
            yield from (problem.below(("permissions", index)) for problem in mistakes_in(statement))

    def contribute(self, facts: ClusterFacts) -> Contribution:
        role = self.hub_roles.role if self.hub_roles else ""
        entry = AccessEntry(role_arn(self.name), groups=self.groups, policies=self.access_policies())
        return Contribution(
            resources=(Capability(self.name, self.kind, self.configuration(facts), self.statements(facts), role),),
            access=(entry,),
            namespaces_of_eks=self.namespaces_of_eks,
            objects=self.objects(facts),
            hosts=self.hosts(),
        )
