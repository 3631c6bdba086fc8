"""Taints of nodes. https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration"""

from __future__ import annotations

from typing import Annotated, Literal

from blueprint.fields import LabelKey, LabelValue, at_most
from blueprint.value import Rule, Value
from blueprint.workload import EFFECTS, NodeTaint


class Taint(Value):
    """Keeps pods without a matching toleration off the nodes."""

    key: LabelKey
    """By which tolerations name it."""
    value: LabelValue = ""
    """What a toleration with the operator Equal compares with."""
    effect: Literal["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"] = "NO_SCHEDULE"
    """NO_SCHEDULE keeps new pods off, PREFER_NO_SCHEDULE tries to, NO_EXECUTE also evicts those that run there.
    https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration"""

    @property
    def planned(self) -> NodeTaint:
        """The same in Kubernetes' words."""
        return NodeTaint(self.key, self.value, EFFECTS[self.effect])


MOST_TAINTS = 50
"""Of a node group. https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html"""
Taints = Annotated[
    tuple[Taint, ...],
    at_most(MOST_TAINTS, "taints"),
    Rule(
        lambda taints: len({(taint.key, taint.effect) for taint in taints}) == len(taints),
        "must hold no duplicate: two taints with the same key and effect",
        "remove the repeated taint",
    ),
]
