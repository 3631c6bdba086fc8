"""A control plane as a process: `python -m tools.kubernetes.serve`, started by control_plane.py.

A line of JSON tells it what to do. It says `ready` on its standard output, and ends with its standard input, all its
programs with it. Where the system can do it, they also end when this process is killed. When one ends, the others do.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tools.kubernetes.certificates import Authority
from tools.kubernetes.client import Client, Identity, NoAnswerError
from tools.kubernetes.programs import KWOK, STAGES, plays_kubelets, version_of

_HOST = "127.0.0.1"
_START_SECONDS = 120
_STOP_SECONDS = 10
# Users and groups by which RBAC knows them. https://kubernetes.io/docs/reference/access-authn-authz/rbac/
_USERS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "server": ("kube-apiserver", ()),
    "etcd": ("etcd", ()),
    "admin": ("kubernetes-admin", ("system:masters",)),
    "kube-controller-manager": ("system:kube-controller-manager", ()),
    "kube-scheduler": ("system:kube-scheduler", ()),
}
# Versions in which admission policies that change objects are a beta, and off. EKS has webhooks of its own instead.
# https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/
_BETA = ("1.34", "1.35")
_MUTATING_POLICIES = (
    "--feature-gates=MutatingAdmissionPolicy=true",
    "--runtime-config=admissionregistration.k8s.io/v1beta1=true",
)
# Beside the defaults, which hold the others of EKS's list: amazon-eks-user-guide,
# latest/ug/outposts/eks-outposts-local-cluster-overview.adoc, "admission controllers are enabled".
_ADMISSION = "NodeRestriction,ExtendedResourceToleration"
# Nobody starts the containers of pods here, so no webhook would answer, and most refuse all when there is no answer.
_WITHOUT = "MutatingAdmissionWebhook,ValidatingAdmissionWebhook"


def main() -> int:
    """Serves until standard input ends; its first line says where, and from what."""
    told: Mapping[str, Any] = json.loads(sys.stdin.readline())
    programs, folder = Path(told["programs"]), Path(told["folder"])
    with ExitStack() as running:
        threading.Thread(target=_end_with_input, daemon=True).start()
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        started: list[subprocess.Popen[bytes]] = []
        running.callback(_stop, started)
        port = _prepare(folder)
        for command in _commands(programs, folder, port, told["services"]):
            started.append(_started(command, folder))
            if command[0].endswith("kube-apiserver"):
                _await(port, folder, started)
        print("ready", flush=True)
        while all(each.poll() is None for each in started):
            time.sleep(0.2)
    return 1


def _end_with_input() -> None:
    sys.stdin.read()
    os.kill(os.getpid(), signal.SIGTERM)


def _prepare(folder: Path) -> int:
    """Certificates, kubeconfigs and the port of the API server, which all stay for the life of the folder."""
    certificates = folder / "certificates"
    if not certificates.exists():
        scratch = folder / "certificates.new"
        scratch.mkdir(parents=True, mode=0o700)
        authority = Authority(scratch)
        for name, (user, groups) in _USERS.items():
            authority.issue(name, user, groups)
        authority.key_pair("service-accounts")
        scratch.rename(certificates)
    port = _port_of(folder) or _free_port()
    for name, (user, groups) in _USERS.items():
        if user.startswith("system:") or "system:masters" in groups:
            write_kubeconfig(folder, name, port)
    return port


def _port_of(folder: Path) -> int | None:
    """The one of its last life, if nobody else has it now: kubeconfigs that somebody has stay right."""
    try:
        last = json.loads((folder / "admin.kubeconfig").read_text(encoding="utf-8"))
        return _free_port(int(last["clusters"][0]["cluster"]["server"].rpartition(":")[2]))
    except OSError:
        return None


def write_kubeconfig(folder: Path, name: str, port: int) -> None:
    """The file by which kubectl signs in with a certificate."""
    certificates = folder / "certificates"
    files = {"client-certificate": f"{certificates / name}.crt", "client-key": f"{certificates / name}.key"}
    server = {"server": f"https://{_HOST}:{port}", "certificate-authority": str(certificates / "ca.crt")}
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "local", "cluster": server}],
        "users": [{"name": name, "user": files}],
        "contexts": [{"name": "local", "context": {"cluster": "local", "user": name}}],
        "current-context": "local",
    }
    path = folder / f"{name}.kubeconfig"
    path.touch(mode=0o600)
    path.write_text(json.dumps(written, indent=2), encoding="utf-8")


def _commands(programs: Path, folder: Path, port: int, services: str) -> Iterator[list[str]]:
    """Each when the one before it has been started."""
    certificates, etcd_port = folder / "certificates", _free_port()
    authority, accounts = certificates / "ca.crt", certificates / "service-accounts"
    etcd = f"https://{_HOST}:{etcd_port}"
    yield [
        str(programs / "etcd"),
        f"--data-dir={folder / 'etcd'}",
        f"--listen-client-urls={etcd}",
        f"--advertise-client-urls={etcd}",
        f"--listen-peer-urls=http://{_HOST}:0",
        f"--cert-file={certificates / 'etcd.crt'}",
        f"--key-file={certificates / 'etcd.key'}",
        f"--trusted-ca-file={authority}",
        "--client-cert-auth",
        # What is in it need not outlive the machine.
        "--unsafe-no-fsync",
    ]
    yield [
        str(programs / "kube-apiserver"),
        f"--bind-address={_HOST}",
        f"--advertise-address={_HOST}",
        f"--secure-port={port}",
        f"--etcd-servers={etcd}",
        f"--etcd-cafile={authority}",
        f"--etcd-certfile={certificates / 'server.crt'}",
        f"--etcd-keyfile={certificates / 'server.key'}",
        f"--tls-cert-file={certificates / 'server.crt'}",
        f"--tls-private-key-file={certificates / 'server.key'}",
        f"--client-ca-file={authority}",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={accounts}.pub",
        f"--service-account-signing-key-file={accounts}.key",
        f"--service-cluster-ip-range={services}",
        "--authorization-mode=Node,RBAC",
        f"--enable-admission-plugins={_ADMISSION}",
        f"--disable-admission-plugins={_WITHOUT}",
        "--allow-privileged=true",
        # An address on loopback is no endpoint of a Service.
        "--endpoint-reconciler-type=none",
        *(_MUTATING_POLICIES if version_of(programs) in _BETA else ()),
    ]
    if plays_kubelets(programs):
        kubeconfig = folder / "admin.kubeconfig"
        yield [
            str(programs / KWOK),
            f"--kubeconfig={kubeconfig}",
            f"--config={programs / STAGES}",
            "--manage-all-nodes",
            "--node-lease-duration-seconds=40",
        ]
    for name in ("kube-controller-manager", "kube-scheduler"):
        kubeconfig = folder / f"{name}.kubeconfig"
        command = [str(programs / name), f"--kubeconfig={kubeconfig}", "--leader-elect=false", "--secure-port=0"]
        if name == "kube-controller-manager":
            command += [f"--service-account-private-key-file={accounts}.key", f"--root-ca-file={authority}"]
            command += ["--use-service-account-credentials"]
        yield command


def _started(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    parent = os.getpid()
    with (folder / f"{Path(command[0]).name}.log").open("ab") as log:
        return subprocess.Popen(
            command,
            cwd=folder,
            # Nobody's own configuration.
            env={**os.environ, "HOME": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            # The only thread that starts anything, so that nothing else runs in between.
            preexec_fn=lambda: _die_with(parent),  # noqa: PLW1509
        )


_LIBC = ctypes.CDLL(None)
_PR_SET_PDEATHSIG = 1


def _die_with(parent: int) -> None:
    """Lets the system kill this process when its parent is gone. https://man7.org/linux/man-pages/man2/prctl.2.html"""
    if sys.platform == "linux":
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


def _await(port: int, folder: Path, started: list[subprocess.Popen[bytes]]) -> None:
    """Waits until the API server is ready."""
    client = Client(f"https://{_HOST}:{port}", Identity.of(folder))
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            if client.ask("GET", "/readyz").status == 200:
                return
        except NoAnswerError:
            pass
        if time.monotonic() > deadline or any(each.poll() is not None for each in started):
            sys.exit(f"it did not become ready in {_START_SECONDS} seconds, or one of its programs ended")
        time.sleep(0.1)


def _stop(started: list[subprocess.Popen[bytes]]) -> None:
    """Ends them, the last that was started first."""
    deadline = time.monotonic() + _STOP_SECONDS
    for each in reversed(started):
        # The API server waits for a minute for what watches it.
        each.send_signal(signal.SIGTERM if each is started[0] else signal.SIGKILL)
        try:
            each.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            each.kill()
            each.wait()


def _free_port(wanted: int = 0) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((_HOST, wanted))
        port: int = probe.getsockname()[1]
        return port


if __name__ == "__main__":
    sys.exit(main())
