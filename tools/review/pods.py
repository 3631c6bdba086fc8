"""What objects bring into a cluster that a reviewer cares about: images, RBAC powers, and privileges of pods."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from blueprint.kubernetes import Manifest
from blueprint.manifests.pod_security import template
from tools.review.manifests import Objects, title

_ROLES = ("Role", "ClusterRole")


def images(objects: Objects) -> Iterator[tuple[str, str]]:
    """Each container, and the image that it runs."""
    for name, manifest in objects.items():
        for container in containers(_pod(manifest)):
            yield f"{title(name)}, {container.get('name')}", str(container.get("image", ""))


def powers(objects: Objects) -> Iterator[tuple[str, str]]:
    """Each role, and what it may do with what; one power each."""
    for name, manifest in objects.items():
        if manifest["kind"] not in _ROLES:
            continue
        for rule in manifest.get("rules") or ():
            named = f" {', '.join(rule['resourceNames'])}" if rule.get("resourceNames") else ""
            groups = rule.get("apiGroups") or [""]
            things = [
                f"{resource}.{group}" if group else resource
                for group, resource in product(groups, rule.get("resources") or ())
            ]
            for verb, thing in product(rule.get("verbs") or (), [*things, *(rule.get("nonResourceURLs") or ())]):
                yield title(name), f"{verb} {thing}{named}"


def privileges(objects: Objects) -> Iterator[tuple[str, str]]:
    """Each workload, and what its pods may do that the restricted Pod Security Standard forbids.

    https://kubernetes.io/docs/concepts/security/pod-security-standards
    """
    for name, manifest in objects.items():
        pod, workload = _pod(manifest), title(name)
        for key in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.get(key):
                yield workload, key
        for volume in pod.get("volumes") or ():
            if path := (volume.get("hostPath") or {}).get("path"):
                yield workload, f"hostPath {path}"
        for container in containers(pod):
            for what in _of_container(container, pod.get("securityContext") or {}):
                yield workload, f"{container.get('name')}: {what}"


def _of_container(container: Manifest, pod: Manifest) -> Iterator[str]:
    own = container.get("securityContext") or {}
    if own.get("privileged"):
        yield "privileged"
    if own.get("allowPrivilegeEscalation", True):
        yield "privilege escalation"
    for capability in (own.get("capabilities") or {}).get("add") or ():
        yield f"capability {capability}"
    if not own.get("runAsNonRoot", pod.get("runAsNonRoot")):
        yield "may run as root"
    if (own.get("seccompProfile") or pod.get("seccompProfile") or {}).get("type", "Unconfined") == "Unconfined":
        yield "no seccomp profile"


def containers(pod: Manifest) -> Iterator[Manifest]:
    """All containers of the spec of a pod."""
    for key in ("initContainers", "containers", "ephemeralContainers"):
        yield from pod.get(key) or ()


def _pod(manifest: Manifest) -> Manifest:
    pod: Manifest = template(manifest)[1].get("spec") or {}
    return pod
