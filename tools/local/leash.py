"""Runs a command that ends when its standard input does: `python -m tools.local.leash COMMAND …`.

Whoever starts it holds the other end of a pipe. When that process dies, in whatever way, the pipe closes and the
command goes with all it started.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def main(command: list[str]) -> int:
    """The command's exit status."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def end() -> None:
        sys.stdin.buffer.read()
        os.killpg(process.pid, signal.SIGKILL)

    threading.Thread(target=end, daemon=True).start()
    return process.wait()


if __name__ == "__main__":
    status = main(sys.argv[1:])
    # The thread still reads, which an ordinary end of the interpreter would wait for.
    sys.stdout.flush()
    os._exit(status if status >= 0 else 128 - status)
