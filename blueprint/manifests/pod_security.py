"""Whether a namespace would admit a pod. https://kubernetes.io/docs/concepts/security/pod-security-standards

Kubernetes itself refuses such pods; a Deployment without pods is found late. Windows and user namespaces are left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from blueprint.kubernetes import PodSecurity
from blueprint.manifests.documents import Way
from blueprint.teams.admission import VOLUMES

Pod = Mapping[str, Any]
_Found = tuple[Way, str]

_CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_SELINUX = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
_SYSCTLS = {
    *("kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.ip_local_reserved_ports"),
    *("net.ipv4.ip_unprivileged_port_start", "net.ipv4.ping_group_range", "net.ipv4.tcp_fin_timeout"),
    *("net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes", "net.ipv4.tcp_keepalive_time"),
    *("net.ipv4.tcp_rmem", "net.ipv4.tcp_syncookies", "net.ipv4.tcp_wmem"),
}
_APPARMOR = "container.apparmor.security.beta.kubernetes.io/"


def template(data: Pod) -> tuple[Way, Pod]:
    """The pods of an object, and the way to them; an empty mapping where it has none."""
    if data["kind"] == "Pod":
        return (), data
    way: Way = ("spec", "jobTemplate", "spec", "template") if data["kind"] == "CronJob" else ("spec", "template")
    found: Any = data
    for key in way:
        found = (found.get(key) if isinstance(found, Mapping) else None) or {}
    spec = found.get("spec") if isinstance(found, Mapping) else None
    return way, found if isinstance(spec, Mapping) and "containers" in spec else {}


def violations(template: Pod, level: PodSecurity) -> Iterator[_Found]:
    """Where a pod template, sound by its schema, breaks the level, and what it must be instead."""
    spec = template.get("spec") or {}
    yield from _baseline(spec, template.get("metadata") or {})
    if level == "restricted":
        yield from _restricted(spec)


def volumes(spec: Pod) -> Iterator[_Found]:
    """Those of a kind that no pod of a team has; a volume without any is an emptyDir."""
    for index, volume in enumerate(spec.get("volumes") or ()):
        kinds = {key for key, source in volume.items() if key != "name" and source is not None}
        if kinds - {*VOLUMES}:
            yield ("spec", "volumes", index), f"must be one of {', '.join(VOLUMES)}"


def _containers(spec: Pod) -> Iterator[tuple[Way, Pod]]:
    for kind in ("initContainers", "containers", "ephemeralContainers"):
        for index, container in enumerate(spec.get(kind) or ()):
            yield ("spec", kind, index), container


def _baseline(spec: Pod, metadata: Pod) -> Iterator[_Found]:
    for name in ("hostNetwork", "hostPID", "hostIPC"):
        if spec.get(name):
            yield ("spec", name), "must not be true"
    for index, volume in enumerate(spec.get("volumes") or ()):
        if volume.get("hostPath") is not None:
            yield ("spec", "volumes", index, "hostPath"), "must not be there"
    for key, value in (metadata.get("annotations") or {}).items():
        fine = value in (None, "", "runtime/default") or value.startswith("localhost/")
        if key.startswith(_APPARMOR) and not fine:
            yield ("metadata", "annotations", key), "must be runtime/default"
    yield from _context(("spec", "securityContext"), spec.get("securityContext") or {})
    for way, container in _containers(spec):
        yield from _context((*way, "securityContext"), container.get("securityContext") or {})
        yield from _container(way, container)


def _container(way: Way, container: Pod) -> Iterator[_Found]:
    for index, port in enumerate(container.get("ports") or ()):
        if port.get("hostPort"):
            yield (*way, "ports", index, "hostPort"), "must not be there"
    hooks: list[tuple[Way, Pod | None]] = [
        ((*way, name), container.get(name)) for name in ("livenessProbe", "readinessProbe", "startupProbe")
    ]
    hooks += [((*way, "lifecycle", name), hook) for name, hook in (container.get("lifecycle") or {}).items()]
    for below, hook in hooks:
        if any(((hook or {}).get(kind) or {}).get("host") for kind in ("httpGet", "tcpSocket")):
            yield below, "must not name a host"


def _context(way: Way, context: Pod) -> Iterator[_Found]:
    for name in ("seccompProfile", "appArmorProfile"):
        if (context.get(name) or {}).get("type") == "Unconfined":
            yield (*way, name, "type"), "must be RuntimeDefault"
    selinux = context.get("seLinuxOptions") or {}
    if (selinux.get("type") or "") not in _SELINUX or selinux.get("user") or selinux.get("role"):
        yield (*way, "seLinuxOptions"), "must not name a user, a role or a type of its own"
    if any(sysctl["name"] not in _SYSCTLS for sysctl in context.get("sysctls") or ()):
        yield (*way, "sysctls"), "must all be safe ones"
    if (context.get("windowsOptions") or {}).get("hostProcess"):
        yield (*way, "windowsOptions", "hostProcess"), "must not be true"
    if context.get("privileged"):
        yield (*way, "privileged"), "must not be true"
    if context.get("procMount") not in (None, "Default"):
        yield (*way, "procMount"), "must be Default"
    if set((context.get("capabilities") or {}).get("add") or ()) - _CAPABILITIES:
        yield (*way, "capabilities", "add"), f"must be among {', '.join(sorted(_CAPABILITIES))}"


def _restricted(spec: Pod) -> Iterator[_Found]:
    of_pod = spec.get("securityContext") or {}
    yield from volumes(spec)
    if of_pod.get("runAsNonRoot") is False:
        yield ("spec", "securityContext", "runAsNonRoot"), "must be true"
    if of_pod.get("runAsUser") == 0:
        yield ("spec", "securityContext", "runAsUser"), "must not be 0, which is root"
    for way, container in _containers(spec):
        yield from _restricted_context((*way, "securityContext"), container.get("securityContext") or {}, of_pod)


def _restricted_context(way: Way, context: Pod, of_pod: Pod) -> Iterator[_Found]:
    if context.get("allowPrivilegeEscalation") is not False:
        yield (*way, "allowPrivilegeEscalation"), "must be false"
    capabilities = context.get("capabilities") or {}
    if "ALL" not in (capabilities.get("drop") or ()):
        yield (*way, "capabilities", "drop"), "must be [ALL]"
    if set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
        yield (*way, "capabilities", "add"), "must be none but NET_BIND_SERVICE"
    if context.get("runAsUser") == 0:
        yield (*way, "runAsUser"), "must not be 0, which is root"
    # What a container says wins over what its pod says.
    if _said(context, of_pod, "runAsNonRoot") is not True:
        yield (*way, "runAsNonRoot"), "must be true, here or for the whole pod"
    profile = _said(context, of_pod, "seccompProfile") or {}
    if profile.get("type") not in ("RuntimeDefault", "Localhost"):
        yield (*way, "seccompProfile"), "must be of type RuntimeDefault, here or for the whole pod"


def _said(context: Pod, of_pod: Pod, name: str) -> Any:
    return of_pod.get(name) if context.get(name) is None else context[name]
