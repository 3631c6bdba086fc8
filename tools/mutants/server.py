"""Runs pytest again and again in the folder it was started in, without loading it and its plugins each time.

Each line of standard input is a list of words as JSON: a module to import, and options of pytest. A process of its own
does it. Then a line of standard output has its exit status: pytest's, or BROKEN if the module cannot be imported. What
it printed is in the file that the first argument names. https://docs.python.org/3/library/os.html#os.fork
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import sys

BROKEN = 100
# Nothing of the project itself, which differs each time, nor the CDK, which talks to a process of its own.
PRELOADED = ("pytest", "hypothesis.strategies", "hypothesis.extra", "syrupy", "xdist.plugin", "yaml", "cattrs", "boto3")


def main() -> None:
    """Until there is no line left."""
    for name in PRELOADED:
        importlib.import_module(name)
    gc.freeze()  # https://docs.python.org/3/library/gc.html#gc.freeze
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_run(*json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


def _run(module: str, *options: str) -> int:
    printed = os.open(sys.argv[1], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(printed, 1)
    os.dup2(printed, 2)
    sys.path.insert(0, "")
    try:
        if module:
            importlib.import_module(module)
    except Exception:  # noqa: BLE001  # whatever a mistake may lead to
        return BROKEN
    status = int(sys.modules["pytest"].main(list(options)))
    sys.stdout.flush()
    return status


if __name__ == "__main__":
    main()
