"""What Karpenter asks of an upgrade of its cluster: its nodes follow the control plane by themselves."""

from __future__ import annotations

from collections.abc import Sequence

from addons.karpenter.node_class import NodeClass
from blueprint.addons import ClusterFacts, FirstEdit, UpgradeSteps
from blueprint.node_pool import NodePool


def steps(classes: Sequence[NodeClass], pools: Sequence[NodePool], facts: ClusterFacts, to: str) -> UpgradeSteps:
    """The way back: https://karpenter.sh/docs/concepts/nodepools/#speclimits; what holds drifted nodes:
    https://karpenter.sh/docs/concepts/disruption/#nodepool-disruption-budgets
    """
    before = []
    paths = {nodes.image_parameter(to, cpu) for nodes in classes if not nodes.image for cpu in facts.architectures}
    for path in sorted(paths):
        before += [
            "# without this image Karpenter launches no node: write a newer `ami` of its node class first",
            f"aws ssm get-parameter --region {facts.region} --name {path} --query Parameter.Value",
        ]
    for nodes in sorted((nodes for nodes in classes if nodes.image), key=lambda nodes: nodes.name):
        before.append(f"# {nodes.image} of node class {nodes.name} must be an image for Kubernetes {to} by then")
    now = facts.version
    drift = f"Karpenter replaces its nodes by itself: to it, those of {now} have drifted. Their budgets set the pace."
    back = (
        f"Karpenter launches nodes of the control plane's version, so its nodes of {to} must go: set the limits of "
        "its node pools to 0, so that it launches none, and delete its NodeClaims. Their pods need room on the "
        "other nodes until the control plane is back. No page of AWS or Karpenter describes this."
    )
    hold = "its nodes are replaced right after the control plane moved, which cannot go back while newer ones run"
    budget = 'DisruptionBudget(nodes="0", reasons=("Drifted",))'
    write = f"add {budget}, to pools of teams too, until the way back is not needed"
    first = (FirstEdit(("node_pools", i, "budgets"), hold, write) for i, pool in enumerate(pools) if not _held(pool))
    return UpgradeSteps(tuple(before), (drift,), (back,), tuple(first))


def _held(pool: NodePool) -> bool:
    return any(
        budget.nodes in ("0", "0%") and budget.schedule is None and (not budget.reasons or "Drifted" in budget.reasons)
        for budget in pool.budgets
    )
