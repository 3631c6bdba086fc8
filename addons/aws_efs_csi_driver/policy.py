"""What the driver may do in AWS."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from blueprint.addons import ClusterFacts, ExistingFileSystem, NewFileSystem, OwnFileSystem, Statement
from blueprint.addons.file_systems import OWNER_TAG

_TAG = "efs.csi.aws.com/cluster"
"""Of each access point that the driver makes, in whatever cluster: pkg/driver/controller.go:49 of v3.4.1."""
_ASKED = {f"aws:RequestTag/{_TAG}": "true"}
_DESCRIBES = tuple(f"elasticfilesystem:Describe{what}" for what in ("AccessPoints", "FileSystems", "MountTargets"))


def statements(facts: ClusterFacts, systems: Collection[OwnFileSystem]) -> tuple[Statement, ...]:
    """Its docs/iam-policy-example.json, narrowed to these file systems; without any it calls nothing. The id of a new
    one nobody knows yet, so its tag tells which it is.
    """
    if not systems:
        return ()
    found: list[Statement] = []
    if given := {each.id: None for each in systems if isinstance(each, ExistingFileSystem)}:
        found += _uses(tuple(facts.arn("elasticfilesystem", f"file-system/{id}") for id in given), {})
    if any(isinstance(each, NewFileSystem) for each in systems):
        any_of_them = (facts.arn("elasticfilesystem", "file-system/*"),)
        found += _uses(any_of_them, {f"aws:ResourceTag/{OWNER_TAG}": facts.name})
    points = (facts.arn("elasticfilesystem", "access-point/*"),)
    new = {"elasticfilesystem:CreateAction": "CreateAccessPoint"}
    return (
        *found,
        Statement(("elasticfilesystem:TagResource",), points, {"StringEquals": {**_ASKED, **new}}),
        Statement(
            ("elasticfilesystem:DescribeAccessPoints", "elasticfilesystem:DeleteAccessPoint"),
            points,
            {"StringEquals": {f"aws:ResourceTag/{_TAG}": "true"}},
        ),
    )


def _uses(systems: tuple[str, ...], tags: Mapping[str, str]) -> tuple[Statement, ...]:
    """To look at file systems, and to make access points there."""
    return (
        Statement(_DESCRIBES, systems, {"StringEquals": tags} if tags else {}),
        Statement(("elasticfilesystem:CreateAccessPoint",), systems, {"StringEquals": {**_ASKED, **tags}}),
    )
