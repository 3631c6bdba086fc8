"""Where a chart comes from: a folder, a mirror, or its own repository. What was downloaded once is kept."""

from __future__ import annotations

import re
import socket
import tempfile
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import yaml

from blueprint.contribution import Chart
from tools.charts.helm import run
from tools.charts.results import Failed, Unreachable

_CONNECT_SECONDS = 4.0
_DOWNLOAD_SECONDS = 60.0
_READ_SECONDS = 20.0
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
# https://helm.sh/docs/topics/charts (name, version); they become file names and addresses here.
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*", re.ASCII)
_VERSION = re.compile(r"[A-Za-z0-9][\w.+-]*", re.ASCII)


@dataclass(frozen=True)
class Archive:
    """A chart on disk, packed or not, and its Chart.yaml."""

    path: Path
    metadata: Mapping[str, Any]


def archive_of(chart: Chart, source: str | None, helm: Path, cache: Path) -> Archive | Failed | Unreachable:
    """The chart in the version wanted. `source` is a folder, or the address of a mirror; None: its own repository."""
    if not (_NAME.fullmatch(chart.name) and _VERSION.fullmatch(chart.version)):
        return Failed(f"{chart.name!r} {chart.version!r} is no name and version of a chart")
    if source is not None and "://" not in source:
        return _in_folder(chart, Path(source), helm)
    address = chart.repository
    if source is not None:
        address = f"{source.rstrip('/')}/{chart.name}" if source.startswith("oci://") else source
    kept = cache / "charts" / sha256(address.encode()).hexdigest()[:16] / f"{chart.name}-{chart.version}.tgz"
    if kept.exists() and isinstance(found := _read(kept, chart, helm), Archive):
        return found
    return _download(chart, address, helm, kept, final=source is None)


def _in_folder(chart: Chart, folder: Path, helm: Path) -> Archive | Unreachable:
    packed, unpacked = folder / f"{chart.name}-{chart.version}.tgz", folder / chart.name
    if packed.is_file():
        return _read(packed, chart, helm)
    if (unpacked / "Chart.yaml").is_file():
        return _read(unpacked, chart, helm)
    return Unreachable(f"{folder} holds neither {packed.name} nor {chart.name}/Chart.yaml")


def _download(chart: Chart, address: str, helm: Path, kept: Path, *, final: bool) -> Archive | Failed | Unreachable:
    """`final`: what this repository does not have, no cluster can install."""
    if why := _unconnected(address):
        return Unreachable(why)
    where = [address] if address.startswith("oci://") else [chart.name, "--repo", address]
    if address.startswith("oci://") and urlsplit(address).hostname in _LOOPBACK:
        where.append("--plain-http")
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=kept.parent) as folder:
            command = ["pull", *where, "--version", chart.version, "--destination", folder]
            _, reason = run(helm, command, seconds=_DOWNLOAD_SECONDS)
            if reason:
                # https://github.com/helm/helm, pkg/repo/v1/chartrepo.go and oras.land/oras-go, registry/remote
                return Failed(reason) if final and re.search(r"not found( in .*)?$", reason) else Unreachable(reason)
            (pulled,) = Path(folder).iterdir()
            found = _read(pulled, chart, helm)
            if isinstance(found, Unreachable):
                return found
            pulled.replace(kept)
    except OSError as error:
        return Unreachable(f"{kept.parent} cannot be written: {error.strerror}")
    return Archive(kept, found.metadata)


def _read(path: Path, chart: Chart, helm: Path) -> Archive | Unreachable:
    text, reason = run(helm, ["show", "chart", str(path.resolve())], seconds=_READ_SECONDS)
    if reason:
        return Unreachable(f"{path.name} is no chart: {reason}")
    metadata = yaml.safe_load(text)
    held = f"{metadata['name']} {metadata['version']}"
    wanted = f"{chart.name} {chart.version}"
    if held.replace(" v", " ") != wanted.replace(" v", " "):
        return Unreachable(f"{path.name} is the chart {held}, not {wanted}")
    if chart.digest and path.is_file() and digest(path) != chart.digest:
        return Unreachable(f"{path.name} has the digest {digest(path)}, and the lock {chart.digest}: `make versions`")
    return Archive(path, metadata)


def digest(path: Path) -> str:
    """Of a packed chart."""
    return f"sha256:{sha256(path.read_bytes()).hexdigest()}"


def _unconnected(address: str) -> str:
    """Why nobody answers there; Helm itself would wait for minutes. Behind a proxy, the proxy has to answer."""
    try:
        parts = urlsplit(address)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError as error:
        return f"{address!r} is no address: {error}"
    if scheme not in ("http", "https", "oci") or not host:
        return f"{address!r} is no address of a chart repository"
    port = port or (80 if scheme == "http" else 443)
    proxy = getproxies().get("http" if scheme == "http" else "https")
    if proxy and host not in _LOOPBACK and not proxy_bypass(host):
        through = urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        host, port = through.hostname or host, through.port or 80
    return _refused(host, port)


def _refused(host: str, port: int) -> str:
    """In a thread of its own, because nothing limits how long a name is looked up."""
    found = [f"{host}:{port} did not answer in {_CONNECT_SECONDS:g} seconds"]

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=_CONNECT_SECONDS).close()
            found[0] = ""
        except TimeoutError:
            pass
        except (OSError, UnicodeError) as error:
            found[0] = f"{host}:{port} cannot be reached: {getattr(error, 'strerror', None) or error}"

    thread = threading.Thread(target=connect, daemon=True)
    thread.start()
    thread.join(_CONNECT_SECONDS)
    return found[0]
