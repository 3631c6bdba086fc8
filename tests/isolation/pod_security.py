"""Which pods a namespace admits: an evaluator of the Pod Security Standards over objects as data.

https://kubernetes.io/docs/concepts/security/pod-security-standards, newest version. Left out are Windows, user
namespaces, and versions pinned by a label.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Object = Mapping[str, Any]

ENFORCE = "pod-security.kubernetes.io/enforce"
CAPABILITIES = {
    *("AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP"),
    *("SETGID", "SETPCAP", "SETUID", "SYS_CHROOT"),
}
_SELINUX_TYPES = {"", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"}
SYSCTLS = {
    "kernel.shm_rmid_forced",
    *(f"net.ipv4.{name}" for name in ("ip_local_port_range", "ip_local_reserved_ports", "ip_unprivileged_port_start")),
    *(f"net.ipv4.{name}" for name in ("ping_group_range", "tcp_syncookies", "tcp_rmem", "tcp_wmem")),
    *(f"net.ipv4.tcp_{name}" for name in ("fin_timeout", "keepalive_intvl", "keepalive_probes", "keepalive_time")),
}
VOLUMES = {
    *("configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected"),
    "secret",
}


def admitted(namespace: Object, pod: Object) -> bool:
    """Whether the namespace takes the pod."""
    return not list(violations(namespace, pod))


def violations(namespace: Object, pod: Object) -> Iterator[str]:
    """The controls that the pod breaks. Without a label everything is admitted; with a wrong one, restricted counts."""
    level = (namespace["metadata"].get("labels") or {}).get(ENFORCE, "privileged")
    if level != "privileged":
        yield from _baseline(pod["spec"], pod.get("metadata") or {})
    if level not in ("privileged", "baseline"):
        yield from _restricted(pod["spec"])


def _containers(spec: Object) -> Iterator[Object]:
    for kind in ("containers", "initContainers", "ephemeralContainers"):
        yield from spec.get(kind) or ()


def _security(one: Object) -> Object:
    context: Object = one.get("securityContext") or {}
    return context


def _baseline(spec: Object, metadata: Object) -> Iterator[str]:
    yield from (name for name in ("hostNetwork", "hostPID", "hostIPC") if spec.get(name))
    if any("hostPath" in volume for volume in spec.get("volumes") or ()):
        yield "hostPath"
    if any(sysctl["name"] not in SYSCTLS for sysctl in _security(spec).get("sysctls") or ()):
        yield "sysctls"
    annotations = (metadata.get("annotations") or {}).items()
    profiles = [
        value for key, value in annotations if key.startswith("container.apparmor.security.beta.kubernetes.io/")
    ]
    if any(value not in ("", "runtime/default") and not value.startswith("localhost/") for value in profiles):
        yield "appArmorProfile"
    for one in (spec, *_containers(spec)):
        context = _security(one)
        if (context.get("seccompProfile") or {}).get("type") == "Unconfined":
            yield "seccompProfile"
        if (context.get("appArmorProfile") or {}).get("type") == "Unconfined":
            yield "appArmorProfile"
        if (context.get("windowsOptions") or {}).get("hostProcess"):
            yield "hostProcess"
        selinux = context.get("seLinuxOptions") or {}
        if (selinux.get("type") or "") not in _SELINUX_TYPES or selinux.get("user") or selinux.get("role"):
            yield "seLinuxOptions"
    for container in _containers(spec):
        yield from _baseline_of_container(container)


def _baseline_of_container(container: Object) -> Iterator[str]:
    context = _security(container)
    if context.get("privileged"):
        yield "privileged"
    if set((context.get("capabilities") or {}).get("add") or ()) - CAPABILITIES:
        yield "capabilities"
    if context.get("procMount") not in (None, "Default"):
        yield "procMount"
    if any(port.get("hostPort") for port in container.get("ports") or ()):
        yield "hostPorts"
    hooks = [container.get(name) or {} for name in ("livenessProbe", "readinessProbe", "startupProbe")]
    hooks += [hook or {} for hook in (container.get("lifecycle") or {}).values()]
    if any((hook.get(kind) or {}).get("host") for hook in hooks for kind in ("httpGet", "tcpSocket")):
        yield "hostProbesAndHostLifecycle"


def _restricted(spec: Object) -> Iterator[str]:
    of_pod = _security(spec)
    # A volume that does not say is an emptyDir.
    if any(set(volume) - {"name"} and not set(volume) & VOLUMES for volume in spec.get("volumes") or ()):
        yield "restrictedVolumes"
    if any(_security(one).get("runAsUser") == 0 for one in (spec, *_containers(spec))):
        yield "runAsUser"
    if of_pod.get("runAsNonRoot") is False:
        yield "runAsNonRoot"
    for container in _containers(spec):
        context = _security(container)
        capabilities = context.get("capabilities") or {}
        if context.get("allowPrivilegeEscalation") is not False:
            yield "allowPrivilegeEscalation"
        if "ALL" not in (capabilities.get("drop") or ()) or set(capabilities.get("add") or ()) - {"NET_BIND_SERVICE"}:
            yield "capabilities"
        # What a container says wins over what its pod says.
        if context.get("runAsNonRoot", of_pod.get("runAsNonRoot")) is not True:
            yield "runAsNonRoot"
        profile = context.get("seccompProfile") or of_pod.get("seccompProfile") or {}
        if profile.get("type") not in ("RuntimeDefault", "Localhost"):
            yield "seccompProfile"
