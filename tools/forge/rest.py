"""A forge's REST interface: pages, time-outs, rate limits, and errors that say what to do. The token stays in here."""

from __future__ import annotations

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from email.message import Message
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit

_TIMEOUT = 20.0
_ATTEMPTS = 4
_LONGEST_WAIT = 60
_MOST_PAGES = 100
_MOST_BYTES = 20_000_000


class ForgeError(Exception):
    """GitHub or GitLab refused, failed or did not answer; the text is for the user and holds no token."""

    def __init__(self, text: str, status: int = 0) -> None:
        self.status = status
        super().__init__(text)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to wherever it points."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Rest:
    """One interface, with a token.

    What is safe to ask twice is asked up to four times when the forge fails or does not answer. A POST is repeated only
    when it was refused because of a rate limit: otherwise there could be two comments.
    """

    def __init__(self, root: str, token: Mapping[str, str], sleep: Callable[[float], None] = time.sleep) -> None:
        local = urlsplit(root).hostname in ("127.0.0.1", "localhost")
        if urlsplit(root).scheme != "https" and not local:
            raise ForgeError(f"{root} is not https, so the token would be sent in the clear")
        self._root = root.rstrip("/")
        self._token = dict(token)
        self._sleep = sleep
        self._opener = urllib.request.build_opener(_NoRedirect)
        self.now = datetime.now(UTC)
        """The forge's own clock, as of its last answer."""

    def get(self, path: str) -> Any:
        """What stands at a path."""
        return self._asked("GET", self._root + path)[0]

    def pages(self, path: str) -> Iterator[Any]:
        """The items of a list, page after page, of at most 10,000."""
        url: str | None = f"{self._root}{path}{'&' if '?' in path else '?'}per_page=100"
        for _ in range(_MOST_PAGES):
            items, headers = self._asked("GET", str(url))
            if not isinstance(items, list):
                raise ForgeError(f"{path} is no list")
            yield from items
            url = _next(headers.get("Link", ""))
            if not url:
                return
            if not url.startswith(f"{self._root}/"):
                raise ForgeError(f"{path}: the next page is said to be elsewhere")
        raise ForgeError(f"{path} has more than {_MOST_PAGES} pages")

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """The answer to POST, PATCH or PUT."""
        return self._asked(method, self._root + path, json.dumps(body).encode())[0]

    def _asked(self, method: str, url: str, body: bytes | None = None) -> tuple[Any, Message]:
        place = f"{method} {urlsplit(url).path}"
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._once(method, url, body)
            except urllib.error.HTTPError as error:
                wait = _wait(error, attempt, repeatable=method != "POST")
                problem = ForgeError(f"{place}: {error.code} {_said(error)}{_advice(error)}", error.code)
            except (OSError, HTTPException) as error:
                wait = 2 ** (attempt - 1) if method != "POST" else None
                reason = getattr(error, "reason", error)
                problem = ForgeError(f"{place}: no answer: {_line(str(reason) or type(error).__name__)}")
            if wait is None or attempt == _ATTEMPTS:
                raise problem from None
            print(f"{problem}; once more in {wait} s", file=sys.stderr, flush=True)
            self._sleep(wait)
        raise AssertionError

    def _once(self, method: str, url: str, body: bytes | None) -> tuple[Any, Message]:
        request = urllib.request.Request(url, body, method=method)  # noqa: S310  # its scheme was checked
        request.add_header("User-Agent", "eks-blueprints")
        if body is not None:
            request.add_header("Content-Type", "application/json")
        for name, value in self._token.items():
            request.add_header(name, value)
        with self._opener.open(request, timeout=_TIMEOUT) as answer:
            content = answer.read(_MOST_BYTES + 1)
            headers: Message = answer.headers
        if len(content) > _MOST_BYTES:
            raise ForgeError(f"{method} {urlsplit(url).path}: the answer has more than {_MOST_BYTES:,} bytes")
        if date := headers.get("Date"):
            self.now = parsedate_to_datetime(date).astimezone(UTC)
        try:
            return json.loads(content), headers
        except ValueError:
            raise ForgeError(f"{method} {urlsplit(url).path}: the answer is not JSON") from None


def _next(link: str) -> str | None:
    """https://docs.github.com/en/rest/using-the-rest-api/using-pagination-in-the-rest-api"""
    for part in link.split(","):
        url, _, relation = part.partition(";")
        if 'rel="next"' in relation:
            return url.strip().strip("<>")
    return None


def _limited(error: urllib.error.HTTPError) -> bool:
    """https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api"""
    headers = error.headers
    return error.code == 429 or (
        error.code == 403 and (headers.get("x-ratelimit-remaining") == "0" or "Retry-After" in headers)
    )


def _wait(error: urllib.error.HTTPError, attempt: int, *, repeatable: bool) -> int | None:
    """Seconds until asking again makes sense; None if it does not."""
    if _limited(error):
        wait = _limit_ends(error)
        return wait if wait <= _LONGEST_WAIT else None
    return 2 ** (attempt - 1) if error.code >= 500 and repeatable else None


def _limit_ends(error: urllib.error.HTTPError) -> int:
    headers = error.headers
    retry, reset = headers.get("Retry-After", ""), headers.get("x-ratelimit-reset", "")
    if retry.isdigit():
        return int(retry)
    return max(1, int(reset) - int(time.time()) + 1) if reset.isdigit() else _LONGEST_WAIT


def _said(error: urllib.error.HTTPError) -> str:
    try:
        message = json.loads(error.read(100_000)).get("message", "")
    except (ValueError, AttributeError, OSError, HTTPException):
        message = ""
    return _line(str(message or error.reason))


def _line(text: str) -> str:
    return "".join(character for character in text[:300] if character.isprintable())


def _advice(error: urllib.error.HTTPError) -> str:
    if _limited(error):
        return f" (the rate limit ends in {_limit_ends(error)} s; run the job again then)"
    if 300 <= error.code < 400:
        return " (a redirect is not followed: was the repository renamed?)"
    return {
        401: " (the token is not valid, or has expired)",
        403: " (the token may not do this: see the job's permissions)",
        404: " (there is no such thing, or the token may not see it)",
    }.get(error.code, "")
