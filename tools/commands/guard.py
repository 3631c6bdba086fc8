"""Refuses a change that loses state, or that EKS refuses, before it is merged.

Compares the folder, uncommitted changes included, with the commit where it left BASE: origin/main if there is one, else
main. ALLOW accepts dangers by the logical ids in the table, separated by spaces or commas; `dev/Cluster` accepts it of
one cluster only. What opens or widens something is told, not refused. No account, no credentials: what differs in the
account itself it cannot see.
Ends with 1 if a danger is refused, with 2 if it cannot compare or an ALLOW accepts nothing.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from tools.options import add_base, add_json
from tools.review.dangers import dangers
from tools.review.fleet import fleet
from tools.review.guard.render import as_json, as_text
from tools.review.guard.verdict import verdict
from tools.revision.revisions import ROOT, compared, default_base


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_base(parser)
    parser.add_argument("--allow", default="", metavar="IDS", help="logical ids of what is accepted")
    add_json(parser, "one object with all dangers, by what becomes of them")


def run(options: Namespace) -> int:
    """Prints the verdict."""
    base = default_base(ROOT) if options.base is None else options.base
    comparison = compared(base, ROOT)
    touched = fleet(comparison).touched
    found = verdict([each for one in touched for each in dangers(one.difference, one.plans)], options.allow)
    print(json.dumps(as_json(comparison, found), indent=2) if options.json else as_text(comparison, found))
    for words in found.mistakes:
        print(words, file=sys.stderr)
    return found.status
