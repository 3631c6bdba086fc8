"""A quick start and a quick end for commands that synthesize. What they write is the same without; a test compares.

jsii has no settings for this, so some functions of the pinned version are replaced (jsii/_kernel/providers/process.py,
jsii/_type_checking.py). Where that cannot be, jsii starts as it always does.
"""

from __future__ import annotations

import atexit
import gc
import hashlib
import json
import os
import platform
import socket
import subprocess
import sys
import sysconfig
import tempfile
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any, NoReturn

TESTED = "1.142.0"
"""The jsii of requirements.txt. With another, synthesis takes half as long again until somebody has looked at it."""


class _Kernel(subprocess.Popen[bytes]):
    """A process of jsii."""

    unread = 1
    """Answers that nobody has read yet; its greeting is the first one."""


_started: list[_Kernel] = []
"""The one that jsii is going to get."""


def ahead(cache: Path = Path(sys.prefix) / "cache" / "jsii", *, judging: bool = False) -> bool:
    """Starts a kernel that loads what it is going to need while Python does something else, if that can be.

    It has this environment, where `judging` says whether rules run. Without them it needs less.
    """
    os.environ["CDK_VALIDATION"] = "true" if judging else "false"
    packages = sorted(path.name for path in Path(sysconfig.get_path("purelib")).glob("*.dist-info"))
    found = find_spec("jsii")
    if "JSII_RUNTIME" in os.environ or f"jsii-{TESTED}.dist-info" not in packages or not found or not found.origin:
        return False  # somebody's own, or one whose insides may differ
    embedded = Path(found.origin).parent / "_embedded" / "jsii"
    loaded = cache / hashlib.sha256("\n".join(packages).encode()).hexdigest()[:16]
    try:
        loaded.mkdir(parents=True, exist_ok=True)
        for name in ("runtime-index-worker.js", "program.js"):
            content, target = (embedded / f"lib__{name}").read_bytes(), cache / name
            if not target.exists() or target.read_bytes() != content:
                with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
                    file.write(content)
                Path(file.name).replace(target)  # as a whole: other runs may start meanwhile
    except OSError:
        return False
    if not _started:
        _started.append(_kernel(cache / "program.js", loaded / ("judging" if judging else "synthesis")))
    return True


def _kernel(program: Path, loaded: Path) -> _Kernel:
    """As jsii's launcher starts it, but without that copying every message. It speaks on descriptor 3."""
    ours, theirs = socket.socketpair()
    options = ("--max-old-space-size=4069", "--preserve-symlinks", "--require", Path(__file__).with_suffix(".cjs"))
    kernel = (os.environ.get("JSII_NODE", "node"), *map(str, options), str(program))
    with ours, theirs:
        process = _Kernel(
            ["/bin/sh", "-c", 'exec "$@" 3<&0 0</dev/null', "sh", *kernel],
            stdin=theirs.fileno(),
            env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}", "BLUEPRINTS_LOADED": str(loaded)},
        )
        process.stdin, process.stdout = ours.makefile("wb"), ours.makefile("rb")
    atexit.register(_end, process)
    return process


def _end(kernel: _Kernel) -> None:
    """It would complain that nobody reads what it says; else it ends when its input does."""
    if kernel.unread:
        kernel.kill()


def quicken(cache: Path = Path(sys.prefix) / "cache" / "jsii", *, judging: bool = False) -> None:
    """For a process that synthesizes and ends: call it before aws_cdk is imported."""
    gc.disable()  # a run takes seconds
    if not ahead(cache, judging=judging):
        return
    from jsii import _type_checking
    from jsii._kernel.providers.process import _NodeProcess
    from jsii._kernel.types import LoadRequest, LoadResponse
    from jsii.errors import JSIIError

    send, next_message = _NodeProcess.send, _NodeProcess._next_message  # noqa: SLF001  # for want of a setting

    def start(self: Any) -> None:
        ahead(cache, judging=judging)  # a second one, after the first was stopped
        self._process = _started.pop()
        self._process.stderr, self.sink_thread = self._process.stdout, threading.Thread()  # what jsii's stop() ends

    def sent(self: Any, request: Any, response: Any) -> Any:
        """Asks for packages without waiting for them: Python loads its part of them meanwhile."""
        if not isinstance(request, LoadRequest):
            return send(self, request, response)
        pipe: IO[bytes] = self._process.stdin
        pipe.write(json.dumps(self._serializer.unstructure(request)).encode() + b"\n")
        pipe.flush()
        self._process.unread += 1
        return LoadResponse(request.name, 0)  # nobody asks how many types there are

    def received(self: Any) -> Any:
        """The answer to the last request, behind those that nobody has read yet."""
        while self._process.unread:
            if problem := next_message(self).get("error"):
                raise JSIIError(problem)
            self._process.unread -= 1
        return next_message(self)

    process: Any = _NodeProcess
    process.start, process.send, process._next_message = start, sent, received  # noqa: SLF001  # for want of a setting
    # What `python -O` does, without compiling the CDK a second time. mypy, the tests and `cdk` do check types.
    _type_checking._resolved_check = lambda **_: None  # noqa: SLF001  # for want of a setting


def finish(status: int) -> NoReturn:
    """Ends the process and does not tidy up its memory. The kernel ends because its input does."""
    atexit._run_exitfuncs()  # noqa: SLF001  # the files of a jsii that started by itself
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
