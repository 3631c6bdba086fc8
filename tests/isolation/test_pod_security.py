"""The evaluator of the Pod Security Standards says what the admission plugin would."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from blueprint.manifests import pod_security
from tests.isolation.pod_security import ENFORCE, admitted, violations

HARDENED = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
POD_CONTEXT = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def namespace(level: str | None) -> Mapping[str, Any]:
    labels = {} if level is None else {ENFORCE: level}
    return {"kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}


def pod(context: Any = None, **spec: Any) -> Mapping[str, Any]:
    """A pod with nothing against it; `context` is of its container."""
    container = {"name": "app", "securityContext": {**HARDENED, **(context or {})}}
    return {"kind": "Pod", "spec": {"securityContext": POD_CONTEXT, "containers": [container], **spec}}


def container(**fields: Any) -> Mapping[str, Any]:
    return pod(containers=[{"name": "app", "securityContext": HARDENED, **fields}])


def capabilities(*add: str, drop: tuple[str, ...] = ("ALL",)) -> dict[str, Any]:
    return {"capabilities": {"add": list(add), "drop": list(drop)}}


PLAIN = {"kind": "Pod", "spec": {"containers": [{"name": "app"}]}}
BASELINE = [
    ("hostNetwork", pod(hostNetwork=True)),
    ("hostPID", pod(hostPID=True)),
    ("hostIPC", pod(hostIPC=True)),
    ("hostPath", pod(volumes=[{"name": "v", "hostPath": {"path": "/"}}])),
    ("sysctls", pod(securityContext={**POD_CONTEXT, "sysctls": [{"name": "kernel.msgmax", "value": "1"}]})),
    ("privileged", pod({"privileged": True})),
    ("privileged", pod(initContainers=[{"name": "i", "securityContext": {**HARDENED, "privileged": True}}])),
    ("privileged", pod(ephemeralContainers=[{"name": "e", "securityContext": {**HARDENED, "privileged": True}}])),
    ("capabilities", pod(capabilities("SYS_ADMIN"))),
    ("capabilities", pod(capabilities("NET_RAW"))),
    ("capabilities", pod(capabilities("ALL"))),
    ("procMount", pod({"procMount": "Unmasked"})),
    ("hostPorts", container(ports=[{"containerPort": 80, "hostPort": 80}])),
    ("seccompProfile", pod({"seccompProfile": {"type": "Unconfined"}})),
    ("seccompProfile", pod(securityContext={**POD_CONTEXT, "seccompProfile": {"type": "Unconfined"}})),
    ("appArmorProfile", pod({"appArmorProfile": {"type": "Unconfined"}})),
    (
        "appArmorProfile",
        {
            **pod(),
            "metadata": {"annotations": {"container.apparmor.security.beta.kubernetes.io/app": "unconfined"}},
        },
    ),
    ("seLinuxOptions", pod({"seLinuxOptions": {"type": "spc_t"}})),
    ("seLinuxOptions", pod({"seLinuxOptions": {"user": "system_u"}})),
    ("hostProcess", pod({"windowsOptions": {"hostProcess": True}})),
    ("hostProbesAndHostLifecycle", container(livenessProbe={"httpGet": {"port": 80, "host": "10.0.0.1"}})),
    ("hostProbesAndHostLifecycle", container(lifecycle={"preStop": {"tcpSocket": {"port": 80, "host": "10.0.0.1"}}})),
]
RESTRICTED = [
    ("restrictedVolumes", pod(volumes=[{"name": "v", "nfs": {"server": "s", "path": "/"}}])),
    ("restrictedVolumes", pod(volumes=[{"name": "v", "awsElasticBlockStore": {"volumeID": "v"}}])),
    ("runAsUser", pod({"runAsUser": 0})),
    ("runAsUser", pod(securityContext={**POD_CONTEXT, "runAsUser": 0})),
    ("runAsNonRoot", pod({"runAsNonRoot": False})),
    ("runAsNonRoot", pod({"runAsNonRoot": True}, securityContext={**POD_CONTEXT, "runAsNonRoot": False})),
    ("runAsNonRoot", pod(securityContext={"seccompProfile": {"type": "RuntimeDefault"}})),
    ("allowPrivilegeEscalation", pod({"allowPrivilegeEscalation": True})),
    ("allowPrivilegeEscalation", container(securityContext={"capabilities": {"drop": ["ALL"]}})),
    ("allowPrivilegeEscalation", pod(initContainers=[{"name": "i", "securityContext": capabilities()}])),
    ("capabilities", pod({"capabilities": {}})),
    ("capabilities", pod(capabilities(drop=("NET_RAW",)))),
    ("capabilities", pod(capabilities("CHOWN"))),
    ("seccompProfile", pod(securityContext={"runAsNonRoot": True})),
]
FINE = [
    pod(),
    pod(capabilities("NET_BIND_SERVICE")),
    pod(hostNetwork=False, volumes=[{"name": "a", "emptyDir": {}}, {"name": "b", "secret": {"secretName": "s"}}]),
    pod(volumes=[{"name": "c", "csi": {"driver": "d"}}, {"name": "d"}]),
    pod({"runAsNonRoot": True, "seccompProfile": {"type": "Localhost"}}, securityContext={}),
    pod({"procMount": "Default", "privileged": False, "seLinuxOptions": {"type": "container_t", "level": "s0"}}),
    pod(securityContext={**POD_CONTEXT, "sysctls": [{"name": "net.ipv4.tcp_syncookies", "value": "1"}]}),
    container(ports=[{"containerPort": 80, "hostPort": 0}], readinessProbe={"httpGet": {"port": 80}}),
]


@pytest.mark.parametrize(("control", "bad"), BASELINE)
def test_baseline(control: str, bad: Mapping[str, Any]) -> None:
    assert set(violations(namespace("baseline"), bad)) == {control}
    assert control in violations(namespace("restricted"), bad)
    assert admitted(namespace("privileged"), bad)


@pytest.mark.parametrize(("control", "bad"), RESTRICTED)
def test_restricted(control: str, bad: Mapping[str, Any]) -> None:
    assert set(violations(namespace("restricted"), bad)) == {control}
    assert admitted(namespace("baseline"), bad)


@pytest.mark.parametrize(("control", "bad"), RESTRICTED)
def test_a_report_leads_to_the_field(control: str, bad: Mapping[str, Any]) -> None:
    """https://kubernetes.io/docs/concepts/security/pod-security-standards, Restricted: Restricted Fields"""
    told = [way for way, _ in pod_security.violations(bad, "restricted")]
    assert told
    field = "volumes" if control == "restrictedVolumes" else control
    assert all(way[0] == "spec" and field in way for way in told)


