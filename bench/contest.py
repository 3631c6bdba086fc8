"""The two sides of a comparison: Python, and the floor that does the same work."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.assembly import read

NODE = os.environ.get("JSII_NODE", "node")
PACKAGES = Path(sys.prefix) / "cache" / "floor"


@dataclass(frozen=True)
class Contest:
    """Commands that write the same assembly, and what is known of them beside their time."""

    clusters: int
    python: tuple[str, ...]
    floor: tuple[str, ...]
    resources: int
    calls: int
    """Of the jsii kernel."""
    python_peak: int
    """The most memory in bytes, Python's and the jsii kernel's together."""
    floor_peak: int


def prepared(clusters: int, folder: Path) -> Contest:
    """Runs both sides, records what Python asks for, and makes sure that the floor does the same.

    Raises RuntimeError when it does not.
    """
    folder.mkdir()
    out, floor_out, recording = folder / "python", folder / "floor", folder / "calls.json"
    python = (sys.executable, "-m", "bench.fleet", str(clusters), str(out))
    subprocess.run([*python, "--calls", str(recording)], check=True)
    text = recording.read_text(encoding="utf-8")
    calls = json.loads(text)
    recording.write_text(text.replace(json.dumps(str(out)), json.dumps(str(floor_out))), encoding="utf-8")
    modules = unpacked(call for call in calls if call["api"] == "load")
    floor = (NODE, str(Path(__file__).with_name("floor.js")), str(recording), str(modules))
    floor_peak = int(subprocess.run(floor, check=True, stdout=subprocess.PIPE, text=True).stdout)
    if differing := different(out, floor_out):
        raise RuntimeError(f"the floor does other work than Python; they differ in {', '.join(differing)}")
    peak = subprocess.run([*python, "--memory"], check=True, stdout=subprocess.PIPE, text=True).stdout
    resources = sum(len(stack.resources) for stacks in read(out).values() for stack in stacks)
    return Contest(clusters, python, floor, resources, len(calls), int(peak), floor_peak)


def different(one: Path, other: Path) -> list[str]:
    """The files that are not the same in both folders, beside plans, which need no jsii kernel."""
    found = {path.relative_to(folder) for folder in (one, other) for path in folder.rglob("*") if path.is_file()}
    files = {path for path in found if not path.name.endswith(".plan.json")}
    return [str(file) for file in sorted(files) if _content(one / file) != _content(other / file)]


def _content(file: Path) -> bytes | None:
    """Metadata names the JavaScript that asked for it, here the floor and there jsii; that is left out."""
    content = file.read_bytes() if file.exists() else None
    return re.sub(rb'"trace": \[[^]]*]', b"", content) if content and file.name.endswith(".metadata.json") else content


def unpacked(loads: Iterable[Mapping[str, Any]]) -> Path:
    """A folder with node_modules: the packages that jsii loads, unpacked as npm would."""
    packages = sorted((load["name"], load["tarball"]) for load in loads)
    folder = PACKAGES / hashlib.sha256(json.dumps(packages).encode()).hexdigest()[:16]
    if not folder.exists():
        PACKAGES.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=PACKAGES) as new:
            for name, tarball in packages:
                target = Path(new) / "packages" / "node_modules" / name
                target.mkdir(parents=True)
                subprocess.run(["tar", "-xzf", tarball, "-C", str(target), "--strip-components=1"], check=True)
            (Path(new) / "packages").rename(folder)
    return folder
