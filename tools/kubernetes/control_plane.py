"""Starts and stops a control plane. It lives no longer than the process that started it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from tools.kubernetes.client import Client, Identity
from tools.kubernetes.programs import ROOT

SERVICES = "10.100.0.0/16"
"""Addresses of Services, as EKS has them: https://docs.aws.amazon.com/eks/latest/APIReference/API_KubernetesNetworkConfigRequest.html"""
_STOP_SECONDS = 20


class ControlPlaneError(Exception):
    """Why it does not run."""


@dataclass(frozen=True)
class RunningControlPlane:
    """One that runs. All that it writes is in `folder`."""

    process: subprocess.Popen[str]
    folder: Path

    @property
    def kubeconfig(self) -> Path:
        """That of an administrator."""
        return self.folder / "admin.kubeconfig"

    @property
    def server(self) -> str:
        """Its address."""
        found: str = json.loads(self.kubeconfig.read_text(encoding="utf-8"))["clusters"][0]["cluster"]["server"]
        return found

    @property
    def port(self) -> int:
        port = urlsplit(self.server).port
        assert port  # noqa: S101  # an address of ours
        return port

    def client(self) -> Client:
        """Asks as an administrator."""
        return Client(self.server, Identity.of(self.folder))

    def stop(self) -> None:
        """Ends all its programs. What they wrote stays, so that it can be started again."""
        try:
            self.process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


def start(
    programs: Path, folder: Path, *, services: str = SERVICES, python: str = sys.executable
) -> RunningControlPlane:
    """Starts one, or starts it again, and waits until it is ready. `services` is its range of Service addresses."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "serve.log").open("ab") as log:
        process = subprocess.Popen(
            [python, "-m", "tools.kubernetes.serve"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            # Ctrl-C is for whoever started it, whose end is its end.
            start_new_session=True,
        )
    assert process.stdin  # noqa: S101  # pipes
    assert process.stdout  # noqa: S101
    told = {"programs": str(programs), "folder": str(folder.resolve()), "services": services}
    process.stdin.write(json.dumps(told) + "\n")
    process.stdin.flush()
    if process.stdout.readline().strip() != "ready":
        process.kill()
        process.communicate()
        raise ControlPlaneError(f"The control plane did not start.\n{_logs(folder)}")
    return RunningControlPlane(process, folder)


def _logs(folder: Path, lines: int = 8) -> str:
    """The end of what each of its programs wrote."""
    told = []
    for log in sorted(folder.glob("*.log")):
        end = log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        told += [f"{log.name}:", *(f"  {line[:300]}" for line in end)]
    return "\n".join(told)
