"""What each cluster consists of, as one JSON document a cluster, without the CDK.

`make synth` writes the same documents beside the templates. Documents of clusters that are gone are removed.
"""

from __future__ import annotations

import json
import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.file import SUFFIX, write
from tools.options import add_clusters, add_json
from tools.outputs import OutputFolder
from tools.status import Status

OUT = Path("plans")


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    add_json(parser, "the file of each cluster, by its name")


def run(options: Namespace) -> int:
    """Writes the documents, and prints their names."""
    out: Path = options.output
    folder = OutputFolder(out, "plan", "--output", re.compile(rf".*{re.escape(SUFFIX)}"))
    folder.check()
    plans = planned(CLUSTERS, options.clusters)
    folder.begin()
    written = {plan.facts.name: write(plan, out) for plan in plans}
    if not options.clusters:
        for stale in {*out.glob(f"*{SUFFIX}")} - {*written.values()}:
            stale.unlink()
    if options.json:
        print(json.dumps({name: str(path) for name, path in written.items()}, indent=2))
    else:
        print(*written.values(), sep="\n")
    return Status.DONE
