"""Where the programs of a control plane are, by the Kubernetes version that they are of."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".kubernetes"
MODULES = Path(__file__).parent / "modules"
"""A Go module for each Kubernetes version, which pins what its programs are built from."""
PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kube-scheduler")
KWOK = "kwok"
"""Plays the kubelets of nodes that are only objects; without it a cluster has none. https://kwok.sigs.k8s.io"""
STAGES = "kwok.yaml"
"""What kwok does with nodes and pods, as its own module says."""
NETWORK_POLICIES = "network-policies"
"""Says which pods reach each other, by an evaluator of Kubernetes' own. https://kube-network-policies.sigs.k8s.io"""
VARIABLES = ("KUBERNETES_PROGRAMS", "KUBEBUILDER_ASSETS")
"""Each may name a folder with all of them. That of envtest has the first two only, and so does not count."""
STAMP = "modules.sha256"


@dataclass(frozen=True)
class MissingPrograms:
    """Why there are none for a version, and what to do."""

    reason: str


def programs_for(
    version: str, environment: Mapping[str, str] = os.environ, cache_folder: Path = CACHE
) -> Path | MissingPrograms:
    """The folder with the programs of a Kubernetes version such as "1.36"."""
    others = []
    for variable in VARIABLES:
        folder = Path(environment.get(variable) or os.devnull)
        if all(os.access(folder / name, os.X_OK) for name in PROGRAMS):
            if version_of(folder) == version:
                return folder
            others.append(f"those in {variable} are of {version_of(folder) or 'no version that they say'}")
    built = cache_folder / version
    if is_built(version, cache_folder):
        return built
    advice = f"make kubernetes VERSION={version} builds them" if pinned(version) else f"name a folder by {VARIABLES[0]}"
    return MissingPrograms(
        f"no programs of Kubernetes {version} are at hand{''.join(f' ({one})' for one in others)}: {advice}"
    )


def plays_kubelets(folder: Path) -> bool:
    """Whether nodes of a cluster of these programs become ready, and pods on them run."""
    return all((folder / name).exists() for name in (KWOK, STAGES))


def pinned(version: str) -> bool:
    """Whether the project says what the programs of this version are built from."""
    return (MODULES / version / "go.mod").exists()


def pinned_versions() -> list[str]:
    """All of which it says so, oldest first."""
    found = [each.parent.name for each in MODULES.glob("*/go.mod") if re.fullmatch(r"\d+\.\d+", each.parent.name)]
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def is_built(version: str, cache_folder: Path = CACHE) -> bool:
    """Whether all programs are there, from what is pinned now."""
    try:
        stamp = (cache_folder / version / STAMP).read_text(encoding="utf-8")
    except OSError:
        return False
    return pinned(version) and stamp == fingerprint(version)


def fingerprint(version: str) -> str:
    """Of what is pinned."""
    return _digest(MODULES / module / name for module in (version, KWOK) for name in ("go.mod", "go.sum"))


def evaluator(cache_folder: Path = CACHE) -> Path:
    """Where the evaluator of network policies is, once it was built of what is there now."""
    digest = _digest(sorted((MODULES / NETWORK_POLICIES).iterdir()))
    return cache_folder / f"{NETWORK_POLICIES}-{digest[:16]}"


def _digest(files: Iterable[Path]) -> str:
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()


@cache
def version_of(folder: Path) -> str | None:
    """The minor that an API server says of itself: "1.36" of `Kubernetes v1.36.3`."""
    try:
        said = subprocess.run(
            [folder / "kube-apiserver", "--version"], capture_output=True, text=True, timeout=30, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.match(r"Kubernetes v(\d+\.\d+)\.", said)
    return found[1] if found else None
