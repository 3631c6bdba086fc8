"""What Karpenter asks of an upgrade of its cluster: its nodes follow the control plane by themselves."""

from __future__ import annotations

from addons.karpenter.node_class import NodeClass
from blueprint.addons import ClusterFacts, UpgradeSteps


def steps(nodes: NodeClass, facts: ClusterFacts, to: str) -> UpgradeSteps:
    """The way back: https://karpenter.sh/docs/concepts/nodepools/#speclimits"""
    before = []
    for path in sorted(nodes.image_parameter(to, cpu) for cpu in facts.architectures):
        before += [
            "# without this image Karpenter launches no node: write a newer `ami` of its node class first",
            f"aws ssm get-parameter --region {facts.region} --name {path} --query Parameter.Value",
        ]
    now = facts.version
    drift = f"Karpenter replaces its nodes by itself: to it, those of {now} have drifted. Their budgets set the pace."
    back = (
        f"Karpenter launches nodes of the control plane's version, so its nodes of {to} must go: set the limits of "
        "its node pools to 0, so that it launches none, and delete its NodeClaims. Their pods need room on the "
        "other nodes until the control plane is back. No page of AWS or Karpenter describes this."
    )
    return UpgradeSteps(tuple(before), (drift,), (back,))
