"""Namespaces of a team, and what their pods may claim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import field
from itertools import pairwise
from typing import Annotated, Any, Literal

from blueprint.errors import Key, Problem
from blueprint.fields import DnsLabel, LabelKey, LabelValue, Quantity, between
from blueprint.kubernetes import RESERVED_NAMESPACES, Manifest
from blueprint.quantity import amount
from blueprint.value import Value

TEAM_LABEL = "blueprint/team"
"""On every namespace of a team, with the team's name; policies choose by it."""


_WORKLOADS = (
    *("deployments.apps", "statefulsets.apps", "cronjobs.batch", "horizontalpodautoscalers.autoscaling"),
    "poddisruptionbudgets.policy",
)
# What their controllers keep of earlier ones, as many as revisionHistoryLimit says.
_KEPT = ("replicasets.apps", "controllerrevisions.apps")
_REVISIONS = 20
# karpenter-provider-aws pkg/apis/v1/labels.go:134, https://docs.aws.amazon.com/eks/latest/userguide/node-efa.html
_ACCELERATORS = (
    *("nvidia.com/gpu", "amd.com/gpu", "aws.amazon.com/neuron", "aws.amazon.com/neuroncore", "habana.ai/gaudi"),
    *("aws.amazon.com/neurondevice", "vpc.amazonaws.com/efa"),
)
# By the warning of https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces: what every pod calls
# github.com is first looked up as the Service github of the namespace com. Of these top-level domains, since others are
# words that people call namespaces by.
_DOMAINS = (
    *("com", "net", "org", "edu", "gov", "mil", "int", "info", "io", "ai", "co", "dev", "app", "cloud", "aws", "cn"),
    *("eu", "uk", "us", "de", "fr", "arpa", "internal", "local", "localhost", "svc"),
)


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
    ephemeral_storage: Quantity = "200Gi"
    """Room on the disks of nodes that they request, and to which they are limited: logs, layers, emptyDir volumes."""
    volume_claims: Annotated[int, between(0, 10_000, "claims")] = 50
    """PersistentVolumeClaims; each is a volume of the account."""
    services: Annotated[int, between(0, 10_000, "Services")] = 100
    """Each takes an address of the cluster's range, and rules on every node."""
    ingresses: Annotated[int, between(0, 10_000, "Ingresses")] = 50
    """Each may be a load balancer, which the account has 50 of unless it asked for more."""
    config_maps: Annotated[int, between(1, 10_000, "ConfigMaps")] = 500
    """Kubernetes puts one into each namespace itself. What the control plane stores is shared by all."""
    secrets: Annotated[int, between(0, 10_000, "Secrets")] = 500
    """Helm keeps ten for each release, one for each of its last revisions."""
    jobs: Annotated[int, between(0, 10_000, "Jobs")] = 500
    """Those that are done count until they are removed: three for each CronJob, unless it says otherwise."""
    workloads: Annotated[int, between(0, 10_000, "of each kind")] = 100
    """Deployments, StatefulSets, CronJobs, autoscalers and disruption budgets, so many of each kind; and 20 revisions
    for each of them. Kubernetes keeps ten unless told otherwise."""
    custom_objects: Annotated[int, between(0, 10_000, "of each kind")] = 500
    """Of each kind that `permissions` of the team lets its people create."""
    accelerators: Annotated[int, between(0, 10_000, "of each kind")] = 0
    """GPUs, Neuron devices and cores, Gaudis and EFA interfaces that its pods request, so many of each kind; and so
    many of each DeviceClass that they claim."""

    def manifest(self, namespace: str, custom: Iterable[str] = (), device_classes: Iterable[str] = ()) -> Manifest:
        """No NodePort or LoadBalancer Services: traffic enters by an Ingress, where the platform can see it.

        `custom` are resources as rollouts.argoproj.io. From Kubernetes 1.36 on a pod gets a device of any of the
        `device_classes` without a claim of its own, by requesting deviceclass.resource.kubernetes.io/…: the scheduler
        makes one in its namespace, and that is what counts.
        https://kubernetes.io/docs/concepts/policy/resource-quotas/#quota-for-dra-resource-claims
        """
        hard = {
            **{f"count/{kind}": str(self.workloads) for kind in _WORKLOADS},
            **{f"count/{kind}": str(self.workloads * _REVISIONS) for kind in _KEPT},
            **{f"count/{kind}": str(self.custom_objects) for kind in custom},
            **{f"requests.{device}": str(self.accelerators) for device in _ACCELERATORS},
            **{f"{each}.deviceclass.resource.k8s.io/devices": str(self.accelerators) for each in device_classes},
            "count/ingresses.networking.k8s.io": str(self.ingresses),
            "count/jobs.batch": str(self.jobs),
            "configmaps": str(self.config_maps),
            "limits.ephemeral-storage": self.ephemeral_storage,
            "limits.memory": self.memory,
            "persistentvolumeclaims": str(self.volume_claims),
            "pods": str(self.pods),
            "requests.cpu": self.cpu,
            "requests.ephemeral-storage": self.ephemeral_storage,
            "requests.memory": self.memory,
            "requests.storage": self.storage,
            "secrets": str(self.secrets),
            "services": str(self.services),
            "services.loadbalancers": "0",
            "services.nodeports": "0",
        }
        return named("v1", "ResourceQuota", "team", namespace, spec={"hard": dict(sorted(hard.items()))})


