"""`make access`: who may do what where, in Kubernetes and in AWS, from the plan alone: no CDK, no account, no network.

    python -m tools.access [CLUSTER …] [--markdown | --json]

The table shortens long lists, Markdown and JSON do not. A test compares it with the objects in the templates. Charts
and EKS add-ons bring Kubernetes roles of their own, for their pods; no plan shows those.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import textwrap
from collections.abc import Sequence

from app import CLUSTERS
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from tools.access.matrix import matrix
from tools.access.render import as_json, as_markdown, as_text
from tools.tables import WIDTH

LEGEND = (
    "read is get, list and watch; write is create, update, patch and delete. Pods act as any service account of their "
    "namespace, so whoever may create pods there, or Deployments and Jobs, has its AWS permissions. ARNs stand without "
    "arn:<partition>:, and without region and account where these are the cluster's or none. Charts and EKS add-ons "
    "bring Kubernetes roles of their own, which no plan shows."
)


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, or 1 after a report."""
    parser = argparse.ArgumentParser(
        prog="make access", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("clusters", nargs="*", metavar="CLUSTER", help="names of clusters; all when none is given")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for a pull request")
    form.add_argument("--json", action="store_true", help="for a program: a list with one object for each cluster")
    options = parser.parse_args(arguments)
    try:
        matrices = [matrix(plan) for plan in planned(CLUSTERS, options.clusters)]
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps([as_json(found) for found in matrices], indent=2))
    elif options.markdown:
        print("\n\n".join([*map(as_markdown, matrices), LEGEND.replace("<", "&lt;").replace(">", "&gt;")]))
    else:
        print("\n\n".join([*map(as_text, matrices), "\n".join(textwrap.wrap(LEGEND, WIDTH))]))
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make access | head`
    sys.exit(main(sys.argv[1:]))
