"""The emulator as a process: started on a free port, found again, stopped."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from blueprint.versions import DEFAULT
from tools.charts.helm import helm_for
from tools.charts.results import Unreachable
from tools.kubernetes.programs import VARIABLES
from tools.local.aws import HOST, bare, checked
from tools.local.errors import LocalError
from tools.local.helm import CHARTS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".local"
PYTHON = ROOT / ".venv-local" / "bin" / "python"
"""The emulator has an environment of its own, since it pins a version of botocore."""
_START_SECONDS = 60
_STOP_SECONDS = 15


@dataclass(frozen=True)
class Emulator:
    """A running emulator. All that it and the CLI write is in `folder`."""

    pid: int
    port: int
    folder: Path

    @property
    def endpoint(self) -> str:
        return checked(f"http://{HOST}:{self.port}")

    def alive(self) -> bool:
        """Whether the process is there and is this emulator, not another that got its number since."""
        answer = subprocess.run(
            ["ps", "-ww", "-o", "command=", "-p", str(self.pid)], capture_output=True, text=True, check=False
        )
        return " ".join(_arguments(self.port, self.folder)) in answer.stdout

    def answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.endpoint}/_ministack/health", timeout=5):  # noqa: S310  # checked
                return True
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Ends the process and removes its folder."""
        deadline = time.monotonic() + _STOP_SECONDS
        while self.alive():
            signal_number = signal.SIGTERM if time.monotonic() < deadline - _STOP_SECONDS / 2 else signal.SIGKILL
            try:
                os.kill(self.pid, signal_number)
            except ProcessLookupError:
                break
            if time.monotonic() > deadline:
                raise LocalError(f"The emulator (process {self.pid}) does not end.")
            time.sleep(0.2)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self, lines: int = 15) -> str:
        """The end of what the emulator wrote."""
        try:
            text = (self.folder / "emulator.log").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return "(no log)"
        return "\n".join(text.splitlines()[-lines:]) or "(the log is empty)"

    def post(self, path: str) -> None:
        """Asks for something that AWS has no API for."""
        request = urllib.request.Request(f"{self.endpoint}/_local/{path}", method="POST")  # noqa: S310  # checked
        with urllib.request.urlopen(request, timeout=5):  # noqa: S310
            pass

    def contents(self, account: str, region: str, cluster: str) -> dict[str, list[Any]]:
        """Objects and releases that reached the cluster, and what it does without."""
        query = f"account={account}&region={region}&cluster={cluster}"
        with urllib.request.urlopen(f"{self.endpoint}/_local/contents?{query}", timeout=5) as answer:  # noqa: S310
            found: dict[str, list[Any]] = json.load(answer)
            return found


@dataclass(frozen=True)
class Started:
    """An emulator that this process has on a leash: it ends, with its folder, when this process does."""

    emulator: Emulator
    process: subprocess.Popen[bytes]

    def stay(self) -> None:
        """Lets it outlive this process, unless it is dead already."""
        assert self.process.stdin  # noqa: S101  # a pipe, see `start`
        with suppress(BrokenPipeError):
            self.process.stdin.write(b"stay\n")
            self.process.stdin.close()

    def stop(self) -> None:
        self.emulator.stop()
        self.process.wait(timeout=_STOP_SECONDS)


def start(folder: Path, *, port: int | None = None, charts: Path | None = None, kubernetes: bool = False) -> Started:
    """Starts an emulator and waits until it answers. Its clusters are real if asked for, where programs are at hand."""
    if not PYTHON.exists():
        raise LocalError("The emulator is not installed: run make local, which does it")
    port = _free_port(port)
    folder.mkdir(parents=True, exist_ok=True)
    environment = bare(folder / "home") | (_rendering(charts) if charts else {})
    if kubernetes:
        environment |= {"LOCAL_KUBERNETES": "1"} | {name: os.environ[name] for name in VARIABLES if name in os.environ}
    with (folder / "emulator.log").open("wb") as log:
        process = subprocess.Popen(
            _arguments(port, folder),
            cwd=ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            # Ctrl-C is for the command, which decides whether the emulator stays.
            start_new_session=True,
        )
    emulator = Emulator(process.pid, port, folder)
    deadline = time.monotonic() + _START_SECONDS
    while not emulator.answers():
        if process.poll() is not None or time.monotonic() > deadline:
            log_end = emulator.log()
            process.kill()
            process.communicate()
            raise LocalError(f"The emulator did not start. Its log ends with:\n{log_end}")
        time.sleep(0.1)
    return Started(emulator, process)


def _rendering(charts: Path) -> dict[str, str]:
    """Variables for an emulator that renders charts: their folder, and a PATH that has helm."""
    helm = helm_for(DEFAULT)
    if isinstance(helm, Unreachable):
        raise LocalError(f"Charts cannot be rendered: {helm.reason}")
    return {CHARTS: str(charts.resolve()), "PATH": f"{helm.parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"}


def _arguments(port: int, folder: Path) -> list[str]:
    return [str(PYTHON), "-m", "tools.local.emulator", str(port), str(folder)]


def _free_port(wanted: int | None) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", wanted or 0))
        except OSError as error:
            raise LocalError(f"Port {wanted} cannot be used ({error.strerror}): name another, or none") from None
        port: int = probe.getsockname()[1]
        return port


@dataclass(frozen=True)
class Deployed:
    """A cluster that was deployed to the emulator, whatever its file says now."""

    name: str
    account: str
    region: str


@dataclass
class State:
    """What stands between `make local` and `make local-destroy`, in `.local/state.json`."""

    emulator: Emulator
    clusters: dict[str, Deployed]
    charts: str | None = None
    """The folder of charts that it renders."""

    def save(self) -> None:
        path = self.emulator.folder / "state.json"
        clusters = [asdict(cluster) for cluster in self.clusters.values()]
        fields = {"pid": self.emulator.pid, "port": self.emulator.port, "charts": self.charts, "clusters": clusters}
        scratch = path.with_suffix(".new")
        scratch.write_text(json.dumps(fields, indent=2), encoding="utf-8")
        scratch.replace(path)


def load(folder: Path) -> State | None:
    """The state in the folder; None when there is none, or none that can be read."""
    try:
        fields = json.loads((folder / "state.json").read_text(encoding="utf-8"))
        clusters = {cluster["name"]: Deployed(**cluster) for cluster in fields["clusters"]}
        return State(Emulator(int(fields["pid"]), int(fields["port"]), folder), clusters, fields["charts"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
