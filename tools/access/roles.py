"""Whose role it is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.assembly import Stack, Template
from tools.resource_types import resource_type


def owners(stack: Stack) -> Mapping[str, str]:
    """By logical id of a role, who has it: the service account, the nodes or the function that use it."""
    found: dict[str, list[str]] = {}
    for id, resource in stack.resources.items():
        for role, user in _users(resource, stack.paths.get(id, id)):
            found.setdefault(id_of(role), []).append(user)
    return {id: ", ".join(dict.fromkeys(users)) for id, users in found.items() if id}


def _users(resource: Template, path: str) -> Iterator[tuple[Any, str]]:
    properties = resource.get("Properties", {})
    match resource["Type"]:
        case "AWS::EKS::Addon":
            for association in properties.get("PodIdentityAssociations", ()):
                yield association["RoleArn"], f"kube-system/{association['ServiceAccount']}"
        case "AWS::Backup::BackupSelection":
            yield properties["BackupSelection"]["IamRoleArn"], "AWS Backup"
        case "AWS::IAM::InstanceProfile":
            for role in properties.get("Roles", ()):
                yield role, f"nodes with {path}"
        case kind if role := resource_type(kind).role:
            shown = path.removeprefix("Compute/").removesuffix("/Profile")
            yield properties.get(role.property), role.holder.format(**{**properties, "path": shown})


def id_of(reference: Any) -> str:
    """The logical id that a reference names."""
    if isinstance(reference, Mapping):
        target = reference.get("Ref") or reference.get("Fn::GetAtt", "")
        return str(target[0] if isinstance(target, list) else target)
    return ""
