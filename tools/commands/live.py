"""Shows what each saved file changes, as soon as it is saved: mistakes, or what differs in templates and objects.

Of all clusters, or of those that are named. It looks at every file of the project, those of its own code too, and goes
on until Ctrl-C ends it.
"""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import NoReturn

from app import ROOT
from tools.options import add_clusters
from tools.status import CannotError

WARM = Path(__file__).parents[1] / "live" / "warm.py"


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)


def run(options: Namespace) -> NoReturn:
    """Becomes a process that has loaded nothing of the project."""
    if not hasattr(os, "fork"):
        raise CannotError("this system forks no processes, which live needs: run make synth after each change")
    print("Ctrl-C ends it.", file=sys.stderr, flush=True)
    command = [sys.executable, "-P", str(WARM), str(ROOT), *options.clusters]
    os.execv(sys.executable, command)  # noqa: S606  # no shell is needed
