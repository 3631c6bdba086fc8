"""Kinds of Kubernetes objects that a team may bring: all are namespaced, and none can lift a guard rail."""

from __future__ import annotations

KINDS = {
    "ConfigMap": "v1",
    "CronJob": "batch/v1",
    "Deployment": "apps/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "Ingress": "networking.k8s.io/v1",
    "Job": "batch/v1",
    "PersistentVolumeClaim": "v1",
    "PodDisruptionBudget": "policy/v1",
    "Service": "v1",
    # Pods may use every service account of their namespace anyway, and nobody but the platform binds roles to one.
    "ServiceAccount": "v1",
    "StatefulSet": "apps/v1",
}
"""Each with the one version in which it is written."""

_RBAC = "declare what its people may do in permissions of the team"
_SECRET = "name what AWS keeps in copied_secrets of the team, and refer to the Secret made from it"  # noqa: S105  # no secret
_LIMITS = "declare it in quota or container_defaults of the TeamNamespace"
INSTEAD = {
    "ClusterRole": _RBAC,
    "ClusterRoleBinding": _RBAC,
    "ExternalSecret": _SECRET,
    "LimitRange": _LIMITS,
    "Namespace": "declare it in namespaces of the team",
    "NetworkPolicy": "declare the connection in network of the team",
    "PriorityClass": "declare it in priority_classes of the team",
    "ResourceQuota": _LIMITS,
    "Role": _RBAC,
    "RoleBinding": _RBAC,
    "Secret": _SECRET,
    "SecretProviderClass": "declare it in secrets of a ServiceAccount of the team",
    "SecretStore": _SECRET,
}
"""What to write for those that a team is refused."""
GUARDED = {
    "": ("LimitRange", "Namespace", "ResourceQuota", "Secret"),
    "networking.k8s.io": ("NetworkPolicy",),
    "rbac.authorization.k8s.io": ("ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"),
}
"""With these a team could lift its own restrictions, by API group; refused twice where a list says what is allowed."""


def group(version: str) -> str:
    """The API group of an apiVersion: apps of apps/v1, nothing of v1."""
    return version.rpartition("/")[0]
