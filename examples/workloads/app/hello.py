"""Greets, counts its visits, and ends when it is told to. For a container: configured by its environment alone.

    GET /            the greeting, and the number of visits
    DELETE /visits   begins to count anew; for whoever has the token
    GET /healthz     whether the process answers
    GET /readyz      whether it wants traffic: not when it is about to end

| variable        | means                                                             | by itself   |
| --------------- | ----------------------------------------------------------------- | ----------- |
| PORT            | on which it listens                                               | 8080        |
| GREETING        | what it says                                                      | Hello       |
| VISITS          | the file in which it counts; in memory where there is none        |             |
| TOKEN           | what Authorization: Bearer has to hold; without one nobody resets |             |
| DRAIN_SECONDS   | how long it still answers when it has been told to end            | 5           |
"""

from __future__ import annotations

import hmac
import os
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Visits:
    """A number that only grows, until somebody resets it."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._count = int(file.read_text(encoding="ascii")) if file and file.exists() else 0

    def add(self) -> int:
        """The number, this visit included."""
        with self._lock:
            return self._write(self._count + 1)

    def reset(self) -> None:
        """Begins anew."""
        with self._lock:
            self._write(0)

    def _write(self, count: int) -> int:
        if self._file:
            # Whole or not at all, however the process ends.
            beside = self._file.with_suffix(".new")
            beside.write_text(str(count), encoding="ascii")
            beside.replace(self._file)
        self._count = count
        return count


class Server(ThreadingHTTPServer):
    """Waits for requests that are open when it closes."""

    daemon_threads = False
    allow_reuse_address = True

    def __init__(self, environment: Mapping[str, str]) -> None:
        file = environment.get("VISITS")
        self.greeting = environment.get("GREETING", "Hello")
        self.token = environment.get("TOKEN", "")
        self.drain_seconds = float(environment.get("DRAIN_SECONDS", "5"))
        self.visits = Visits(Path(file) if file else None)
        self.ready = True
        super().__init__(("", int(environment.get("PORT", "8080"))), Handler)

    def end(self) -> None:
        """Asks for no more traffic, answers what still comes for a while, then stops."""
        self.ready = False
        time.sleep(self.drain_seconds)
        self.shutdown()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server
    timeout = 10  # seconds for a client that says nothing

    def do_GET(self) -> None:
        """All that is read."""
        if self.path == "/healthz":
            self._answer(HTTPStatus.OK, "ok")
        elif self.path == "/readyz":
            self._answer(*((HTTPStatus.OK, "ready") if self.server.ready else (HTTPStatus.SERVICE_UNAVAILABLE, "ends")))
        elif self.path == "/":
            self._answer(HTTPStatus.OK, f"{self.server.greeting}, visitor {self.server.visits.add()}")
        else:
            self._answer(HTTPStatus.NOT_FOUND, "nothing is here")

    def do_DELETE(self) -> None:
        """Only the number of visits."""
        given = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if self.path != "/visits":
            self._answer(HTTPStatus.NOT_FOUND, "nothing is here")
        elif not self.server.token or not hmac.compare_digest(given.encode(), self.server.token.encode()):
            self._answer(HTTPStatus.FORBIDDEN, "not yours")
        else:
            self.server.visits.reset()
            self._answer(HTTPStatus.OK, "none")

    def _answer(self, status: HTTPStatus, text: str) -> None:
        body = f"{text}\n".encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Not of probes, which come every few seconds."""
        if self.path not in ("/healthz", "/readyz"):
            super().log_request(code, size)


def check(environment: Mapping[str, str]) -> int:
    """For a health check within the container, which has no other program for it."""
    with urllib.request.urlopen(f"http://127.0.0.1:{environment.get('PORT', '8080')}/healthz", timeout=2) as answer:
        return 0 if answer.status == HTTPStatus.OK else 1


def main() -> int:
    """Serves until SIGTERM or Ctrl-C."""
    if sys.argv[1:] == ["--check"]:
        return check(os.environ)
    server = Server(os.environ)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for the loop that this signal has interrupted: so not in here.
        signal.signal(number, lambda *_: threading.Thread(target=server.end).start())
    server.serve_forever()
    server.server_close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
