"""Settings of the programs of a control plane. EKS runs them, and lets these few be chosen.

https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateCluster.html (kubeApiServerConfig,
kubeControllerManagerConfig, kubeSchedulerConfig)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Literal

from blueprint.errors import Problem
from blueprint.fields import LabelKey, at_most, between
from blueprint.value import Value

_Port = Annotated[int, between(1, 65_535, "ports")]
_Weight = Annotated[int, between(1, 100)]


class NodePorts(Value):
    """Ports that Services of type NodePort get, on every node."""

    first: _Port
    """The lowest of them; 30000 in a cluster that has no such setting."""
    last: _Port
    """The highest of them; 32767 in a cluster that has no such setting."""

    def problems(self) -> Iterator[Problem]:
        if self.last < self.first:
            rule = f"the last port must not come before the first ({self.first})"
            yield Problem(("last",), self.last, rule, "write the higher of the two")


class Components(Value):
    """What is None stays as EKS has it; to go back, write EKS's own value instead of leaving it out.

    EKS judges the values when it is deployed: how far each may go depends on the version and the `scaling_tier`, and
    `aws eks describe-cluster-versions` prints it.
    """

    event_ttl_minutes: Annotated[int, between(1, 10_080, "minutes")] | None = None
    """How long the API server keeps events; an hour as Kubernetes has it."""
    node_ports: NodePorts | None = None
    """Ports of Services of type NodePort."""
    terminated_pods: Annotated[int, between(1, 1_000_000, "pods")] | None = None
    """Terminated pods that may stand before the oldest are deleted; 12,500 as Kubernetes has it."""
    autoscaler_sync_seconds: Annotated[int, between(1, 3_600, "seconds")] | None = None
    """How often Horizontal Pod Autoscalers look at their metrics; 15 as Kubernetes has it."""
    scoring: Literal["LeastAllocated", "MostAllocated"] | None = None
    """Which node a pod gets of those that have room: the emptiest, as Kubernetes has it, or the fullest, so that others
    become empty and can go. https://kubernetes.io/docs/concepts/scheduling-eviction/resource-bin-packing"""
    weights: Annotated[Mapping[LabelKey, _Weight], at_most(100, "resources")] = field(default_factory=dict)
    """How much each resource of a node counts in that: {"cpu": 1, "memory": 1} as Kubernetes has it."""

    def problems(self) -> Iterator[Problem]:
        if self.weights and not self.scoring:
            rule = "weights say how much a resource counts in the scoring, and there is none"
            yield Problem(
                ("weights",), dict(self.weights), rule, 'write scoring="MostAllocated" or "LeastAllocated" too'
            )