def without_others(namespace: str) -> Manifest:
    """No pod chooses by affinity whom it stands with in other namespaces.

    The scheduler heeds the anti-affinity of pods that run: one against all pods of a region would let none in.
    https://kubernetes.io/docs/concepts/policy/resource-quotas/#cross-namespace-pod-affinity-quota
    """
    scope = {"scopeName": "CrossNamespacePodAffinity", "operator": "Exists"}
    spec = {"hard": {"pods": "0"}, "scopeSelector": {"matchExpressions": [scope]}}
    return named("v1", "ResourceQuota", "affinity-to-others", namespace, spec=spec)


class ContainerDefaults(Value):
    """What a container gets that does not say, and the most it may say: https://kubernetes.io/docs/concepts/policy/limit-range

    There is no CPU limit: it would throttle a container while the node idles.
    """

    cpu_request: Quantity = "100m"
    """CPUs that it requests."""
    memory_request: Quantity = "128Mi"
    """Memory that it requests."""
    memory_limit: Quantity = "256Mi"
    """Memory beyond which it is killed."""
    memory_max: Quantity = "16Gi"
    """The most memory that any container may have as its limit, so that none takes a node for itself."""
    ephemeral_storage_request: Quantity = "256Mi"
    """Room on its node's disk that it requests."""
    ephemeral_storage_limit: Quantity = "2Gi"
    """Room on its node's disk beyond which its pod is evicted."""
    ephemeral_storage_max: Quantity = "20Gi"
    """The most room that any container may have as its limit; a node's disk has 50 GiB unless it says otherwise."""

    def problems(self) -> Iterator[Problem]:
        # ValidateLimitRange of https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
        for what in ("memory", "ephemeral_storage"):
            for low, high in pairwise(("request", "limit", "max")):
                field, above = f"{what}_{low}", f"{what}_{high}"
                one, other = getattr(self, field), getattr(self, above)
                if (amount(one) or 0) > (amount(other) or 0):
                    words = {"limit": "limit", "max": "most"}[high]
                    rule = f"a container's {low} must not exceed its {words} ({other})"
                    yield Problem((field,), one, rule, f"lower it, or raise {above}")

    def manifest(self, namespace: str) -> Manifest:
        """As a LimitRange."""
        limits = {
            "type": "Container",
            "default": {"memory": self.memory_limit, "ephemeral-storage": self.ephemeral_storage_limit},
            "defaultRequest": {
                "cpu": self.cpu_request,
                "memory": self.memory_request,
                "ephemeral-storage": self.ephemeral_storage_request,
            },
            "max": {"memory": self.memory_max, "ephemeral-storage": self.ephemeral_storage_max},
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
        if self.name.startswith(("aws-", "amazon-", "eks-")):
            # https://docs.aws.amazon.com/eks/latest/userguide/fargate-logging.html (aws-observability),
            # https://docs.aws.amazon.com/guardduty/latest/ug/runtime-monitoring-agent-resource-name.html
            rule = "AWS looks for its own objects in such namespaces, as for where all pods on Fargate log to"
            yield Problem(("name",), self.name, rule, "choose another name")
        if self.name in _DOMAINS:
            rule = (
                "the namespace is a top-level domain: its Services would answer for names of the internet, to all pods"
            )
            yield Problem(("name",), self.name, rule, "choose another name")
        for key in self.labels:
            if key.partition("/")[0].endswith(("kubernetes.io", "k8s.io", "blueprint")) and "/" in key:
                rule = "policies choose namespaces by labels of this domain"
                yield Problem(("labels", Key(key)), key, rule, "take a prefix of your own, for example example.com/")
        one = self.container_defaults
        least = {
            "cpu": one.cpu_request,
            "memory": one.memory_request,
            "ephemeral_storage": one.ephemeral_storage_request,
        }
        for what, needed in least.items():
            given = getattr(self.quota, what)
            if (amount(given) or 0) < (amount(needed) or 0):
                rule = f"not one container would have room: by container_defaults it requests {needed}"
                yield Problem(
                    ("quota", what), given, rule, "raise it; 16 of memory are 16 bytes, and 16Gi are gibibytes"
                )


def named(version: str, kind: str, name: str, namespace: str | None = None, **rest: Any) -> Manifest:
    """A Kubernetes object."""
    metadata = {"name": name} if namespace is None else {"name": name, "namespace": namespace}
    return {"apiVersion": version, "kind": kind, "metadata": metadata, **rest}
