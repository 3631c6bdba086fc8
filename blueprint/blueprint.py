"""One EKS cluster, written down: the value that a file in `clusters/` holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from blueprint.addon import Addon
from blueprint.cluster import Cluster
from blueprint.compute import Compute
from blueprint.fields import NOT_EMPTY, AccountId, ClusterName, Region, at_most, matches
from blueprint.network import NewNetwork
from blueprint.team import Team
from blueprint.value import Value

# https://docs.aws.amazon.com/tag-editor/latest/userguide/best-practices-and-strats.html#id_tags_naming_best_practices
TagKey = Annotated[
    str,
    matches(
        r"(?!aws:)[\w .:/=+@-]{1,128}", "must be the key of an AWS tag, without aws: in front", 'write "cost-center"'
    ),
]
TagValue = Annotated[
    str, matches(r"[\w .:/=+@-]{0,256}", "must be the value of an AWS tag", 'write for example "platform"')
]


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
    """AWS tags of every resource that can carry them."""
