"""Requests to an API server, over one connection that is kept."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

Object = Mapping[str, Any]
_SECONDS = 60
_PAUSE_SECONDS = 0.2
_TOO_MANY_REQUESTS = 429


class NoAnswerError(Exception):
    """Nobody is there."""


@dataclass(frozen=True)
class Identity:
    """Who asks, by a certificate."""

    authority: Path
    certificate: Path
    key: Path

    @classmethod
    def of(cls, folder: Path, name: str = "admin") -> Identity:
        """One of those in the folder of a control plane."""
        certificates = folder / "certificates"
        return cls(certificates / "ca.crt", certificates / f"{name}.crt", certificates / f"{name}.key")


@dataclass(frozen=True)
class ApiAnswer:
    """What the API server said."""

    status: int
    body: Any
    warnings: tuple[str, ...] = ()

    @property
    def refused(self) -> str | None:
        """Why it refused; None when it did not."""
        return None if self.status < 400 else str(self.body.get("message", self.body))


@dataclass(frozen=True)
class Acting:
    """Somebody else as whom an administrator asks.

    https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
    """

    user: str
    groups: Sequence[str] = ()


@dataclass
class Client:
    """Asks one API server. Not for several threads at once."""

    server: str
    identity: Identity
    _connection: http.client.HTTPSConnection | None = field(default=None, repr=False)

    def ask(
        self,
        method: str,
        path: str,
        body: Object | None = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
        acting: Acting | None = None,
    ) -> ApiAnswer:
        """One request, and the answer whatever it is, but for one that says when to ask again.

        An API server says so of kinds whose objects it still reads, which it does when they are first asked for.
        """
        headers = [("Accept", "application/json"), ("Content-Type", content)]
        if acting:
            headers += [("Impersonate-User", acting.user), *(("Impersonate-Group", name) for name in acting.groups)]
        address = f"{path}?{urlencode(query)}" if query else path
        sent = None if body is None else json.dumps(body).encode()
        deadline = time.monotonic() + _SECONDS
        while (answer := self._answered(method, address, headers, sent)).status == _TOO_MANY_REQUESTS:
            if time.monotonic() > deadline:
                break
            time.sleep(_PAUSE_SECONDS)
        return answer

    def _answered(self, method: str, address: str, headers: Sequence[tuple[str, str]], body: bytes | None) -> ApiAnswer:
        for fresh in (False, True):
            try:
                return self._sent(method, address, headers, body, fresh=fresh)
            except (OSError, http.client.HTTPException) as error:
                # A connection that was kept may have been closed since.
                if fresh:
                    raise NoAnswerError(f"{self.server} does not answer: {error}") from error
        raise AssertionError

    def _sent(
        self, method: str, address: str, headers: Sequence[tuple[str, str]], body: bytes | None, *, fresh: bool
    ) -> ApiAnswer:
        if fresh or self._connection is None:
            self.close()
            place = urlsplit(self.server)
            assert place.hostname  # noqa: S101  # an address of ours
            self._connection = http.client.HTTPSConnection(
                place.hostname, place.port, timeout=_SECONDS, context=self._context
            )
        connection = self._connection
        connection.putrequest(method, address)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body or b"")))
        connection.endheaders(body)
        answer = connection.getresponse()
        text = answer.read().decode(errors="replace")
        try:
            read = json.loads(text)
        except ValueError:
            read = {"message": text}
        return ApiAnswer(answer.status, read, tuple(answer.headers.get_all("Warning") or ()))

    def close(self) -> None:
        """Ends the connection; another request makes another."""
        if self._connection:
            self._connection.close()
            self._connection = None

    @cached_property
    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.identity.authority))
        context.load_cert_chain(self.identity.certificate, self.identity.key)
        return context
