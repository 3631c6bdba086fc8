"""A bucket has one maker: in a cluster, and in all clusters, since its name is unique in AWS."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from blueprint.contribution import Bucket
from blueprint.errors import FieldPath, Problem, rendered

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint
    from blueprint.planning.document import Plan


def made_twice(fleet: Mapping[str, Blueprint], plans: Mapping[str, Plan]) -> Iterator[tuple[str, Problem]]:
    """A problem for each bucket of a sound cluster that another add-on makes as well, with the place of the cluster."""
    first: dict[str, FieldPath] = {}
    for place, plan in plans.items():
        index_of = {addon.name: index for index, addon in enumerate(fleet[place].addons)}
        for part in plan.addons:
            for bucket in (each for each in part.contribution.resources if isinstance(each, Bucket)):
                path = (*((place,) if place else ()), "addons", index_of[part.name])
                if (other := first.setdefault(bucket.name, path)) != path:
                    rule = f"{rendered(other)} makes this bucket already"
                    yield place, Problem(path, bucket.name, rule, "give each a bucket of its own")
