"""Tiny charts, packed by Helm itself, and servers on loopback that publish them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from tools.charts.helm import helm_for, run

CONFIG_MAP = """
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
  namespace: {{ .Release.Namespace }}
data:
  replicas: {{ required "replicas must be set" .Values.replicas | quote }}
"""


def write(
    folder: Path, files: Mapping[str, str], *, name: str = "tiny", version: str = "1.2.3", more: str = ""
) -> Path:
    """An unpacked chart."""
    chart = folder / name
    metadata = {"Chart.yaml": f"apiVersion: v2\nname: {name}\nversion: {version}\n{more}\n"}
    for path, text in {**metadata, **files}.items():
        (chart / path).parent.mkdir(parents=True, exist_ok=True)
        (chart / path).write_text(text, encoding="utf-8")
    return chart


def helm() -> Path:
    """The one that the tests run with."""
    found = helm_for("1.36")
    assert isinstance(found, Path), found
    return found


def packed(chart: Path, to: Path) -> Path:
    """The archive that `helm package` makes."""
    to.mkdir(parents=True, exist_ok=True)
    text, reason = run(helm(), ["package", str(chart), "--destination", str(to)], seconds=20)
    assert not reason, reason
    return Path(text.rpartition(": ")[2].strip())


class _Files(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Quiet."""


@contextmanager
def _serving(handler: object) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)  # type: ignore[arg-type]  # a partial of a handler is one
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def repository(folder: Path) -> Iterator[str]:
    """The archives of a folder as a chart repository; its address."""
    with _serving(partial(_Files, directory=str(folder))) as port:
        address = f"http://127.0.0.1:{port}"
        _, reason = run(helm(), ["repo", "index", str(folder), "--url", address], seconds=20)
        assert not reason, reason
        yield address


@contextmanager
def registry(archive: Path, tag: str) -> Iterator[str]:
    """One archive as an OCI artifact named charts/tiny. https://helm.sh/docs/topics/registries"""
    config, layer = b'{"name": "tiny", "version": "1.2.3", "apiVersion": "v2"}', archive.read_bytes()

    def described(kind: str, data: bytes) -> dict[str, object]:
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return {"mediaType": f"application/vnd.cncf.helm.{kind}", "digest": digest, "size": len(data)}

    kind = "application/vnd.oci.image.manifest.v1+json"
    parts = (described("config.v1+json", config), described("chart.content.v1.tar+gzip", layer))
    manifest = json.dumps({"schemaVersion": 2, "mediaType": kind, "config": parts[0], "layers": parts[1:]}).encode()
    own = f"sha256:{hashlib.sha256(manifest).hexdigest()}"
    served = {
        f"/v2/charts/tiny/manifests/{tag}": (kind, manifest),
        f"/v2/charts/tiny/manifests/{own}": (kind, manifest),
        f"/v2/charts/tiny/blobs/{parts[0]['digest']}": ("application/octet-stream", config),
        f"/v2/charts/tiny/blobs/{parts[1]['digest']}": ("application/octet-stream", layer),
    }

    class Registry(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content, body = served.get(self.path, ("application/json", b""))
            if not body:
                body = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'
            self.send_response(200 if self.path in served else 404)
            self.send_header("Content-Type", content)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Docker-Content-Digest", f"sha256:{hashlib.sha256(body).hexdigest()}")
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)

        do_HEAD = do_GET  # noqa: N815  # what http.server calls

        def log_message(self, *_: object) -> None:
            """Quiet."""

    with _serving(Registry) as port:
        yield f"oci://127.0.0.1:{port}/charts"
