"""Kubernetes objects as data, and the few that the blueprint itself makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Manifest = Mapping[str, Any]
PodSecurity = Literal["privileged", "baseline", "restricted"]

RESERVED_NAMESPACES = ("default", "kube-system", "kube-public", "kube-node-lease")
"""Exist in every cluster and belong to Kubernetes."""


PRUNED = frozenset(
    {("", kind) for kind in ("ConfigMap", "Endpoints", "PersistentVolumeClaim", "Pod", "ReplicationController")}
    | {("", kind) for kind in ("Secret", "Service", "Namespace", "PersistentVolume")}
    | {("batch", "Job"), ("batch", "CronJob"), ("networking.k8s.io", "Ingress")}
    | {("apps", kind) for kind in ("DaemonSet", "Deployment", "ReplicaSet", "StatefulSet")}
)
"""API groups and kinds that `kubectl apply --prune` looks at; it leaves others that have left a manifest behind.

https://github.com/kubernetes/kubectl/blob/master/pkg/util/prune/prune.go
"""


@dataclass(frozen=True)
class Namespace:
    """A namespace that the blueprint owns. Pods in it keep to the Pod Security Standard of its level."""

    name: str
    pod_security: PodSecurity = "baseline"
    labels: tuple[tuple[str, str], ...] = ()

    def manifest(self) -> Manifest:
        """https://kubernetes.io/docs/concepts/security/pod-security-admission"""
        levels = {f"pod-security.kubernetes.io/{mode}": self.pod_security for mode in ("enforce", "audit", "warn")}
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.name, "labels": {**dict(self.labels), **levels}},
        }


def storage_class(provisioner: str, name: str = "gp3", *, default: bool = True) -> Manifest:
    """An encrypted gp3 volume in the zone of its pod, made when the pod is scheduled."""
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "annotations": {"storageclass.kubernetes.io/is-default-class": str(default).lower()},
        },
        "provisioner": provisioner,
        "parameters": {"type": "gp3", "encrypted": "true"},
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
        "reclaimPolicy": "Delete",
    }
