"""The pull requests that take a cluster to a newer Kubernetes version, as Markdown for the first.

From the plan alone: no account, no cluster. Charts come from their repositories, or from the folder or mirror that
--charts names; what cannot be had is said.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from functools import partial

from app import CLUSTERS
from blueprint.blueprint import Blueprint
from blueprint.contribution import Release
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.inventory import blueprints
from blueprint.planning.planner import plans
from tools.charts.render import render_all
from tools.charts.results import Outcome
from tools.options import add_charts, add_json
from tools.status import Status
from tools.upgrade.render import as_json, as_markdown
from tools.upgrade.upgrade import upgrade


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="name of the cluster")
    parser.add_argument("--to", default="", metavar="VERSION", help="the Kubernetes version to go to, for example 1.36")
    add_charts(parser)
    add_json(parser, "one object with all steps")


def run(options: Namespace) -> int:
    """Prints the way."""
    render = partial(_render, source=options.charts)
    made = upgrade(_blueprint(options.clusters), options.to, render, blueprints(CLUSTERS)[0].values())
    print(json.dumps(as_json(made), indent=2) if options.json else as_markdown(made), end="\n" if options.json else "")
    return Status.DONE


def _blueprint(names: Sequence[str]) -> Blueprint:
    if len(names) != 1:
        rule, fix = "an upgrade is of one cluster", "write for example make plan-upgrade CLUSTER=prod TO=1.36"
        raise BlueprintError([Problem(("CLUSTER",), Quoted(", ".join(names) or "<none>"), rule, fix)])
    fleet, problems = blueprints(CLUSTERS, names)
    plans(fleet, problems)  # with the places of the file in the report
    return next(iter(fleet.values()))


def _render(releases: Sequence[Release], version: str, source: str | None) -> Sequence[Outcome]:
    print(f"Rendering {len(releases)} charts on Kubernetes {version}", file=sys.stderr, flush=True)
    return render_all(releases, version, source)
