"""Whether the account is ready for a deploy of a cluster. It only reads.

It uses the credentials that boto3 finds (AWS_PROFILE, `aws sso login`). Ends with 1 where a deploy would fail or break
what runs, with 2 where there is no such problem, but something could not be checked: the wrong account, a denied call.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.doctor.calls import policy
from tools.doctor.finding import Finding
from tools.doctor.report import as_json, as_text, summary
from tools.options import add_json
from tools.status import Status


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("cluster", nargs="?", metavar="CLUSTER", help="name of a cluster")
    what.add_argument("--policy", action="store_true", help="print the IAM policy that the doctor needs, and no more")
    add_json(parser, "one object with all findings")


def run(options: Namespace) -> int:
    """Prints the findings, worst first."""
    if options.policy:
        print(json.dumps(policy(), indent=2))
        return Status.DONE
    (plan,) = planned(CLUSTERS, [options.cluster])
    findings = examined(plan)
    print(json.dumps(as_json(plan, findings), indent=2) if options.json else as_text(findings) + "\n")
    print(summary(plan, findings), file=sys.stderr if options.json else sys.stdout)
    found = {finding.status for finding in findings}
    return Status.REFUSED if "problem" in found else Status.FAILED if "unknown" in found else Status.DONE


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
