"""The client: pages, failures, limits, and where the token goes."""

from __future__ import annotations

import socket
import threading
import time

import pytest

from tests.tools.forge.forge import TOKEN, Answer, Forge
from tools.forge import rest as module
from tools.forge.rest import ForgeError, Rest


class Clock(list[float]):
    """The waits, none of which is waited for."""


def client(server: Forge) -> tuple[Rest, Clock]:
    waits = Clock()
    return Rest(server.url, {"Authorization": f"Bearer {TOKEN}"}, waits.append), waits


def test_all_pages_are_read(server: Forge) -> None:
    server.routes["GET /list"] = list(range(7))
    rest, _ = client(server)
    assert list(rest.pages("/list?state=open")) == list(range(7))
    assert len(server.asked) == 4
    assert all("state=open" in asked.path and "per_page=100" in asked.path for asked in server.asked)
    assert all(asked.headers["Authorization"] == f"Bearer {TOKEN}" for asked in server.asked)


def test_a_next_page_elsewhere_is_not_asked_for(server: Forge) -> None:
    for url in ("https://example.com/x", f"{server.url}.example.com/x", f"{server.url}x"):
        server.queue["GET /list"] = [Answer([1], headers={"Link": f'<{url}>; rel="next"'})]
        with pytest.raises(ForgeError, match="elsewhere"):
            list(client(server)[0].pages("/list"))


def test_pages_without_end_are_an_error(server: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_PAGES", 3)
    link = {"Link": f'<{server.url}/list>; rel="next"'}
    server.routes["GET /list"] = Answer([1], headers=link)
    with pytest.raises(ForgeError, match="more than 3 pages"):
        list(client(server)[0].pages("/list"))


def test_a_redirect_is_not_followed(server: Forge) -> None:
    server.routes["GET /old"] = Answer(status=301, headers={"Location": f"{server.url}/new"})
    with pytest.raises(ForgeError, match="redirect is not followed"):
        client(server)[0].get("/old")
    assert [asked.path for asked in server.asked] == ["/old"]


def test_a_failure_is_asked_again(server: Forge) -> None:
    server.queue["GET /x"] = [Answer(status=500), Answer(status=502), Answer(status=503)]
    server.routes["GET /x"] = {"ok": True}
    rest, waits = client(server)
    assert rest.get("/x") == {"ok": True}
    assert waits == [1, 2, 4]


def test_a_failure_that_stays_is_an_error(server: Forge, capsys: pytest.CaptureFixture[str]) -> None:
    server.routes["PATCH /x"] = Answer({"message": f"no\x1b[31m {'y' * 500}"}, 500)
    rest, waits = client(server)
    with pytest.raises(ForgeError) as caught:
        rest.send("PATCH", "/x", {})
    assert str(caught.value).startswith("PATCH /x: 500 no[31m yyy")
    assert len(str(caught.value)) < 400
    assert waits == [1, 2, 4]
    assert TOKEN not in str(caught.value) + "".join(capsys.readouterr())


def test_a_comment_is_never_sent_twice(server: Forge) -> None:
    server.routes["POST /x"] = Answer(status=502)
    rest, waits = client(server)
    with pytest.raises(ForgeError, match="502 Bad Gateway"):
        rest.send("POST", "/x", {})
    assert (len(server.asked), waits) == (1, [])


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "limit",
    [
        Answer(status=429, headers={"Retry-After": "7"}),
        Answer(status=403, headers={"Retry-After": "7"}),
        Answer(status=403, headers={"x-ratelimit-remaining": "0", "x-ratelimit-reset": "{soon}"}),
    ],
)
def test_a_short_limit_is_waited_for(server: Forge, method: str, limit: Answer) -> None:
    headers = {name: value.replace("{soon}", str(int(time.time()) + 6)) for name, value in limit.headers.items()}
    server.queue[f"{method} /x"] = [Answer(status=limit.status, headers=headers)]
    server.routes[f"{method} /x"] = {"ok": True}
    rest, waits = client(server)
    answer = rest.get("/x") if method == "GET" else rest.send("POST", "/x", {})
    assert answer == {"ok": True}
    assert len(waits) == 1
    assert 6 <= waits[0] <= 7


def test_a_long_limit_says_when_it_ends(server: Forge) -> None:
    server.routes["GET /x"] = Answer({"message": "rate limit"}, 429, {"Retry-After": "1800"})
    rest, waits = client(server)
    with pytest.raises(ForgeError, match=r"429 rate limit \(the rate limit ends in 1800 s"):
        rest.get("/x")
    assert waits == []


@pytest.mark.parametrize(
    ("status", "advice"), [(401, "has expired"), (403, "the job's permissions"), (404, "may not see it")]
)
def test_a_refusal_says_what_to_do_and_is_final(server: Forge, status: int, advice: str) -> None:
    server.routes["GET /x"] = Answer({"message": "Resource not accessible by integration"}, status)
    with pytest.raises(ForgeError, match=advice) as caught:
        client(server)[0].get("/x")
    assert caught.value.status == status
    assert len(server.asked) == 1


def test_no_answer_is_an_error(server: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_TIMEOUT", 0.05)
    done = threading.Event()
    server.routes["GET /x"] = Answer({}, hang=done)
    rest, waits = client(server)
    try:
        with pytest.raises(ForgeError, match="GET /x: no answer: timed out"):
            rest.get("/x")
        assert waits == [1, 2, 4]
        server.asked.clear()
        server.routes["POST /x"] = Answer({}, hang=done)
        with pytest.raises(ForgeError, match="POST /x: no answer"):
            rest.send("POST", "/x", {})
        assert len(server.asked) == 1, "it may have arrived"
    finally:
        done.set()


def test_nobody_at_home_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        rest = Rest(f"http://127.0.0.1:{taken.getsockname()[1]}", {}, lambda _: None)
        with pytest.raises(ForgeError, match=r"no answer: .*refused"):
            rest.send("POST", "/x", {})


@pytest.mark.parametrize("raw", [b"<html>", b"\xff", b""])
def test_what_is_no_json_is_an_error(server: Forge, raw: bytes) -> None:
    server.routes["GET /x"] = Answer(raw=raw)
    with pytest.raises(ForgeError, match="not JSON"):
        client(server)[0].get("/x")


def test_an_endless_answer_is_an_error(server: Forge, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_BYTES", 10)
    server.routes["GET /x"] = {"long": "enough"}
    with pytest.raises(ForgeError, match="more than 10 bytes"):
        client(server)[0].get("/x")


def test_the_token_is_not_sent_in_the_clear() -> None:
    with pytest.raises(ForgeError, match="not https"):
        Rest("http://api.github.com", {})
