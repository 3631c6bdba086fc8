"""The process that stays: it has loaded what is not the project's, and forks a child for each save.

    python -P tools/live/warm.py FOLDER [CLUSTER …]

Nothing of the project is imported here, so that nothing is ever out of date: a child imports it from the files, plans,
synthesizes by the kernel of the CDK that it inherits, tells what differs from the last good turn, and ends.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import runpy
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

POLL_SECONDS = 0.1
TURNS = 200
"""Then it starts anew: the kernel keeps what each child made."""
GOOD, BAD = 0, 1
"""What a child ends with: what it wrote is what the next one compares with, or not."""


def main(root: Path, clusters: Sequence[str], turns: int = TURNS) -> None:
    """Runs until somebody ends it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # which a shell in the background has turned off
    os.environ["CDK_VALIDATION"] = "false"
    runpy.run_path(str(root / "tools" / "jsii_start.py"))["quicken"]()
    _hear()
    files = runpy.run_path(str(root / "tools" / "unchanged.py"))["files"]
    with tempfile.TemporaryDirectory(prefix="eks-blueprints-") as temporary:
        folder, good, seen = Path(temporary), "", dict[str, object]()
        for number in range(turns):
            now = files(root)
            forget(name for name in now if now[name] != seen.get(name))
            seen = dict(now)
            status = _forked(root, folder, str(number), good, clusters)
            if status == GOOD:
                if good:
                    shutil.rmtree(folder / good)
                good = str(number)
            elif status != BAD:
                print(f"It ended with {status}, and begins anew when a file changes.", file=sys.stderr, flush=True)
            _preload(folder / "modules")
            while files(root) == seen:
                time.sleep(POLL_SECONDS)
            if status not in (GOOD, BAD):
                break  # it ended amid a word to the kernel, perhaps, which nobody else could go on with
    again = [sys.executable, "-P", __file__, str(root), *clusters]
    os.execv(sys.executable, again)  # noqa: S606  # itself


def _forked(root: Path, folder: Path, number: str, good: str, clusters: Sequence[str]) -> int:
    """Exit status of a child; negative for a signal."""
    child = os.fork()
    if child:
        try:
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        except KeyboardInterrupt:  # the child still writes into the folder that goes now
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            raise
    status = BAD
    try:
        sys.path.insert(0, str(root))
        from tools.live.turn import turn

        status = turn(folder, number, good, clusters)
    except KeyboardInterrupt:
        pass
    except BaseException:  # noqa: BLE001  # of whatever a file raises that was just saved, somebody is told
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def _hear() -> object:
    """Waits for all that the kernel has to say, which a child would read, and another one would wait for."""
    return importlib.import_module("constructs").Node.PATH_SEP


def _preload(names: Path) -> None:
    """What the last child loaded that is not the project's, so that the next one has it."""
    for name in names.read_text(encoding="utf-8").split() if names.exists() else ():
        if name not in sys.modules:
            importlib.import_module(name)
    _hear()


def forget(names: Iterable[str]) -> None:
    """Removes what Python compiled of files: it compares whole seconds, and a file may be saved twice in one."""
    for name in names:
        if name.endswith(".py"):
            Path(importlib.util.cache_from_source(name)).unlink(missing_ok=True)


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), sys.argv[2:])
    except KeyboardInterrupt:
        sys.exit(130)
