"""`make plan`: what each cluster consists of, as one JSON document a cluster, without the CDK.

    python -m tools.plan [CLUSTER …] [--output FOLDER]

`make synth` writes the same documents beside the templates. Documents of clusters that are gone are removed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from app import CLUSTERS
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from blueprint.planning.file import SUFFIX, write

OUT = Path("plans")


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make plan", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="names of clusters; all when none is given")
    parser.add_argument("--output", type=Path, default=OUT, metavar="FOLDER", help=f"instead of {OUT}")
    options = parser.parse_args(arguments)
    try:
        plans = planned(CLUSTERS, options.clusters)
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    out: Path = options.output
    out.mkdir(parents=True, exist_ok=True)
    written = [write(plan, out) for plan in plans]
    if not options.clusters:
        for stale in {*out.glob(f"*{SUFFIX}")} - {*written}:
            stale.unlink()
    print(*written, sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
