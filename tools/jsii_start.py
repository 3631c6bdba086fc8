"""A quick start and a quick end for commands that synthesize; what they write is the same without.

Each lever is one that Node.js or jsii offers, and what it keeps is derived from installed files and checked against them.
It stands in the virtual environment, so that a new installation begins anew; where it cannot be written, nothing is kept.
"""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

CACHE = Path(sys.prefix) / "cache"


def run(main: Callable[[Sequence[str]], int]) -> NoReturn:
    """Runs a command with the arguments of this process, and ends the process with its status."""
    # A run of a second or two needs no garbage collector, and at its end no orderly goodbye to the jsii kernel, which
    # ends by itself when its input does: together 18 percent of a run with one cluster.
    gc.disable()
    prepare(CACHE)
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def prepare(cache: Path) -> None:
    """Makes the jsii kernel of this process start from `cache`; call it before aws_cdk is imported."""
    # Node.js keeps compiled code here, by the content of each file. https://nodejs.org/api/module.html#module-compile-cache
    os.environ.setdefault("NODE_COMPILE_CACHE", str(cache / "node"))

    # jsii copies its runtime to a new folder in every run, where Node.js cannot know it again, even if JSII_RUNTIME names one.
