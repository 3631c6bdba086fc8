"""A forge on loopback: it answers what it was told to, and remembers what it was asked."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

TOKEN = "ghs_s3cr3tT0ken"
PAGE = 2
"""Items on a page, so that every list of three has two pages."""


@dataclass
class Answer:
    """One answer; a `hang` of seconds comes before it."""

    body: Any = None
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    hang: threading.Event | None = None


@dataclass
class Asked:
    """One request."""

    method: str
    path: str
    body: Any
    headers: dict[str, str]


Route = Callable[[Asked], Any]


@dataclass
class Forge:
    """Answers by method and path; what is not known is a 404."""

    url: str = ""
    routes: dict[str, Any] = field(default_factory=dict)
    """`GET /path` to a value (lists come in pages), an Answer, or a function of the request."""
    queue: dict[str, list[Answer]] = field(default_factory=dict)
    """Answers that come first, one each."""
    asked: list[Asked] = field(default_factory=list)
    minute: int = 0
    """Its clock: minutes since 09:00 of a Monday."""

    def later(self) -> str:
        """The time, a minute later."""
        self.minute += 1
        return f"2026-11-23T09:{self.minute:02}:00Z"

    def sent(self, method: str) -> list[Asked]:
        """The requests of a method."""
        return [asked for asked in self.asked if asked.method == method]

    def answer(self, asked: Asked) -> Answer:
        """What it says to a request."""
        path, _, query = asked.path.partition("?")
        key = f"{asked.method} {path}"
        if self.queue.get(key):
            return self.queue[key].pop(0)
        if key not in self.routes:
            return Answer({"message": "Not Found"}, 404)
        found = self.routes[key]
        found = found(asked) if callable(found) else found
        if isinstance(found, Answer):
            return found
        return self._page(found, path, query) if isinstance(found, list) else Answer(found)

    def _page(self, items: list[Any], path: str, query: str) -> Answer:
        asked = parse_qs(query)
        number = int(asked.get("page", ["1"])[0])
        rest = "&".join(f"{key}={values[0]}" for key, values in asked.items() if key != "page")
        links = [f'<{self.url}{path}?{rest}&page=1>; rel="first"']
        if len(items) > number * PAGE:
            links.insert(0, f'<{self.url}{path}?{rest}&page={number + 1}>; rel="next"')
        return Answer(items[(number - 1) * PAGE : number * PAGE], headers={"Link": ", ".join(links)})


@contextmanager
def forge() -> Iterator[Forge]:
    """A forge as long as the context lasts."""
    served = Forge()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            body = json.loads(self.rfile.read(length)) if length else None
            asked = Asked(self.command, self.path, body, dict(self.headers.items()))
            served.asked.append(asked)
            answer = served.answer(asked)
            if answer.hang:
                answer.hang.wait(10)
            content = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in {"Content-Length": str(len(content)), **answer.headers}.items():
                self.send_header(name, value)
            with suppress(BrokenPipeError):  # whoever asked has given up waiting
                self.end_headers()
                self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _do  # noqa: N815  # http.server's names

        def date_time_string(self, timestamp: float | None = None) -> str:
            return f"Mon, 23 Nov 2026 09:{served.minute:02}:00 GMT"

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    served.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
