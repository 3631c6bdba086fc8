"""Whether accounts are ready for a deploy of their clusters: of one, or of all when none is named. It only reads.

It uses the credentials that boto3 finds (AWS_PROFILE, `aws sso login`). They are of one account; for clusters in
several, name a profile of each (--profile '{account}-readonly'), or a role that these credentials may assume in each
(--role Doctor). Ends with 1 where a deploy would fail or break what runs, with 2 where there is no such problem, but
something could not be checked: the wrong account, a denied call. Of all clusters it also asks whether what delivers
the fleet gets into their accounts.
"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from app import CLUSTERS
from blueprint.inventory import planned, planned_fleet
from blueprint.planning.document import Plan
from blueprint.planning.fleet import FleetPlan
from blueprint.sources import FLEET_FILE
from tools.doctor.calls import policy
from tools.doctor.finding import Finding, NotReadyError
from tools.doctor.report import as_json, as_text, failure_as_json, summary
from tools.options import add_clusters, add_json
from tools.progress import write_over
from tools.status import Status

if TYPE_CHECKING:
    from tools.doctor.login import Login
    from tools.doctor.runner import Check

Examination = tuple[Finding, ...] | NotReadyError
"""What was found, or why nothing was."""


def add_options(parser: ArgumentParser) -> None:
    """Declares the options."""
    add_clusters(parser)
    where = "{account}, {cluster} and {region} in it are those of each cluster"
    parser.add_argument("--profile", default="", metavar="NAME", help=f"an AWS profile; {where}")
    parser.add_argument("--role", default="", metavar="NAME", help="a role to assume in the account of each cluster")
    parser.add_argument("--policy", action="store_true", help="print the IAM policy that the doctor needs, and no more")
    add_json(parser, "one object with all findings; of several clusters, a list of these")


def run(options: Namespace) -> int:
    """Prints the findings, worst first."""
    if options.policy and options.clusters:
        options.parser.error("the policy is the same for all clusters")
    if options.policy:
        print(json.dumps(policy(), indent=2))
        return Status.DONE
    fleet = planned_fleet(CLUSTERS) if not options.clusters and (CLUSTERS / FLEET_FILE).is_file() else None
    plans = fleet.clusters if fleet else planned(CLUSTERS, options.clusters)
    found = _examined(plans, options.profile, options.role, fleet)
    if len(plans) == 1 and isinstance(found[0], NotReadyError):
        raise found[0]
    if options.json:
        documents = [
            failure_as_json(plan, each) if isinstance(each, NotReadyError) else as_json(plan, each)
            for plan, each in zip(plans, found, strict=True)
        ]
        print(json.dumps(documents if len(options.clusters) != 1 else documents[0], indent=2))
    _print(plans, found, with_findings=not options.json)
    return _status(found)


def _examined(plans: Sequence[Plan], profile: str, role: str, fleet: FleetPlan | None) -> list[Examination]:
    """A few accounts at a time."""
    # boto3 takes longer to load than a mistake in a cluster file should take to be reported.
    from tools.doctor.checklist import CHECKS
    from tools.doctor.checks.delivery import delivery
    from tools.doctor.login import Login

    login, checks = Login(profile, role), (*CHECKS, *(delivery(fleet) if fleet else ()))
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda plan: examined(plan, login, checks, alone=len(plans) == 1), plans))


def examined(plan: Plan, login: Login, checks: Sequence[Check], *, alone: bool) -> Examination:
    """The findings of all checks."""
    from tools.doctor.checks.account import connect
    from tools.doctor.runner import run

    print(f"Checking {plan.facts.account} {plan.facts.region} for {plan.facts.name}", file=sys.stderr, flush=True)
    try:
        return run(checks, plan, connect(plan, login), _progress if alone else lambda _: None)
    except NotReadyError as error:
        return error


def _print(plans: Sequence[Plan], found: Sequence[Examination], *, with_findings: bool) -> None:
    """Each cluster, then once for each reason those that nobody looked at."""
    out = sys.stdout if with_findings else sys.stderr
    unreached: dict[str, list[str]] = {}
    for plan, each in zip(plans, found, strict=True):
        if isinstance(each, NotReadyError):
            unreached.setdefault(str(each), []).append(f"{plan.facts.name} ({plan.facts.account})")
        else:
            if with_findings:
                print(as_text(each) + "\n", file=out)
            print(summary(plan, each) + "\n" * (len(plans) > 1), file=out)
    for why, clusters in unreached.items():
        print(f"not checked: {', '.join(clusters)}\n{why}", file=out)


def _status(found: Sequence[Examination]) -> Status:
    statuses = {finding.status for each in found if not isinstance(each, NotReadyError) for finding in each}
    if "problem" in statuses:
        return Status.REFUSED
    left_out = any(isinstance(each, NotReadyError) for each in found)
    return Status.FAILED if left_out or "unknown" in statuses else Status.DONE


def _progress(left: str) -> None:
    write_over(f"left: {left}" if left else "")
