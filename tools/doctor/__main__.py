"""`make doctor CLUSTER=prod`: whether the account is ready for a deploy of the cluster. It only reads.

    python -m tools.doctor CLUSTER [--json]
    python -m tools.doctor --policy

It uses the credentials that boto3 finds (AWS_PROFILE, `aws sso login`). Exit status:
    0   no problem; warnings are allowed
    1   a problem: a deploy would fail or break what runs; or a mistake in the cluster's file
    2   no problem, but something could not be checked: no credentials, the wrong account, a denied call
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Sequence

from app import CLUSTERS
from blueprint.errors import BlueprintError
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.doctor.calls import policy
from tools.doctor.finding import Finding, NotReadyError
from tools.doctor.report import as_json, as_text, summary


def main(arguments: Sequence[str]) -> int:
    """Exit status: 0, 1 or 2, as above."""
    parser = argparse.ArgumentParser(
        prog="make doctor", description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("cluster", nargs="?", metavar="CLUSTER", help="name of a cluster")
    what.add_argument("--policy", action="store_true", help="print the IAM policy that the doctor needs, and no more")
    parser.add_argument("--json", action="store_true", help="for a program: one object with all findings")
    options = parser.parse_args(arguments)
    if options.policy:
        print(json.dumps(policy(), indent=2))
        return 0
    try:
        plan = planned(CLUSTERS, [options.cluster])[0]
    except BlueprintError as error:
        print(error, file=sys.stderr)
        return 1
    try:
        findings = examined(plan)
    except NotReadyError as error:
        print(error, file=sys.stderr)
        return 2
    print(json.dumps(as_json(plan, findings), indent=2) if options.json else as_text(findings) + "\n")
    print(summary(plan, findings), file=sys.stderr if options.json else sys.stdout)
    found = {finding.status for finding in findings}
    return 1 if "problem" in found else 2 if "unknown" in found else 0


def examined(plan: Plan) -> tuple[Finding, ...]:
    """The findings of all checks. Raises NotReadyError."""
    # boto3 takes longer to load than a mistake in a cluster file should take to be reported.
    from tools.doctor.checklist import CHECKS
    from tools.doctor.checks.account import connect
    from tools.doctor.runner import run

    print(f"Checking {plan.facts.account} {plan.facts.region} for {plan.facts.name}", file=sys.stderr, flush=True)
    return run(CHECKS, plan, connect(plan), _progress)


def _progress(left: str) -> None:
    """One line that is written over, on a terminal only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{left and 'left: '}{left}"[:100], end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `make doctor | head`
    sys.exit(main(sys.argv[1:]))
