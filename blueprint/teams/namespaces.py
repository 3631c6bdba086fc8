"""Namespaces of a team, and what their pods may claim."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Any, Literal

from blueprint.errors import Key, Problem
from blueprint.fields import DnsLabel, LabelKey, LabelValue, Quantity, between
from blueprint.kubernetes import RESERVED_NAMESPACES, Manifest
from blueprint.quantity import amount
from blueprint.value import Value

TEAM_LABEL = "blueprint/team"
"""On every namespace of a team, with the team's name; policies choose by it."""


class Quota(Value):
    """What all pods of a namespace may claim together. https://kubernetes.io/docs/concepts/policy/resource-quotas"""

    cpu: Quantity = "8"
    """CPUs that they request."""
    memory: Quantity = "16Gi"
    """Memory that they request, and to which they are limited."""
    storage: Quantity = "100Gi"
    """Storage that claims request."""
    pods: Annotated[int, between(1, 5000, "pods")] = 50
    """How many there are."""

    def manifest(self, namespace: str) -> Manifest:
        """No NodePort or LoadBalancer Services: traffic enters by an Ingress, where the platform can see it."""
        hard = {
            "limits.memory": self.memory,
            "pods": str(self.pods),
            "requests.cpu": self.cpu,
            "requests.memory": self.memory,
            "requests.storage": self.storage,
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
        return named("v1", "ResourceQuota", "team", namespace, spec={"hard": hard})


class ContainerDefaults(Value):
    """What a container gets that does not say. https://kubernetes.io/docs/concepts/policy/limit-range

    There is no CPU limit: it would throttle a container while the node idles.
    """

    cpu_request: Quantity = "100m"
    """CPUs that it requests."""
    memory_request: Quantity = "128Mi"
    """Memory that it requests."""
    memory_limit: Quantity = "256Mi"
    """Memory beyond which it is killed."""

    def problems(self) -> Iterator[Problem]:
        # ValidateLimitRange of https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
        request, limit = amount(self.memory_request), amount(self.memory_limit)
        if request and limit and request > limit:
            rule = f"a container's request must not exceed its limit ({self.memory_limit})"
            yield Problem(("memory_request",), self.memory_request, rule, "lower it, or raise memory_limit")

    def manifest(self, namespace: str) -> Manifest:
        """As a LimitRange."""
        limits = {
            "type": "Container",
            "default": {"memory": self.memory_limit},
            "defaultRequest": {"cpu": self.cpu_request, "memory": self.memory_request},
        }
        return named("v1", "LimitRange", "team", namespace, spec={"limits": [limits]})


class TeamNamespace(Value):
    """A namespace of a team: what all its pods may claim, and how strictly they are confined."""

    create_only = {"name": "the namespace is deleted with all that is in it"}

    name: DnsLabel
    """Unique in the cluster."""
    quota: Quota = Quota()
    """What all its pods may claim together."""
    container_defaults: ContainerDefaults = ContainerDefaults()
    """What a container gets that does not say."""
    pod_security: Literal["baseline", "restricted"] = "restricted"
    """Never privileged: such pods can take over their node, and with it other teams' pods."""
    labels: Mapping[LabelKey, LabelValue] = field(default_factory=dict)
    """Also for the cost allocation of EKS, which takes labels of pods and namespaces."""

    def problems(self) -> Iterator[Problem]:
        if self.name in RESERVED_NAMESPACES or self.name.startswith("kube-"):
            yield Problem(("name",), self.name, "the namespace belongs to Kubernetes", "choose another name")
        for key in self.labels:
            if key.partition("/")[0].endswith(("kubernetes.io", "k8s.io", "blueprint")) and "/" in key:
                rule = "policies choose namespaces by labels of this domain"
                yield Problem(("labels", Key(key)), key, rule, "take a prefix of your own, for example example.com/")


def named(version: str, kind: str, name: str, namespace: str | None = None, **rest: Any) -> Manifest:
    """A Kubernetes object."""
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}
