"""What pods run on: managed node groups, self-managed nodes, Fargate and Auto Mode, in any mix."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Annotated, Literal

from blueprint.errors import Problem
from blueprint.fields import NOT_EMPTY, UNIQUE, DnsLabel, LabelKey, LabelValue, at_most, between, matches
from blueprint.value import Rule, Value
from blueprint.versions import KubernetesVersion

Architecture = Literal["amd64", "arm64"]
Capacity = Literal["ON_DEMAND", "SPOT"]

# Linux values of amiType. https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
AmiType = Literal[
    "AL2023_x86_64_STANDARD",
    "AL2023_ARM_64_STANDARD",
    "AL2023_x86_64_NVIDIA",
    "AL2023_ARM_64_NVIDIA",
    "AL2023_x86_64_NEURON",
    "BOTTLEROCKET_x86_64",
    "BOTTLEROCKET_ARM_64",
    "BOTTLEROCKET_x86_64_NVIDIA",
    "BOTTLEROCKET_ARM_64_NVIDIA",
    "BOTTLEROCKET_x86_64_FIPS",
    "BOTTLEROCKET_ARM_64_FIPS",
    "BOTTLEROCKET_x86_64_NVIDIA_FIPS",
    "BOTTLEROCKET_ARM_64_NVIDIA_FIPS",
]

InstanceType = Annotated[
    str,
    matches(
        r"[a-z]+[\d-][a-z0-9-]*\.(\d*[a-z]+|metal-\d+xl)",
        "must be the name of an EC2 instance type",
        'write for example "m7g.large"',
    ),
]


def architecture(instance_type: str) -> Architecture:
    """Graviton families have a `g` behind the generation (m7g, c7gn, im4gn, is4gen); the others are named here.

    Holds for all 177 families in Karpenter's list of instance types (karpenter-provider-aws,
    website/content/en/preview/reference/instance-types.md, July 2026).

    https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html
    """
    family = instance_type.partition(".")[0]
    graviton = re.match(r"[a-z]+\d+[a-z]*g", family)
    return "arm64" if graviton or family in ("a1", "p6e-gb200") else "amd64"


def _ami_architecture(ami_type: str) -> Architecture:
    return "arm64" if "ARM_64" in ami_type else "amd64"


class Taint(Value):
    """Keeps pods without a matching toleration off the nodes."""

    key: LabelKey
    value: LabelValue = ""
    effect: Literal["NO_SCHEDULE", "NO_EXECUTE", "PREFER_NO_SCHEDULE"] = "NO_SCHEDULE"


InstanceTypes = Annotated[
    tuple[InstanceType, ...],
    NOT_EMPTY,
    at_most(20, "instance types"),
    UNIQUE,
    Rule(
        lambda names: len(set(map(architecture, names))) < 2,
        "x86 and Arm instances need different images, so they cannot share a group",
        "make one group of nodes for each architecture",
    ),
]


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
        "key and effect of a taint may stand once",
        "remove the repeated taint",
    ),
]

ReleaseVersion = Annotated[
    str,
    matches(r"\d+\.\d+\.\d+-[0-9a-f]{8}", "must be a release of an EKS image", 'write for example "1.35.2-20260901"'),
]


class Compute(Value):
    """One source of capacity; `name` is unique in a cluster."""

    name: DnsLabel


class Nodes(Compute):
    """EC2 nodes in the private subnets: IMDSv2 with hop limit 1, an encrypted gp3 volume, no SSH, a minimal role."""

    instance_types: InstanceTypes
    """In order of preference, all of one architecture; give several for spot."""
    min: Annotated[int, between(0, 5000, "nodes")] = 2
    max: Annotated[int, between(1, 5000, "nodes")] = 3
    capacity: Capacity = "ON_DEMAND"
    labels: Mapping[NodeLabelKey, LabelValue] = field(default_factory=dict)
    taints: Taints = ()
    disk_gib: Annotated[int, between(20, 16_384, "GiB")] = 50
    """Size of the volume for images and writable layers."""
    version: KubernetesVersion | None = None
    """Kubernetes minor of the nodes; the cluster's when None. Keep it back to upgrade the control plane first."""

    def problems(self) -> Iterator[Problem]:
        if self.min > self.max:
            yield Problem("min", self.min, f"min must not exceed max ({self.max})", "lower min or raise max")

    @property
    def architecture(self) -> Architecture:
        """The one architecture of all its instance types."""
        return architecture(self.instance_types[0])

    @property
    def own_version(self) -> str | None:
        """The Kubernetes minor that it names itself; None when it follows the cluster."""
        return self.version


