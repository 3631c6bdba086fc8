"""Asks AWS's price list what nodes, NAT gateways and endpoints of clusters cost, and writes a price table for reviews.

It needs credentials of any account that may call pricing:GetProducts; it changes nothing there. These rows have the day
on which AWS published its list, all others are those of the project. `review --prices FILE` takes the table.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from app import CLUSTERS
from blueprint.inventory import planned
from tools.options import add_clusters, add_json
from tools.outputs import refuse_links
from tools.review.price_list import HEADER, REGION, as_toml, row, wanted
from tools.review.prices import prices
from tools.status import CannotError, Status

OUT = Path("prices.toml")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    parser.add_argument("--out", type=Path, default=OUT, metavar="FILE", help=f"instead of {OUT}")
    add_json(parser, "the rows that AWS told, and what it did not tell")


def run(options: Namespace) -> int:
    """Writes the table, as far as AWS tells. Fails when it did not tell something."""
    out: Path = options.out
    _refuse_foreign(out)
    asked = sorted({*wanted(planned(CLUSTERS, options.clusters))})
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        client = client_of(REGION)
        rows = {of: row(client, *of) for of in asked}
    except (BotoCoreError, ClientError) as error:
        fix = "sign in to any account, with pricing:GetProducts"
        raise CannotError(f"AWS was not asked: {error}\n    fix  {fix}") from error
    told = [price for price in rows.values() if price]
    untold = [f"{what} in {region}" for (what, region), price in rows.items() if price is None]
    out.write_text(as_toml(told, prices()), encoding="utf-8")
    prices(out)
    if options.json:
        shown = [{"what": price.what, "region": price.regions[0], "usd_hour": price.usd_hour} for price in told]
        print(json.dumps({"told": shown, "untold": untold}, indent=2))
    else:
        print(f"{out}: {len(told)} prices from AWS")
    if untold:
        print(f"AWS does not tell in US dollars: {', '.join(untold)}", file=sys.stderr)
    return Status.FAILED if untold else Status.DONE


def _refuse_foreign(out: Path) -> None:
    """Before anything is asked: only a table of an earlier run is overwritten, and nothing through a link."""
    refuse_links(out, out)
    if not out.parent.is_dir():
        raise CannotError(f"--out {out} cannot be written: {out.parent} is no folder.")
    if out.exists() and not (out.is_file() and out.read_text("utf-8", errors="replace").startswith(HEADER)):
        raise CannotError(f"--out {out} is not of make prices, which would overwrite it: name another file.")


def client_of(region: str) -> Any:
    """With the credentials of the environment."""
    import boto3

    return boto3.Session().client("pricing", region_name=region)
