"""kro, the Kube Resource Orchestrator. https://docs.aws.amazon.com/eks/latest/userguide/kro.html"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from blueprint.access import AccessPolicy
from blueprint.addons import EksCapability
from blueprint.contribution import Values
from blueprint.errors import Problem, duplicates
from blueprint.facts import ClusterFacts
from blueprint.fields import NOT_EMPTY, matches
from blueprint.kubernetes import RBAC, Manifest, cluster_role
from blueprint.value import Value

_GROUP = "blueprint:kro"
_VERBS = ["get", "list", "watch", "create", "update", "patch", "delete"]


_ApiGroup = Annotated[
    str,
    matches(
        r"([a-z0-9-]+(\.[a-z0-9-]+)*)?", "must be an API group", 'write for example "apps"; "" is the group of Services'
    ),
]
_Resource = Annotated[
    str,
    matches(r"[a-z][a-z0-9]*", "must be a kind in lowercase and in the plural", 'write for example "deployments"'),
]


class ApiResources(Value):
    """Kinds of one API group."""

    group: _ApiGroup
    """For example "s3.services.k8s.aws"; empty for the first one of Kubernetes."""
    resources: Annotated[tuple[_Resource, ...], NOT_EMPTY]
    """As addresses have them: "deployments"."""


class KroCapability(EksCapability):
    """Kinds of one's own, made of others: who writes one object gets all that its definition says.

    Definitions are the platform's, and their objects anybody's who has rights for them.
    """

    name = "kro-capability"
    kind = "KRO"
    api_groups = ("kro.run",)
    groups = (_GROUP,)
    lost = "objects of kinds that it defined stay, and nobody makes or changes what they stand for"

    makes: tuple[ApiResources, ...] = ()
    """What definitions are made of. EKS lets it look after definitions and their own objects alone."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        groups = ((("makes", index, "group"), each.group) for index, each in enumerate(self.makes))
        yield from duplicates(groups, "API group", "name all its kinds in one")
        for index, each in enumerate(self.makes):
            if each.group == RBAC:
                rule = "whoever writes a definition could then give any rights to anybody"
                yield Problem(("makes", index, "group"), each.group, rule, "leave it out: rights are the blueprint's")

    def configuration(self, facts: ClusterFacts) -> Values:
        return {}

    def access_policies(self) -> tuple[AccessPolicy, ...]:
        return (AccessPolicy("AmazonEKSKROPolicy"),)

    def objects(self, facts: ClusterFacts) -> tuple[Manifest, ...]:
        if not self.makes:
            return ()
        rules = [
            {"apiGroups": [each.group], "resources": sorted(each.resources), "verbs": _VERBS}
            for each in sorted(self.makes, key=lambda each: each.group)
        ]
        return cluster_role(_GROUP, rules, group=_GROUP)
