"""Who may do what where: in Kubernetes and in AWS by the plan, through the account by the templates. Offline.

The table shortens long lists, Markdown and JSON do not. A test compares it with the objects in the templates. Charts
and EKS add-ons bring Kubernetes roles of their own, for their pods; no plan shows those.
"""

from __future__ import annotations

import json
import textwrap
from argparse import ArgumentParser, Namespace
from pathlib import Path
from tempfile import TemporaryDirectory

from app import CLUSTERS
from blueprint.inventory import planned
from tools.access.account import account_access
from tools.access.matrix import matrix
from tools.access.render import as_json, as_markdown, as_text
from tools.assembly import read
from tools.options import add_clusters
from tools.status import Status
from tools.synthesis import synthesize
from tools.tables import WIDTH

LEGEND = (
    "read is get, list and watch; write is create, update, patch and delete. Pods act as any service account of their "
    "namespace, so whoever may create pods there, or Deployments and Jobs, has its AWS permissions. ARNs stand without "
    "arn:<partition>:, and without region and account where these are the cluster's or none. Charts and EKS add-ons "
    "bring Kubernetes roles of their own, which no plan shows. Whoever administers IAM in the account may take any of "
    "this."
)


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--markdown", action="store_true", help="for a pull request")
    form.add_argument("--json", action="store_true", help="for a program: a list with one object for each cluster")


def run(options: Namespace) -> int:
    """Prints the matrices."""
    plans = planned(CLUSTERS, options.clusters)
    with TemporaryDirectory() as folder:
        synthesize(plans, Path(folder), validate=False)
        assembly = read(Path(folder))
    found = [(matrix(plan), account_access(assembly[plan.facts.name])) for plan in plans]
    if options.json:
        print(json.dumps([as_json(*each) for each in found], indent=2))
    elif options.markdown:
        legend = LEGEND.replace("<", "&lt;").replace(">", "&gt;")
        print("\n\n".join([*(as_markdown(*each) for each in found), legend]))
    else:
        print("\n\n".join([*(as_text(*each) for each in found), "\n".join(textwrap.wrap(LEGEND, WIDTH))]))
    return Status.DONE
