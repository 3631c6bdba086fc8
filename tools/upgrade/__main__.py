"""`make plan-upgrade`: the pull requests that take a cluster to a newer Kubernetes version, as Markdown for the first.

    python -m tools.upgrade CLUSTER --to VERSION [--json]

From the plan alone: no account, no cluster. Charts come from their repositories, or from CHARTS, a folder or a mirror;
what cannot be had is said.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
from collections.abc import Sequence

from app import CLUSTERS
from blueprint.blueprint import Blueprint
from blueprint.contribution import Release
from blueprint.errors import BlueprintError, Problem, Quoted
from blueprint.inventory import blueprints
from blueprint.planning.planner import plans
from tools.charts.render import render_all
from tools.charts.results import Outcome
from tools.upgrade.render import as_json, as_markdown
from tools.upgrade.upgrade import upgrade


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make plan-upgrade", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="name of the cluster")
    parser.add_argument("--to", default="", metavar="VERSION", help="the Kubernetes version to go to, for example 1.36")
    parser.add_argument("--json", action="store_true", help="for a program")
    options = parser.parse_args(arguments)
    try:
        made = upgrade(_blueprint(options.clusters), options.to, _render, blueprints(CLUSTERS)[0].values())
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    print(json.dumps(as_json(made), indent=2) if options.json else as_markdown(made), end="\n" if options.json else "")
    return 0


def _blueprint(names: Sequence[str]) -> Blueprint:
    if len(names) != 1:
        rule, fix = "an upgrade is of one cluster", "write for example make plan-upgrade CLUSTER=prod TO=1.36"
        raise BlueprintError([Problem(("CLUSTER",), Quoted(", ".join(names) or "<none>"), rule, fix)])
    fleet, problems = blueprints(CLUSTERS, names)
    plans(fleet, problems)  # with the places of the file in the report
    return next(iter(fleet.values()))


def _render(releases: Sequence[Release], version: str) -> Sequence[Outcome]:
    print(f"Rendering {len(releases)} charts on Kubernetes {version}", file=sys.stderr, flush=True)
    return render_all(releases, version, os.environ.get("CHARTS") or None)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make plan-upgrade | head`
    sys.exit(main(sys.argv[1:]))
