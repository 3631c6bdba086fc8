"""A quick start and a quick end for commands that synthesize. What they write is the same without; a test compares.

jsii has no settings for this, so two functions of the pinned version are replaced (jsii/_kernel/providers/process.py,
jsii/_type_checking.py). Where that cannot be, jsii starts as it always does. NODE_COMPILE_CACHE would not help: jsii
links its packages into a new folder in each run, so that cache would only grow.
"""

from __future__ import annotations

import atexit
import gc
import os
import platform
import socket
import subprocess
import sys
import tempfile
import threading
from importlib import resources
from importlib.metadata import version
from pathlib import Path
from typing import Any, NoReturn

TESTED = "1.142.0"
"""The jsii of requirements.txt. With another, synthesis takes a tenth longer until somebody has looked at it."""


def quicken(cache: Path = Path(sys.prefix) / "cache" / "jsii") -> None:
    """For a process that synthesizes and ends: call it before aws_cdk is imported."""
    gc.disable()  # a run takes seconds
    if "JSII_RUNTIME" in os.environ or version("jsii") != TESTED:
        return  # somebody's own, or one whose insides may differ: it starts as it always does
    try:
        from jsii import _type_checking
        from jsii._kernel.providers.process import _NodeProcess

        for name in ("runtime-index-worker.js", "program.js"):
            content, target = resources.files("jsii._embedded.jsii").joinpath(f"lib__{name}").read_bytes(), cache / name
            if not target.exists() or target.read_bytes() != content:
                cache.mkdir(parents=True, exist_ok=True)
                with tempfile.NamedTemporaryFile(dir=cache, delete=False) as file:
                    file.write(content)
                Path(file.name).replace(target)  # as a whole: other runs may start meanwhile
    except (ImportError, OSError):
        return

    def start(self: Any) -> None:
        """As jsii's launcher does, but without that copying every message. The kernel speaks on descriptor 3."""
        ours, theirs = socket.socketpair()
        node, program = os.environ.get("JSII_NODE", "node"), str(cache / "program.js")
        kernel = [node, "--max-old-space-size=4069", "--preserve-symlinks", program]
        with ours, theirs:
            self._process = subprocess.Popen(
                ["/bin/sh", "-c", 'exec "$@" 3<&0 0</dev/null', "sh", *kernel],
                stdin=theirs.fileno(),
                env={**os.environ, "JSII_AGENT": f"Python/{platform.python_version()}"},
            )
            self._process.stdin, self._process.stdout = ours.makefile("wb"), ours.makefile("rb")
        self._process.stderr, self.sink_thread = self._process.stdout, threading.Thread()  # what jsii's stop() ends
        self.handshake()

    _NodeProcess.start = start  # type: ignore[method-assign]  # for want of a setting
    # What `python -O` does, without compiling the CDK a second time. mypy, the tests and `cdk` do check types.
    _type_checking._resolved_check = lambda **_: None  # noqa: SLF001  # for want of a setting


def finish(status: int) -> NoReturn:
    """Ends the process and does not tidy up its memory. The kernel ends because its input does."""
    atexit._run_exitfuncs()  # noqa: SLF001  # the files of a jsii that started by itself
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