@pytest.mark.parametrize(("control", "bad"), BASELINE)
def test_each_step_of_a_way_is_there(control: str, bad: Mapping[str, Any]) -> None:
    """What baseline forbids is written somewhere in the pod."""
    told = [way for way, _ in pod_security.violations(bad, "baseline")]
    assert told, control
    for way in told:
        found: Any = bad
        for step in way:
            found = found[step]


@pytest.mark.parametrize("good", FINE)
def test_admitted(good: Mapping[str, Any]) -> None:
    assert list(violations(namespace("restricted"), good)) == []
    assert admitted(namespace("baseline"), good)


def test_a_pod_that_says_nothing() -> None:
    assert admitted(namespace("baseline"), PLAIN)
    assert set(violations(namespace("restricted"), PLAIN)) == {
        "allowPrivilegeEscalation",
        "capabilities",
        "runAsNonRoot",
        "seccompProfile",
    }


def test_labels() -> None:
    """No label admits everything, since that is the cluster's default; a wrong one is taken for the strictest."""
    bad = pod(hostNetwork=True)
    assert admitted(namespace(None), bad)
    assert not admitted(namespace("strict"), PLAIN)
    audit = {"kind": "Namespace", "metadata": {"name": "a", "labels": {"pod-security.kubernetes.io/audit": "baseline"}}}
    assert admitted(audit, bad)
