"""Who may do what where, in Kubernetes and in AWS, from the plan alone: no CDK, no account, no network.

The table shortens long lists, Markdown and JSON do not. A test compares it with the objects in the templates. Charts
and EKS add-ons bring Kubernetes roles of their own, for their pods; no plan shows those.
"""

from __future__ import annotations

import json
import textwrap
from argparse import ArgumentParser, Namespace

from app import CLUSTERS
from blueprint.inventory import planned
from tools.access.matrix import matrix
from tools.access.render import as_json, as_markdown, as_text
from tools.options import add_clusters
from tools.status import Status
from tools.tables import WIDTH

LEGEND = (
    "read is get, list and watch; write is create, update, patch and delete. Pods act as any service account of their "
    "namespace, so whoever may create pods there, or Deployments and Jobs, has its AWS permissions. ARNs stand without "
    "arn:<partition>:, and without region and account where these are the cluster's or none. Charts and EKS add-ons "
    "bring Kubernetes roles of their own, which no plan shows."
)


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for a pull request")
    form.add_argument("--json", action="store_true", help="for a program: a list with one object for each cluster")


def run(options: Namespace) -> int:
    """Prints the matrices."""
    matrices = [matrix(plan) for plan in planned(CLUSTERS, options.clusters)]
    if options.json:
        print(json.dumps([as_json(found) for found in matrices], indent=2))
    elif options.markdown:
        print("\n\n".join([*map(as_markdown, matrices), LEGEND.replace("<", "&lt;").replace(">", "&gt;")]))
    else:
        print("\n\n".join([*map(as_text, matrices), "\n".join(textwrap.wrap(LEGEND, WIDTH))]))
    return Status.DONE
