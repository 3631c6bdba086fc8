"""`make guard`: refuses a change that loses state, or that EKS refuses, before it is merged.

    python -m tools.guard [--base REVISION] [--allow "ID …"] [--json]

Compares the folder, uncommitted changes included, with the commit where it left BASE: origin/main if there is one, else
main. ALLOW accepts dangers by the logical ids in the table, separated by spaces or commas; `dev/Cluster` accepts it of
one cluster only. What opens or widens something is told, not refused. No account, no credentials: what differs in the
account itself it cannot see.
Exit status: 0, 1 if a danger is refused, 2 if it cannot compare or an ALLOW accepts nothing.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path

from tools.compare.dangers import dangers
from tools.compare.revisions import ROOT, RevisionError, compared, default_base
from tools.guard.render import as_json, as_text
from tools.guard.verdict import verdict


def main(arguments: Sequence[str], root: Path = ROOT) -> int:
    """Exit status: 0, 1 if a danger is refused, 2 if it cannot compare or an ALLOW accepts nothing."""
    parser = argparse.ArgumentParser(
        prog="make guard", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--base", metavar="REVISION", help="BASE: a branch, tag or commit; origin/main, else main")
    parser.add_argument("--allow", default="", metavar="IDS", help="ALLOW: logical ids of what is accepted")
    parser.add_argument("--json", action="store_true", help="for a program")
    options = parser.parse_args(arguments)
    base = default_base(root) if options.base is None else options.base
    try:
        comparison = compared(base, root)
    except RevisionError as error:
        print(error, file=sys.stderr)
        return 2
    found = verdict([danger for cluster in comparison.touched for danger in dangers(cluster)], options.allow)
    print(json.dumps(as_json(comparison, found), indent=2) if options.json else as_text(comparison, found))
    for words in found.mistakes:
        print(words, file=sys.stderr)
    return found.status


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make guard | head`
    sys.exit(main(sys.argv[1:]))
