"""The emulator, as a process on loopback: `python -m tools.local.emulator PORT FOLDER`, started by tools/local only.

It ends when its standard input does, so that it never outlives what started it, unless a line `stay` came before. At
its end it removes the folder, which holds all that the run wrote.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

_SETTLE_SECONDS = 2
KUBERNETES = "LOCAL_KUBERNETES"
"""Variable that asks for a real control plane for each cluster."""


def main(port: int, folder: Path) -> None:
    """Serves until SIGTERM, or the end of standard input."""
    threading.Thread(target=_leash, args=(folder,), daemon=True).start()
    os.environ |= {"GATEWAY_PORT": str(port), "MINISTACK_HOST": "localhost", "BIND_HOST": "127.0.0.1"}
    # Listeners that nobody asked for.
    os.environ |= {"IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "LOG_LEVEL": "WARNING"}

    from hypercorn.asyncio import serve
    from hypercorn.config import Config
    from ministack import app as ministack

    from tools.local.emulator import control_planes, extension

    extension.install()
    if os.environ.get(KUBERNETES):
        control_planes.settings.folder = folder
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.keep_alive_timeout = 75
    config.loglevel = "WARNING"

    async def run() -> None:
        stop = asyncio.Event()
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
        await serve(_with_own_paths(ministack.app), config, shutdown_trigger=stop.wait)

    try:
        asyncio.run(run())
    finally:
        control_planes.stop_all()


def _leash(folder: Path) -> None:
    for line in sys.stdin:
        if line.strip() == "stay":
            return
    from tools.local.emulator import control_planes

    control_planes.stop_all()
    # What the run started is being killed at the same time and may still write.
    for _ in range(50):
        shutil.rmtree(folder, ignore_errors=True)
        time.sleep(0.1)
        if not folder.exists():
            break
    os._exit(0)


def _with_own_paths(app: Any) -> Any:
    """The emulator's app, and paths that AWS does not have: what is in a cluster, failures and orders on demand."""

    async def extended(scope: Any, receive: Any, send: Any) -> None:
        answer = _answer(scope) if scope["type"] == "http" else None
        if answer is None:
            await app(scope, receive, _when_settled(send) if _is_cloudformation(scope) else send)
            return
        status, body = answer
        headers = [(b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(body).encode()})

    return extended


def _is_cloudformation(scope: Any) -> bool:
    return any(b"/cloudformation/" in value for name, value in scope.get("headers", ()) if name == b"authorization")


def _when_settled(send: Any) -> Any:
    """The CLI looks every five seconds, and a stack here takes a tenth of one: so answers wait until it is done."""

    async def settled(message: Any) -> None:
        from ministack.services.cloudformation import _stacks

        deadline = time.monotonic() + _SETTLE_SECONDS
        while time.monotonic() < deadline and any(map(_in_progress, list(_stacks._data.values()))):
            await asyncio.sleep(0.01)
        await send(message)

    return settled


def _in_progress(stack: Any) -> bool:
    status: str = stack["StackStatus"]
    return status.endswith("IN_PROGRESS") and status != "REVIEW_IN_PROGRESS"


def _answer(scope: Any) -> tuple[int, object] | None:
    from tools.local.emulator import control_planes, failures, kubectl, order

    query = dict(parse_qsl(scope["query_string"].decode()))
    if scope["path"] == "/_local/contents":
        held = kubectl.held(query["account"], query["region"], query["cluster"])
        releases = [
            {**vars(release), "rendered": None if release.rendered is None else len(release.rendered)}
            for release in held.releases.values()
        ]
        lost = ["/".join(key) for key in sorted(held.lost)]
        running = control_planes.at(query["account"], query["region"], query["cluster"])
        webhooks = control_planes.unasked(running) if running else []
        return 200, {
            "objects": list(held.objects.values()),
            "releases": releases,
            "lost": lost,
            "webhooks": webhooks,
        }
    if scope["path"] == "/_local/stick":
        failures.stick(query["account"], query["release"], query["version"], stuck=query["stuck"] == "True")
        return 200, {}
    if scope["path"] == "/_local/order":
        order.turn(query["account"], backwards=query["backwards"] == "True")
        return 200, {}
    if scope["path"] == "/_local/fail-next":
        try:
            failures.fail_next(query["account"], query["type"], query["operation"], late=query.get("late") == "True")
        except ValueError as error:
            return 400, {"message": str(error)}
        return 200, {}
    return None


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
