"""Pods on Fargate, whose vCPUs have a quota of their own."""

from __future__ import annotations

from collections.abc import Iterator

from blueprint.planning.document import FargateNodes, Plan
from tools.doctor.aws import Aws
from tools.doctor.checks.quotas import NAME, increase, limit
from tools.doctor.finding import Finding, ok, problem
from tools.quotas import QUOTAS

# https://docs.aws.amazon.com/eks/latest/userguide/fargate-pod-configuration.html
MILLICPUS = (250, 500, 1000, 2000, 4000, 8000, 16000)
"""Sizes of pods; a pod gets the next one above what it requests."""


def vcpus(plan: Plan, aws: Aws) -> Iterator[Finding]:
    """Those of the pods that the plan knows. What others run is not counted: only CloudWatch knows it."""
    if not any(isinstance(each, FargateNodes) for each in plan.compute):
        return
    quota, needed = QUOTAS["vCPUs of Fargate"], millicpus(plan) / 1000
    allowed = limit(quota, aws)
    what = f"vCPUs of Fargate in the region: {allowed} in all, pods of add-ons and teams need {needed:g}"
    if needed > allowed:
        why = "pods beyond the quota stay Pending, and charts that wait for them fail"
        yield problem(NAME, what, why, increase(quota, max(2 * allowed, round(2 * needed))))
    else:
        yield ok(NAME, f"{what}; what else runs there is not counted")


def millicpus(plan: Plan) -> int:
    """Of all pods that a profile takes."""
    profiles = {each.name for each in plan.compute if isinstance(each, FargateNodes)}
    placed = (each.workload for each in plan.workloads if profiles & set(each.places))
    return sum(each.replicas * next((size for size in MILLICPUS if size >= each.millicpus), 0) for each in placed)
