"""Writes the CloudFormation of the names that two clusters share, blue and green, a stack for each pair.

`cdk deploy --app traffic 'traffic/prod-eu'` moves the traffic, by somebody who may: no stack of a cluster has these
records, so that no deploy of a cluster moves traffic. Which names, and how much each cluster gets, clusters/fleet.py
says: pairs=(BlueGreen(…, traffic=Traffic(…)),).
"""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.inventory import planned_fleet
from blueprint.planning.traffic import pair_traffic
from tools.options import add_json
from tools.outputs import ASSEMBLY, OutputFolder
from tools.status import Status
from tools.synthesis import synthesize_traffic

OUT = Path("traffic")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "the percent of each cluster, by pair")


def run(options: Namespace) -> int:
    """Writes the assembly, and prints who gets how much."""
    folder = OutputFolder(options.output, "traffic", "--output", ASSEMBLY)
    folder.check()
    pairs = pair_traffic(planned_fleet(CLUSTERS))
    if not pairs:
        rule, fix = "no two clusters share a name", "write pairs=(BlueGreen(…, traffic=Traffic(…)),)"
        raise BlueprintError([Problem(("clusters/fleet.py: FLEET", "pairs"), Quoted("()"), rule, fix)])
    with folder.anew():
        synthesize_traffic(pairs, options.output)
    if options.json:
        print(json.dumps({pair.name: pair.shares for pair in pairs}, indent=2))
    else:
        for pair in pairs:
            names = ", ".join(dict.fromkeys(record.name for record in pair.records))
            print(f"{names}  {', '.join(f'{cluster} {share} %' for cluster, share in pair.shares.items())}")
        print(f"\ncdk deploy --app {options.output} 'traffic/{pairs[0].name}'")
    return Status.DONE
