"""Deploys a cluster to an AWS emulator on this machine, which is started unless it runs.

The real CDK CLI talks to a real process on loopback; AWS is never reached. docs/local.md says what this shows and
what it cannot.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from tools.local.commands import carry_out, deploy
from tools.local.process import FOLDER
from tools.options import add_json


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("cluster", metavar="CLUSTER", help="name of a cluster")
    parser.add_argument("--port", type=int, help="port of a new emulator on loopback; a free one by default")
    # The emulator renders what a cluster installs while it is deployed, and asks no repository for it.
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="charts to render: <chart>-<version>.tgz")
    add_json(parser, "what exists then")


def run(options: Namespace) -> int:
    """Deploys, and prints what exists."""
    return carry_out(
        lambda: deploy(FOLDER, options.cluster, port=options.port, charts=options.charts, as_json=options.json)
    )
