"""Lambda functions that a deploy runs at once: those of the CDK that install charts and manifests."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from blueprint.contribution import Contribution
from blueprint.kubernetes import is_named_after_content
from blueprint.planning.document import Part, Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.quotas import NAME, increase, limit
from tools.doctor.finding import Finding, ok, problem
from tools.quotas import QUOTAS

# Below the default: "New AWS accounts have reduced concurrency", https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
_FUNCTIONS = 2
"""Of each chart or manifest that is being installed: the CDK's provider framework, and the handler it waits for."""


def concurrency(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """CloudFormation installs all at once that does not wait for something else."""
    needed = at_once(plan)
    if not needed:
        return
    quota = QUOTAS["functions at once"]
    allowed = limit(quota, aws)
    what = f"Lambda functions at once in the region: {allowed} for the whole account, a deploy runs up to {needed}"
    if needed <= allowed:
        yield ok(NAME, what)
        return
    why = "what is beyond is throttled: a chart or manifest fails then, and its stack rolls back"
    yield problem(NAME, what, why, increase(quota, quota.default))


def at_once(plan: Plan) -> int:
    """How many functions run at once at the most; the stacks of add-ons and of teams come one after the other."""
    return _FUNCTIONS * max(_installed(plan.addons), _installed(plan.teams))


def _installed(parts: Sequence[Part]) -> int:
    return sum(_widest(part.contribution) for part in parts if not part.in_git)


def _widest(contribution: Contribution) -> int:
    """Namespaces come at once, then releases and objects one by one; with the last, objects that stand alone."""
    own = sum(map(is_named_after_content, contribution.objects))
    objects = int(len(contribution.objects) > own)
    last = own + (0 if contribution.objects_first else objects)
    return max(len(contribution.namespaces), int(bool(contribution.releases)), objects, last)
