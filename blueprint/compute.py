"""What pods run on: managed node groups, self-managed nodes, Fargate and Auto Mode, in any mix."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Literal

from blueprint import images
from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, UNIQUE, DnsLabel, KmsKeyArn, LabelKey, LabelValue, at_most, between, matches
from blueprint.images import AmiType, ImageRelease
from blueprint.instances import Accelerator, Architecture, InstanceTypes, accelerator, architecture
from blueprint.value import Rule, Value
from blueprint.versions import KubernetesVersion
from blueprint.workload import EFFECTS, NodeTaint, PodSelector

Capacity = Literal["ON_DEMAND", "SPOT"]


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


def _is_own_label(key: str) -> bool:
    domain = key.rpartition("/")[0]
    reserved = re.fullmatch(r"(.*\.)?(kubernetes|k8s)\.io|eks\.amazonaws\.com", domain)
    return not reserved or domain == "node.kubernetes.io"


# EKS refuses the last of them. https://github.com/eksctl-io/eksctl/issues/4007
NodeLabelKey = Annotated[
    LabelKey,
    Rule(
        _is_own_label,
        "the kubelet may not set labels of kubernetes.io, k8s.io and eks.amazonaws.com on its own node",
        "take a prefix of your own, for example example.com/",
    ),
]
Taints = Annotated[
    tuple[Taint, ...],
    at_most(50, "taints"),
    Rule(
        lambda taints: len({(taint.key, taint.effect) for taint in taints}) == len(taints),
        "must hold no duplicate: two taints with the same key and effect",
        "remove the repeated taint",
    ),
]


class Compute(Value):
    """One source of capacity; `name` is unique in a cluster."""

    name: DnsLabel
    """Unique in the cluster."""

    @property
    @abstractmethod
    def architecture(self) -> Architecture:
        """Of the processors that pods find there."""


class Nodes(Compute):
    """EC2 nodes in the private subnets: IMDSv2 with hop limit 1, an encrypted gp3 volume, no SSH, a minimal role."""

    words_of_others = {
        "instance_type": 'write instance_types=("m7g.large",)',
        "min_size": "write min",
        "max_size": "write max",
        "desired_size": "write desired, or leave it out: a group starts with min",
        "desired_capacity": "write desired, or leave it out: a group starts with min",
        "capacity_type": 'write capacity="SPOT" or "ON_DEMAND"',
        "spot": 'write capacity="SPOT"',
        "disk_size": "write disk_gib",
        "volume_size": "write disk_gib",
        "subnet_ids": "leave it out: nodes stand in the private subnets of all zones",
        "iam_role_additional_policies": "leave it out: pods get permissions by their service accounts, not by nodes",
        "ami_release_version": "write release_version",
        "node_group_type": "write ManagedNodes or SelfManagedNodes",
    }

    instance_types: InstanceTypes
    """In order of preference, all of one architecture and with like accelerators; give several for spot."""
    min: Annotated[int, between(0, 5000, "nodes")] = 2
    """Fewest nodes."""
    max: Annotated[int, between(1, 5000, "nodes")] = 3
    """Most nodes."""
    capacity: Capacity = "ON_DEMAND"
    """SPOT costs less, and EC2 may take it back with two minutes' notice.
    https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/spot-instance-termination-notices.html"""
    labels: Mapping[NodeLabelKey, LabelValue] = field(default_factory=dict)
    """Kubernetes labels of the nodes."""
    taints: Taints = ()
    """Keep pods off that do not tolerate them. EKS allows a node group 50 of them.
    https://docs.aws.amazon.com/eks/latest/userguide/node-taints-managed-node-groups.html"""
    disk_gib: Annotated[int, between(20, 16_384, "GiB")] = 50
    """Size of the volume for images and writable layers."""
    version: KubernetesVersion | None = None
    """Kubernetes minor of the nodes; the cluster's when None. Keep it back to upgrade the control plane first."""
    release_version: ImageRelease | None = None
    """Release of the image, such as "1.36.2-20260625" (AL2023) or "1.66.0-1ad6b4a4" (Bottlerocket); that of
    `facts/node_images.toml` when None. EKS takes none that is older than the one a node group runs."""

    def problems(self) -> Iterator[Problem]:
        if self.min > self.max:
            yield Problem(("min",), self.min, f"min must not exceed max ({self.max})", "lower min or raise max")
        if self.release_version and not images.is_of(self.family, self.release_version):
            rule = f"the image is {self.family}, whose releases end in {_ENDS[self.family]}"
            yield Problem(
                ("release_version",), self.release_version, rule, "leave it out, or take a release of that image"
            )
        elif self.release_version and self.version and self.own_version != self.version:
            rule = f"version is {self.version}, the image is of {self.own_version}"
            yield Problem(("release_version",), self.release_version, rule, "leave version out, or take an image of it")
        if self.family == "AL2023" and (old := [name for name in self.instance_types if name.startswith("a1.")]):
            rule = "Amazon Linux 2023 does not run on the first generation of Graviton"
            yield Problem(("instance_types",), old[0], rule, "take a later one, for example m7g")

    @property
    @abstractmethod
    def family(self) -> images.Family:
        """Whose image the nodes start from."""

    @property
    def architecture(self) -> Architecture:
        return architecture(self.instance_types[0])

    @property
    def accelerator(self) -> Accelerator | None:
        """What all its instance types have beside their processors."""
        return accelerator(self.instance_types[0])

    @property
    def own_version(self) -> str | None:
        """The Kubernetes minor that it names itself; None when it follows the cluster."""
        named = self.release_version and images.version_of(self.family, self.release_version)
        return named or self.version

    def release(self, cluster_version: str) -> str:
        """The release of its image in a cluster of that version."""
        return self.release_version or images.release(self.family, self.own_version or cluster_version)


