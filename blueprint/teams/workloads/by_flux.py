"""A folder of a Git repository that Flux keeps applied, by rights of a service account of its own.

https://fluxcd.io/flux/components/kustomize/kustomizations/#role-based-access-control
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.addons.offers import BY_FLUX
from blueprint.errors import Key, Problem
from blueprint.kubernetes import RBAC, Manifest
from blueprint.teams.namespaces import named
from blueprint.teams.workloads.kinds import KINDS, group

CHANGE = ("create", "delete", "get", "list", "patch", "update", "watch")


def followed(
    name: str,
    namespace: str,
    repository: str,
    path: str,
    revision: str,
    credentials: Mapping[str, Any],
    values: Mapping[str, str],
) -> tuple[Manifest, ...]:
    """What reads the repository and what applies the folder stand beside Flux, where no team may write. All objects
    come into the namespace, by rights that end there.
    """
    space = BY_FLUX.namespace
    source = {"interval": "1m", "url": repository, "ref": _reference(revision), **credentials}
    applies = {
        "interval": "10m",
        "path": f"./{path}",
        "prune": True,
        "deletionPolicy": "Orphan",  # as with Argo CD, what it brought stays when the workload goes
        "serviceAccountName": name,
        "sourceRef": {"kind": "GitRepository", "name": name},
        "targetNamespace": namespace,
        **({"postBuild": {"substitute": values}} if values else {}),
    }
    role = {"apiGroup": RBAC, "kind": "Role", "name": f"flux-{name}"}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": space}
    return (
        named("v1", "ServiceAccount", name, space, automountServiceAccountToken=False),
        named(f"{RBAC}/v1", "Role", role["name"], namespace, rules=[*rules()]),
        named(f"{RBAC}/v1", "RoleBinding", role["name"], namespace, roleRef=role, subjects=[subject]),
        named("source.toolkit.fluxcd.io/v1", "GitRepository", name, space, spec=source),
        named("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, space, spec=applies),
    )


def not_substituted(values: Mapping[str, Any]) -> Iterator[Problem]:
    """What Flux does not put for variables.

    https://fluxcd.io/flux/components/kustomize/kustomizations/#post-build-variable-substitution
    """
    for name, value in values.items():
        if not re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII):
            rule = "Flux takes variables of letters, digits and _, a letter or _ first"
            yield Problem((Key(name),), name, rule, 'write for example "host"')
        elif not isinstance(value, str):
            yield Problem((Key(name),), value, "Flux puts texts for variables", f'write "{str(value).lower()}"')


def rules() -> Iterator[dict[str, Any]]:
    """Changing the kinds that a team may bring itself."""
    by_group: dict[str, list[str]] = {}
    for kind, api in KINDS.items():
        by_group.setdefault(group(api), []).append(f"{kind.lower()}{'es' if kind.endswith('s') else 's'}")
    for of, resources in by_group.items():
        yield {"apiGroups": [of], "resources": resources, "verbs": list(CHANGE)}


def _reference(revision: str) -> dict[str, str]:
    """https://fluxcd.io/flux/components/source/gitrepositories/#reference"""
    if re.fullmatch(r"[0-9a-f]{40}", revision):
        return {"commit": revision}
    return {"name": revision} if revision.startswith("refs/") else {"branch": revision}
