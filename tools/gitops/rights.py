"""By what rights Flux installs charts of a team: those of a service account that reaches the team's namespaces only."""

from __future__ import annotations

from collections.abc import Sequence

from blueprint.addons.offers import BY_FLUX
from blueprint.kubernetes import Manifest
from blueprint.registration import PREFIX
from blueprint.teams.namespaces import named
from blueprint.teams.workloads.by_flux import CHANGE, rules

_RBAC = "rbac.authorization.k8s.io"
# Helm's records of releases are Secrets, and it looks at pods and ReplicaSets to tell whether a Deployment is ready.
# https://helm.sh/docs/topics/advanced/#storage-backends
_RECORDS = {"apiGroups": [""], "resources": ["secrets"], "verbs": list(CHANGE)}
_WATCHED = (
    {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["get", "list", "watch"]},
)


def rights_name(team: str) -> str:
    """Of the service account, its ClusterRole and bindings."""
    return f"{PREFIX}.teams.{team}"


def rights(team: str, namespaces: Sequence[str]) -> tuple[Manifest, ...]:
    """The kinds that a team may bring itself, and Helm's records."""
    name = rights_name(team)
    role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": name}
    subject = {"kind": "ServiceAccount", "name": name, "namespace": BY_FLUX.namespace}
    return (
        named("v1", "ServiceAccount", name, BY_FLUX.namespace),
        named(f"{_RBAC}/v1", "ClusterRole", name, rules=[*rules(), _RECORDS, *_WATCHED]),
        *(named(f"{_RBAC}/v1", "RoleBinding", name, space, roleRef=role, subjects=[subject]) for space in namespaces),
    )