_ENDS: Mapping[images.Family, str] = {"AL2023": "a date, 1.36.2-20260714", "BOTTLEROCKET": "a commit, 1.66.0-1ad6b4a4"}


class ManagedNodes(Nodes):
    """An EKS managed node group. https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html

    It has no fixed name, so that a change which replaces it (instance types, AMI type) does not collide.
    """

    create_only = dict.fromkeys(("name", "instance_types", "capacity", "ami_type"), "the node group is replaced")

    ami_type: AmiType | None = None
    """Amazon Linux 2023 for the architecture of the instance types, with drivers for their GPUs or Neuron chips, when
    None."""
    desired: Annotated[int, between(0, 5000, "nodes")] | Literal["unmanaged"] | None = None
    """Nodes that a deploy starts, and goes back to whenever `min`, `max` or this changes; `min` when None. A new group
    needs it. Write "unmanaged" once something else scales the group: then no deploy touches it.
    https://docs.aws.amazon.com/eks/latest/APIReference/API_NodegroupScalingConfig.html"""
    max_unavailable_percent: Annotated[int, between(1, 100, "percent")] = 33
    """How many nodes an update may take down at a time; pod disruption budgets are always respected."""
    node_repair: bool = True
    """Replace nodes that EKS finds unhealthy; what it looks at beside readiness, the node monitoring agent finds."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.ami_type and (other := images.ami_architecture(self.ami_type)) != self.architecture:
            rule = f"{self.instance_types[0]} is {self.architecture}, the image is {other}"
            yield Problem(
                ("ami_type",), self.ami_type, rule, "leave ami_type out, or take instance types of its architecture"
            )
        if self.ami_type is None and self.accelerator == "other":
            rule = f"EKS has no image with drivers for the accelerators of {self.instance_types[0]}"
            fix = "name the image to which you add them, for example AL2023_x86_64_STANDARD"
            yield Problem(("ami_type",), self.ami_type, rule, fix)
        if isinstance(self.desired, int) and not self.min <= self.desired <= self.max:
            rule = f"desired must be from min ({self.min}) to max ({self.max})"
            yield Problem(("desired",), self.desired, rule, "leave it out to start with min")

    @property
    def family(self) -> images.Family:
        return images.family(self.image)

    @property
    def image(self) -> AmiType:
        """The AMI type that EKS is given."""
        return self.ami_type or images.ami_type(self.architecture, self.accelerator)


class SelfManagedNodes(Nodes):
    """An Auto Scaling group whose nodes join by themselves; for what managed node groups cannot do.

    A new image or user data replaces them one by one; EKS neither drains nor repairs these.
    https://docs.aws.amazon.com/eks/latest/userguide/worker.html
    """

    create_only = {"name": "the Auto Scaling group is replaced"}

    os: images.Family = "AL2023"
    """Amazon Linux 2023 or Bottlerocket."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.accelerator == "other":
            rule = f"EKS has no image with drivers for the accelerators of {self.instance_types[0]}"
            yield Problem(("instance_types",), self.instance_types[0], rule, "use ManagedNodes(…, ami_type=…)")

    @property
    def family(self) -> images.Family:
        return self.os

    def image_parameter(self, cluster_version: str) -> str:
        """The SSM parameter that names the image in a cluster of that version."""
        version = self.own_version or cluster_version
        return images.parameter(self.os, version, self.architecture, self.accelerator, self.release(cluster_version))


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


class AutoMode(Compute):
    """EKS Auto Mode: EKS runs nodes, networking, storage and load balancing.

    https://docs.aws.amazon.com/eks/latest/userguide/automode.html
    """

    name: DnsLabel = "auto-mode"
    node_pools: Annotated[tuple[Literal["general-purpose", "system"], ...], NOT_EMPTY, UNIQUE] = (
        "general-purpose",
        "system",
    )
    """The built-in node pools; both take on-demand capacity only."""
    kms_key_arn: KmsKeyArn | None = None
    """Key of the volumes that claims of the default StorageClass get; that of the account and region for EBS when None.
    Nodes' own disks are EKS's."""

    @property
    def architecture(self) -> Architecture:
        return "amd64"
