"""Pods without nodes of one's own: AWS Fargate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Annotated

from blueprint.compute import Compute
from blueprint.fields import NOT_EMPTY, UNIQUE, IamName, at_most, matches
from blueprint.instances import Architecture
from blueprint.value import Value
from blueprint.workload import PodSelector
from blueprint.zones import AvailabilityZone

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

    create_only = dict.fromkeys(("name", "selectors", "role", "zones"), "the Fargate profile is replaced")

    words_of_others = {
        "pod_execution_role": "leave it out: each profile gets one, or write role",
        "subnet_ids": "leave it out: pods stand in the private subnets of all zones, or write zones",
        "subnet_selection": "leave it out: pods stand in the private subnets of all zones, or write zones",
        "fargate_profile_name": "write name",
    }

    selectors: Annotated[tuple[FargateSelector, ...], NOT_EMPTY, at_most(5, "selectors")]
    """Pods that one of these chooses run on Fargate."""
    role: IamName | None = None
    """One of the account that is there already, by name or path and name, by which pods' images are pulled and their
    logs written; one that is made for the profile when None. It must trust eks-fargate-pods.amazonaws.com.
    https://docs.aws.amazon.com/eks/latest/userguide/pod-execution-role.html"""
    zones: Annotated[tuple[AvailabilityZone, ...], UNIQUE] = ()
    """Zones of the network that its pods stand in, by letter or by id as the network has them; all when empty."""

    @property
    def architecture(self) -> Architecture:
        return "amd64"


def log_group(cluster: str) -> str:
    """Where the log router of Fargate writes."""
    return f"/aws/eks/{cluster}/fargate"
