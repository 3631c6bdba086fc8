"""Removes clusters from the emulator that `make local` started; the last one takes the emulator with it."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from tools.local.commands import carry_out, destroy
from tools.local.process import FOLDER
from tools.options import add_clusters


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    parser.add_argument("--keep", action="store_true", help="leave the emulator running with what the stacks retain")
    parser.add_argument("--force", action="store_true", help="end the emulator at once, whatever is in it")


def run(options: Namespace) -> int:
    """Destroys, and prints what is left on purpose."""
    return carry_out(lambda: destroy(FOLDER, options.clusters, keep=options.keep, force=options.force))
