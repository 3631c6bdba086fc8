"""Watches clusters for as long as their wave says, and ends with 1 as soon as one of its alarms rings, or is not there.

Both stand in clusters/fleet.py: soak_minutes and alarms. It uses the credentials that boto3 finds, of the account that
the clusters are in, and only reads.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from app import CLUSTERS
from blueprint.errors import BlueprintError, Problem
from blueprint.inventory import planned_fleet
from tools.options import add_clusters, add_json
from tools.status import Status


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    add_json(parser, "of each cluster, the alarms that ring and those that are not there")


def run(options: Namespace) -> int:
    """Waits, and says what it saw."""
    fleet = planned_fleet(CLUSTERS)
    waves = {plan.facts.name: (wave.promotion, plan) for wave in fleet.waves for plan in wave.clusters}
    if unknown := [name for name in options.clusters if name not in waves]:
        fix = f"write one of {', '.join(waves)}"
        raise BlueprintError(Problem(("CLUSTER",), name, "unknown cluster", fix) for name in unknown)
    from tools.fleet.alarms import watched

    found = watched([waves[name] for name in options.clusters or waves])
    if options.json:
        print(json.dumps({name: {"ringing": seen.ringing, "missing": seen.missing} for name, seen in found.items()}))
    wrong = False
    for name, seen in found.items():
        for state, alarms in (("rings", seen.ringing), ("is not there", seen.missing)):
            for alarm in alarms:
                wrong = True
                print(f"{name}: the alarm {alarm} {state}", file=sys.stderr)
    return Status.REFUSED if wrong else Status.DONE
