"""Roles that AWS makes for its own services, from `facts/service_linked_roles.toml`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

from blueprint import toml
from blueprint.contribution import ServiceLinkedRole
from blueprint.errors import BlueprintError
from blueprint.hints import Form
from blueprint.value import Value

FILE = Path(__file__).parents[1] / "facts" / "service_linked_roles.toml"


class LinkedRoleFacts(Value):
    """What is known of one."""

    service: str
    """Its principal: `eks.amazonaws.com`."""
    by_itself: bool
    """Whether a deploy makes it, when it may."""
    date: Annotated[dt.date, Form("a date", "2026-11-27")]
    """When the source said so."""
    source: str


class LinkedRoles(Value):
    """All of the file."""

    role: Mapping[str, LinkedRoleFacts]
    """By name."""


def read(text: str) -> Mapping[str, LinkedRoleFacts]:
    """The roles of a text in TOML. Raises BlueprintError with all mistakes."""
    table, problems = toml.read(LinkedRoles, text, FILE.name)
    if problems:
        raise BlueprintError(problems)
    return table.role


_ROLES = {
    name: ServiceLinkedRole(name, row.service, by_itself=row.by_itself)
    for name, row in read(FILE.read_text(encoding="utf-8")).items()
}
EKS = _ROLES["AWSServiceRoleForAmazonEKS"]
NODE_GROUPS = _ROLES["AWSServiceRoleForAmazonEKSNodegroup"]
FARGATE = _ROLES["AWSServiceRoleForAmazonEKSForFargate"]
BACKUP = _ROLES["AWSServiceRoleForBackup"]
AUTO_SCALING = _ROLES["AWSServiceRoleForAutoScaling"]
LOAD_BALANCING = _ROLES["AWSServiceRoleForElasticLoadBalancing"]
EFS = _ROLES["AWSServiceRoleForAmazonElasticFileSystem"]
FSX = _ROLES["AWSServiceRoleForAmazonFSx"]
LATTICE = _ROLES["AWSServiceRoleForVpcLattice"]
SPOT = _ROLES["AWSServiceRoleForEC2Spot"]
