"""Prints what is where: waves, clusters, Kubernetes versions and the end of their support, what lags, what it costs.

All of it follows from this revision of the files, clusters/fleet.py above all; nothing is asked of AWS, and no clock.
Costs are of what is paid by the hour, without traffic, storage and discounts.
"""

from __future__ import annotations

import gc
import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.inventory import planned_fleet
from tools.fleet.state import as_json, tables
from tools.options import add_json
from tools.review.prices import PRICES, prices
from tools.status import Status
from tools.tables import text_table


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--prices", type=Path, default=PRICES, metavar="FILE", help=f"instead of {PRICES.name}")
    add_json(parser, "all of it")


def run(options: Namespace) -> int:
    """Prints the tables."""
    if options.quick:
        gc.disable()  # looking through two hundred plans for garbage takes a third of the time
    table = prices(options.prices)
    document = as_json(planned_fleet(CLUSTERS), table)
    print(json.dumps(document, indent=2) if options.json else "\n\n".join(map(text_table, tables(document))))
    return Status.DONE
