"""Kubernetes objects as data, and the few that the blueprint itself makes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from blueprint.fields import JSON_LIKE
from blueprint.value import Rule


def _is_object(value: Any) -> bool:
    metadata = value["metadata"]
    texts = (value["apiVersion"], value["kind"], metadata["name"], metadata.get("namespace", ""))
    return all(isinstance(text, str) for text in texts)


Manifest = Annotated[
    Mapping[str, Any],
    JSON_LIKE,
    Rule(
        _is_object,
        "must be an object of Kubernetes: apiVersion, kind and metadata with a name, as text",
        'write {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "…", "namespace": "…"}, …}',
    ),
]
ObjectKey = tuple[str, str, str, str]
"""By which Kubernetes knows an object: API group, kind, namespace ("" outside of any), name."""
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

CLUSTER_SCOPED = frozenset(
    {"APIService", "CSIDriver", "CSINode", "CertificateSigningRequest", "ClusterRole", "ClusterRoleBinding"}
    | {"CustomResourceDefinition", "DeviceClass", "FlowSchema", "IngressClass", "Namespace", "Node"}
    | {"MutatingAdmissionPolicy", "MutatingAdmissionPolicyBinding", "MutatingWebhookConfiguration"}
    | {"PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "ResourceSlice", "RuntimeClass"}
    | {"StorageClass", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}
    | {"ValidatingWebhookConfiguration", "VolumeAttachment", "VolumeAttributesClass"}
)
"""Built-in kinds outside of any namespace. https://kubernetes.io/docs/reference/kubernetes-api/"""
BUILT_IN = frozenset(
    {"", "apps", "autoscaling", "batch", "policy", "flowcontrol.apiserver.k8s.io", "internal.apiserver.k8s.io"}
    | {
        f"{group}.k8s.io"
        for group in (
            *("admissionregistration", "apiextensions", "apiregistration", "authentication", "authorization"),
            *("certificates", "coordination", "discovery", "events", "networking", "node", "rbac.authorization"),
            *("resource", "scheduling", "storage", "storagemigration"),
        )
    }
)
"""API groups of Kubernetes itself; others of k8s.io, such as gateway.networking.k8s.io, come as custom resources."""


@dataclass(frozen=True)
class Namespace:
    """A namespace that the blueprint owns. Pods in it keep to the Pod Security Standard of its level."""

    name: str
    pod_security: PodSecurity = "baseline"
    labels: tuple[tuple[str, str], ...] = ()
    objects: tuple[Manifest, ...] = ()
    """What stands in it before any pod does."""

    def manifest(self) -> Manifest:
        """https://kubernetes.io/docs/concepts/security/pod-security-admission"""
        levels = {f"pod-security.kubernetes.io/{mode}": self.pod_security for mode in ("enforce", "audit", "warn")}
        return {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": self.name, "labels": {**dict(self.labels), **levels}},
        }


def storage_classes(
    provisioner: str, name: str = "gp3", *, default: bool = True, parameters: Mapping[str, str] | None = None
) -> tuple[Manifest, ...]:
    """Encrypted gp3 volumes in the zone of their pod, made when the pod is scheduled.

    The parameters of a StorageClass are for good. So further ones stand in a class that is named after them and takes
    the place of the default; the plain one stays for the claims that name it.
    https://kubernetes.io/docs/reference/kubernetes-api/config-and-storage-resources/storage-class-v1
    """
    if not parameters:
        return (_storage_class(provisioner, name, {}, default=default),)
    digest = hashlib.sha256(json.dumps(dict(parameters), sort_keys=True).encode()).hexdigest()[:8]
    return (
        _storage_class(provisioner, name, {}, default=False),
        _storage_class(provisioner, f"{name}-{digest}", parameters, default=default),
    )


def is_named_after_content(manifest: Manifest) -> bool:
    """Whether a change makes another object of it, so that the one before must go."""
    return manifest["kind"] == "StorageClass" and bool(re.search(r"-[0-9a-f]{8}$", manifest["metadata"]["name"]))


def _storage_class(provisioner: str, name: str, parameters: Mapping[str, str], *, default: bool) -> Manifest:
    return {
        "apiVersion": "storage.k8s.io/v1",
        "kind": "StorageClass",
        "metadata": {
            "name": name,
            "annotations": {"storageclass.kubernetes.io/is-default-class": str(default).lower()},
        },
        "provisioner": provisioner,
        "parameters": {"type": "gp3", "encrypted": "true", **parameters},
        "volumeBindingMode": "WaitForFirstConsumer",
        "allowVolumeExpansion": True,
        "reclaimPolicy": "Delete",
    }


RBAC = "rbac.authorization.k8s.io"
"""The API group of roles and of those who hold them."""


def cluster_role(name: str, rules: Sequence[Mapping[str, Any]], *, group: str) -> tuple[Manifest, Manifest]:
    """What the members of a group may do in the whole cluster: the role, and the binding of the same name."""
    version, metadata = f"{RBAC}/v1", {"name": name}
    binding = {
        "apiVersion": version,
        "kind": "ClusterRoleBinding",
        "metadata": metadata,
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": name},
        "subjects": [{"apiGroup": RBAC, "kind": "Group", "name": group}],
    }
    return {"apiVersion": version, "kind": "ClusterRole", "metadata": metadata, "rules": rules}, binding
