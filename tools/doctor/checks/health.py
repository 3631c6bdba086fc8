"""Whether what EKS runs in the live cluster is well: it changes only what is, and a deploy waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from blueprint.planning.document import Plan
from tools.doctor.aws import Aws
from tools.doctor.finding import Finding, ok, problem, warning
from tools.doctor.lookups import live_cluster, node_groups

NAME = "health"


def health(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Managed node groups, add-ons and Fargate profiles, as EKS describes them.

    https://docs.aws.amazon.com/eks/latest/userguide/troubleshooting.html (managed node group error codes)
    """
    if not live_cluster(plan, aws):
        return
    cluster = plan.facts.name
    found: dict[str, Mapping[str, Any]] = {f"node group {name}": each for name, each in node_groups(plan, aws).items()}
    for page in aws.eks.get_paginator("list_addons").paginate(clusterName=cluster):
        for name in page["addons"]:
            found[f"add-on {name}"] = aws.eks.describe_addon(clusterName=cluster, addonName=name)["addon"]
    for profiles in aws.eks.get_paginator("list_fargate_profiles").paginate(clusterName=cluster):
        for name in profiles["fargateProfileNames"]:
            answer = aws.eks.describe_fargate_profile(clusterName=cluster, fargateProfileName=name)
            found[f"Fargate profile {name}"] = answer["fargateProfile"]
    well = 0
    for what, described in found.items():
        state, issues = described.get("status", ""), described.get("health", {}).get("issues", [])
        if state == "ACTIVE" and not issues:
            well += 1
        else:
            yield _unwell(what, state, issues, cluster)
    yield ok(NAME, f"{well} of {len(found)} node groups, add-ons and Fargate profiles are ACTIVE without an issue")


def _unwell(what: str, state: str, issues: Sequence[Mapping[str, Any]], cluster: str) -> Finding:
    said = "; ".join(f"{issue.get('code')}: {issue.get('message')}" for issue in issues) or "EKS names no issue"
    if state == "ACTIVE":
        return warning(NAME, f"the {what} is ACTIVE, with an issue", said, "mend what EKS names")
    if state.endswith("ING"):
        return problem(
            NAME, f"the {what} is {state}", "EKS refuses another change of it meanwhile", "wait until it ends"
        )
    fix = "mend what EKS names, then deploy"
    if state in ("CREATE_FAILED", "DELETE_FAILED"):
        fix = f"mend what EKS names; what remains of it in {cluster} may have to be deleted by hand"
    return problem(NAME, f"the {what} is {state}", said, fix)
