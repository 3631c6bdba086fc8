"""What has a name of its own in AWS has one maker: in a cluster, and in all clusters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from blueprint.contribution import AwsResource, BackupVault, Bucket, MountTargets, RuleGroups
from blueprint.errors import FieldPath, Problem, rendered
from blueprint.facts import ClusterFacts
from blueprint.references import references_in

if TYPE_CHECKING:
    from blueprint.blueprint import Blueprint
    from blueprint.planning.document import Plan


def made_twice(fleet: Mapping[str, Blueprint], plans: Mapping[str, Plan]) -> Iterator[tuple[str, Problem]]:
    """A problem for each bucket, vault, namespace of rules or mount targets of a file system that another add-on of a
    sound cluster makes as well, with the place of the cluster.
    """
    first: dict[tuple[str, ...], FieldPath] = {}
    for place, plan in plans.items():
        index_of = {addon.name: index for index, addon in enumerate(fleet[place].addons)}
        for part in plan.addons:
            for resource in part.contribution.resources:
                if not (one := _identity(resource, plan.facts)):
                    continue
                path = (*((place,) if place else ()), "addons", index_of[part.name])
                if (other := first.setdefault(one, path)) != path:
                    rule = f"{rendered(other)} makes this {one[0]} already"
                    fix = f"give each a {one[0]} of its own"
                    if isinstance(resource, MountTargets):
                        rule = f"{rendered(other)} makes the mount targets of this file system already"
                        fix = "leave mount_targets out; in another VPC there can be none"
                    yield place, Problem(path, one[-1], rule, fix)


def _identity(resource: AwsResource, facts: ClusterFacts) -> tuple[str, ...]:
    """What it is, within what its name is unique, and its name; nothing of what AWS names."""
    if isinstance(resource, Bucket):
        return "bucket", resource.name
    if isinstance(resource, BackupVault):
        return "vault", facts.account, facts.region, resource.name
    if isinstance(resource, RuleGroups):
        return "namespace of rules", resource.workspace, resource.name
    if isinstance(resource, MountTargets) and not any(references_in(resource.file_system)):
        return "file system", facts.account, facts.region, resource.file_system
    return ()
