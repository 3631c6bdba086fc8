"""Pods without nodes of one's own: AWS Fargate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from blueprint.compute import Compute
from blueprint.fields import NOT_EMPTY, at_most, matches
from blueprint.instances import Architecture
from blueprint.value import Value
from blueprint.workload import PodSelector

# https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html (Fargate profile wildcards)
_Namespaces = Annotated[
    str,
    matches(
        r"[a-z0-9*?]([-a-z0-9*?]{0,61}[a-z0-9*?])?",
        "must be the name of a namespace, 1 to 63 lowercase letters, digits and hyphens, or names by * and ?",
        'write for example "payments" or "prod-*"',
    ),
]
_LabelKeys = Annotated[
    str,
    matches(
        r"([a-z0-9*?]([-a-z0-9.*?]{0,251}[a-z0-9*?])?/)?[A-Za-z0-9*?]([-A-Za-z0-9_.*?]{0,61}[A-Za-z0-9*?])?",
        "must be a Kubernetes label key, or keys by * and ?",
        'write for example "example.com/team"',
    ),
]
_LabelValues = Annotated[
    str,
    matches(
        r"([A-Za-z0-9*?]([-A-Za-z0-9_.*?]{0,61}[A-Za-z0-9*?])?)?",
        "must be a Kubernetes label value, or values by * and ?",
        'write for example "payments"',
    ),
]


class FargateSelector(Value):
    """Pods of the namespace that carry all of the labels run on Fargate; `*` stands for any characters, `?` for one."""

    create_only = dict.fromkeys(("namespace", "labels"), "the Fargate profile is replaced")

    namespace: _Namespaces
    """The namespace of the pods."""
    labels: Annotated[Mapping[_LabelKeys, _LabelValues], at_most(5, "labels")] = field(default_factory=dict)
    """What the pods carry; all pods of the namespace when empty."""

    @property
    def planned(self) -> PodSelector:
        """The same as plain data."""
        return PodSelector(self.namespace, dict(sorted(self.labels.items())))


class FargateProfile(Compute):
    """Pods on AWS Fargate, chosen by namespace. https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html

    DaemonSets do not run there, so workloads get their AWS permissions by IRSA instead of Pod Identity.
    """

    create_only = dict.fromkeys(("name", "selectors"), "the Fargate profile is replaced")

    selectors: Annotated[tuple[FargateSelector, ...], NOT_EMPTY, at_most(5, "selectors")]
    """Pods that one of these chooses run on Fargate."""

    @property
    def architecture(self) -> Architecture:
        return "amd64"
