"""One EKS cluster, written down: the value that a file in `clusters/` holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated

from blueprint.addon import Addon
from blueprint.cluster import Cluster
from blueprint.compute import Compute
from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, AccountId, ClusterName, Region, at_most, matches
from blueprint.network import NewNetwork
from blueprint.team import Team
from blueprint.value import Value

# Narrower than AWS allows: controllers take tags as text (a=b,c=d) on their command line.
# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
_CHARACTERS = "letters, digits and _ . / + @ : -"
TagKey = Annotated[
    str,
    matches(
        r"(?!(?i:aws:))[\w./+@:-]{1,128}",
        f"must be 1 to 128 {_CHARACTERS}, not beginning with aws:",
        'write "cost-center"',
    ),
]
TagValue = Annotated[
    str, matches(r"[\w./+@:-]{1,256}", f"must be 1 to 256 {_CHARACTERS}", 'write for example "platform"')
]

# Controllers tell by these whose a resource is. https://karpenter.sh/docs/concepts/nodeclasses/#spectags,
# aws-load-balancer-controller pkg/config/controller_config.go
_OWNERSHIP_TAGS = (
    *("kubernetes.io/", "karpenter.sh/", "karpenter.k8s.aws/", "eks:"),
    *("elbv2.k8s.aws/", "ingress.k8s.aws/", "service.k8s.aws/", "gateway.k8s.aws/"),
)


class Blueprint(Value):
    """A cluster in one account and region, with its network, capacity, add-ons and teams.

    Make another from it with `dataclasses.replace`. `blueprint.plan.plan` checks it and works out what follows.
    """

    name: ClusterName
    """Name of the EKS cluster and of its stage: `cdk deploy 'name/*'`."""
    account: AccountId
    region: Region
    network: NewNetwork
    cluster: Cluster
    compute: Annotated[tuple[Compute, ...], NOT_EMPTY]
    addons: tuple[Addon, ...] = ()
    teams: tuple[Team, ...] = ()
    tags: Annotated[Mapping[TagKey, TagValue], at_most(40, "tags")] = field(default_factory=dict)
    """AWS tags of every resource that can carry them, those that controllers make included."""

    def problems(self) -> Iterator[Problem]:
        for key in self.tags:
            if key.startswith(_OWNERSHIP_TAGS):
                rule = "controllers tell by this tag whose a resource is"
                yield Problem(f"tags[{key!r}]", key, rule, "choose another key")
