"""Custom resource definitions of the add-ons, from the Go modules of their programs: no chart and no copy of them."""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import tomllib
from pathlib import Path
from typing import Any

import yaml

from tools.kubernetes.build import BuildError, find_go
from tools.kubernetes.programs import CACHE, MODULES

_PINS = MODULES.parent / "definitions.toml"


def collect(cache_folder: Path = CACHE) -> Path:
    """The file with all definitions, which is written unless it is there."""
    made = _file(cache_folder)
    if made.exists():
        return made
    pins = tomllib.loads(_PINS.read_text(encoding="utf-8"))["module"]
    found: dict[str, list[dict[str, Any]]] = {}
    for pin in pins:  # a chart may have programs of several modules
        found.setdefault(pin["chart"], []).extend(_read(_downloaded(pin) / pin["folder"]))
    cache_folder.mkdir(parents=True, exist_ok=True)
    for old in cache_folder.glob("definitions-*.json"):
        old.unlink()
    scratch = made.with_suffix(".new")
    scratch.write_text(json.dumps(found), encoding="utf-8")
    scratch.replace(made)
    return made


def definitions(chart: str | None = None, cache_folder: Path = CACHE) -> list[dict[str, Any]]:
    """Those that a chart brings, or all; FileNotFoundError before they were collected."""
    found: dict[str, list[dict[str, Any]]] = json.loads(_file(cache_folder).read_text(encoding="utf-8"))
    return [one for name, those in found.items() if chart in (None, name) for one in those]


def _file(cache_folder: Path) -> Path:
    return cache_folder / f"definitions-{hashlib.sha256(_PINS.read_bytes()).hexdigest()[:16]}.json"


def _downloaded(pin: dict[str, str]) -> Path:
    """The folder of a module in Go's cache, once its content is what is pinned."""
    module = f"{pin['path']}@{pin['version']}"
    # Outside of any module, so that nothing decides about versions but the pin.
    with tempfile.TemporaryDirectory() as nowhere:
        ran = subprocess.run(
            [find_go(), "mod", "download", "-json", module], cwd=nowhere, capture_output=True, text=True, check=False
        )
    try:
        told = json.loads(ran.stdout)
    except ValueError:
        told = {"Error": ran.stderr.strip()}
    if "Error" in told or told.get("Sum") != pin["sum"]:
        raise BuildError(f"{module} cannot be had: {told.get('Error') or 'its sum is ' + str(told.get('Sum'))}")
    return Path(told["Dir"])


def _read(folder: Path) -> list[dict[str, Any]]:
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.yaml"))]
    read = [one for text in texts for one in yaml.safe_load_all(text)]
    return [one for one in read if one and one.get("kind") == "CustomResourceDefinition"]