class ManagedNodes(Nodes):
    """An EKS managed node group. https://docs.aws.amazon.com/eks/latest/userguide/managed-node-groups.html

    It has no fixed name, so that a change which replaces it (instance types, AMI type) does not collide.
    """

    ami_type: AmiType | None = None
    """Amazon Linux 2023 of the architecture of the instance types when None."""
    release_version: ReleaseVersion | None = None
    """An AMI release such as "1.35.2-20260901"; the newest of the Kubernetes version when None."""
    max_unavailable_percent: Annotated[int, between(1, 100, "percent")] = 33
    """How many nodes an update may take down at a time; pod disruption budgets are always respected."""
    node_repair: bool = True
    """Replace nodes that EKS finds unhealthy."""

    def problems(self) -> Iterator[Problem]:
        yield from super().problems()
        if self.ami_type and _ami_architecture(self.ami_type) != self.architecture:
            rule = f"{self.instance_types[0]} is {self.architecture}, the image is {_ami_architecture(self.ami_type)}"
            yield Problem(
                "ami_type", self.ami_type, rule, "leave ami_type out, or take instance types of its architecture"
            )
        if self.version and self.release_version and self.own_version != self.version:
            rule = f"version is {self.version}, the image is of {self.own_version}"
            yield Problem("release_version", self.release_version, rule, "leave version out, or take an image of it")

    @property
    def own_version(self) -> str | None:
        return self.release_version.rpartition(".")[0] if self.release_version else self.version

    @property
    def image(self) -> str:
        """The AMI type that EKS is given."""
        return self.ami_type or f"AL2023_{'ARM_64' if self.architecture == 'arm64' else 'x86_64'}_STANDARD"


class SelfManagedNodes(Nodes):
    """An Auto Scaling group whose nodes join by themselves; for what managed node groups cannot do.

    EKS neither drains nor repairs these. The image is the one that SSM names at the time of a deploy.
    https://docs.aws.amazon.com/eks/latest/userguide/worker.html
    """

    os: Literal["AL2023", "BOTTLEROCKET"] = "AL2023"

    def image_parameter(self, version: str) -> str:
        """The SSM parameter that names the newest image for a Kubernetes minor.

        https://docs.aws.amazon.com/eks/latest/userguide/retrieve-ami-id.html and …-bottlerocket.html
        """
        cpu = "arm64" if self.architecture == "arm64" else "x86_64"
        if self.os == "BOTTLEROCKET":
            return f"/aws/service/bottlerocket/aws-k8s-{version}/{cpu}/latest/image_id"
        return f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{cpu}/standard/recommended/image_id"


class FargateSelector(Value):
    """Pods of the namespace that carry all of the labels run on Fargate."""

    namespace: DnsLabel
    labels: Annotated[Mapping[LabelKey, LabelValue], at_most(5, "labels")] = field(default_factory=dict)


class FargateProfile(Compute):
    """Pods on AWS Fargate, chosen by namespace. https://docs.aws.amazon.com/eks/latest/userguide/fargate-profile.html

    DaemonSets do not run there, so workloads get their AWS permissions by IRSA instead of Pod Identity.
    """

    selectors: Annotated[tuple[FargateSelector, ...], NOT_EMPTY, at_most(5, "selectors")]


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
