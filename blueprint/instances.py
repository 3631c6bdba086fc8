"""What the name of an EC2 instance type says: processor, accelerators, size.

https://docs.aws.amazon.com/ec2/latest/instancetypes/instance-type-names.html. The tests hold it against EC2's own
description of 1,395 types.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Literal

from blueprint.fields import NOT_EMPTY, UNIQUE, at_most
from blueprint.value import Rule

Architecture = Literal["amd64", "arm64"]
Accelerator = Literal["nvidia", "neuron", "other"]
"""NVIDIA's GPUs, Neuron chips, and those for which EKS has no image with drivers (AMD, Gaudi, Qualcomm, Xilinx)."""
NVIDIA_CLASSES = tuple(f"{each}.nvidia.com" for each in ("gpu", "mig", "vfio.gpu"))
"""DeviceClasses by which pods claim GPUs: templates/deviceclass-*.yaml of dra-driver-nvidia-gpu 0.4.1."""
DevicePlugin = Literal["add-on", "elsewhere"]

_FILE = Path(__file__).parent.parent / "facts" / "instance_types.toml"
_SIZES = tomllib.loads(_FILE.read_text(encoding="utf-8"))["families"]
_EFA = tomllib.loads((_FILE.parent / "efa.toml").read_text(encoding="utf-8"))
_WITH_EFA = frozenset(f"{family}.{size}" for family, sizes in _EFA["families"].items() for size in sizes.split())
TYPES = frozenset(f"{family}.{size}" for family, sizes in _SIZES.items() for size in sizes.split())
"""All that EC2 has, in whatever region."""
FAMILIES = frozenset(_SIZES)
"""m7g of m7g.large."""
CATEGORIES = tuple(sorted({re.split(r"[\d-]", family)[0] for family in _SIZES}))
"""The letters before the generation: m of m7g. Karpenter calls it karpenter.k8s.aws/instance-category.
https://github.com/aws/karpenter-provider-aws/blob/v1.14.1/pkg/providers/instancetype/types.go"""

_NVIDIA = re.compile(r"g(?!4ad)\d.*|gr\d.*|p\d.*")
_NEURON = re.compile(r"inf\d.*|trn\d.*")
_OTHER = ("dl1", "dl2q", "f1", "f2", "g4ad", "vt1")
_VCPUS = {"c1.xlarge": 8, "c4.8xlarge": 36, "d2.8xlarge": 36}
"""Types that are older than the rule of the sizes."""
_XEN = frozenset(
    {
        *("c1", "c3", "c4", "cc1", "cc2", "cg1", "cr1", "d2", "f1", "g2", "g3", "g3s", "h1", "hi1", "hs1", "i2", "i3"),
        *("m1", "m2", "m3", "m4", "p2", "p3", "r3", "r4", "t1", "t2", "x1", "x1e"),
    }
)
FIRST_NITRO_GENERATION = 5
"""From here on all types are, whatever their category."""
PODS_WITH_PREFIXES = 110
"""On a node of any size but the smallest and the largest."""


def architecture(instance_type: str) -> Architecture:
    """Graviton families have a `g` behind the generation (m7g, c7gn, im4gn, is4gen); the others are named here."""
    graviton = re.match(r"[a-z]+\d+[a-z]*g", _family(instance_type))
    return "arm64" if graviton or _family(instance_type) in ("a1", "p6e-gb200") else "amd64"


def accelerator(instance_type: str) -> Accelerator | None:
    """What a type has beside its processor; such nodes need an image with drivers for it."""
    family = _family(instance_type)
    if family in _OTHER:
        return "other"
    return "nvidia" if _NVIDIA.fullmatch(family) else "neuron" if _NEURON.fullmatch(family) else None


def is_nitro(instance_type: str) -> bool:
    """Whether AWS's own hypervisor, or none, runs it: others take no prefixes of addresses.

    https://docs.aws.amazon.com/ec2/latest/instancetypes/ec2-nitro-instances.html
    """
    return _family(instance_type) not in _XEN or instance_type.endswith(".metal")


def efa_interfaces(instance_types: Sequence[str]) -> int:
    """How many Elastic Fabric Adapters any of the types takes, one on each of its network cards; none when 0."""
    return min(_EFA["several"].get(name, 1) if name in _WITH_EFA else 0 for name in instance_types)


def vcpus(instance_type: str) -> int | None:
    """How many a type has at most; None for bare metal, whose name does not say it."""
    size = instance_type.partition(".")[2]
    if instance_type in _VCPUS:
        return _VCPUS[instance_type]
    if count := re.fullmatch(r"(\d*)xlarge|metal-(\d+)xl", size):
        threads = 1 if re.fullmatch(r"hpc\d+[ai].*", _family(instance_type)) else 2
        return 2 * threads * int(count[1] or count[2] or 1)
    return 1 if _is_medium(instance_type) else {"small": 2, "medium": 2, "large": 2}.get(size)


def allocatable_millicpus(instance_type: str, count: int | None = None) -> int | None:
    """What is left of a node's CPUs for pods, in thousandths: the kubelet keeps 6, 1, 0.5 and 0.25 % of them.

    They are as many as the type has, unless `count` says otherwise.

    https://github.com/awslabs/amazon-eks-ami/blob/v20260714/nodeadm/internal/kubelet/config.go#L410
    """
    count = count or vcpus(instance_type)
    if count is None:
        return None
    kept = [60, 10, 5, 5][:count] + [2.5] * max(0, count - 4)
    return int(count * 1000 - sum(kept))


def pods_with_prefixes(instance_types: Sequence[str], *, reserved: bool = False) -> int:
    """How many pods any of the types has room for when the CNI gives nodes prefixes of addresses.

    EKS advises 110, and 250 on nodes of more than 30 vCPUs. Only small types have fewer addresses: two interfaces of 3
    prefixes, 16 each, of which one is `reserved` where pods have subnets of their own.
    https://docs.aws.amazon.com/eks/latest/userguide/choosing-instance-type.html
    """
    if any(_is_medium(name) or name in _FEW_ADDRESSES for name in instance_types):
        return 50 if reserved else 98
    if reserved and _ONE_INTERFACE in instance_types:
        return 2  # those in the network of the node
    if reserved and any(_FEWER_ADDRESSES.fullmatch(name) for name in instance_types):
        return 98
    return 250 if all((vcpus(name) or 0) > 30 for name in instance_types) else PODS_WITH_PREFIXES


_ONE_INTERFACE = "hpc6id.32xlarge"
_FEWER_ADDRESSES = re.compile(r"d3(en)?\.xlarge|t\d\w*\.small")
"""Two interfaces of 3 prefixes, or three of 2, beside the node's own."""
_FEW_ADDRESSES = ("g4ad.xlarge", "g4ad.2xlarge", "t3a.small")


def _is_medium(instance_type: str) -> bool:
    """The half of a large one; those of burstable families have as many CPUs as a large one."""
    return instance_type.endswith(".medium") and not re.fullmatch(r"(t\d|c1).*", _family(instance_type))


def _family(instance_type: str) -> str:
    return instance_type.partition(".")[0]


def _alike(instance_types: Sequence[str]) -> bool:
    return len({(architecture(name), accelerator(name)) for name in instance_types}) < 2


InstanceType = Annotated[
    str,
    Rule(
        lambda name: name in TYPES,
        "must be the name of an EC2 instance type, of a size that EC2 has",
        f'write for example "m7g.large"; a type that is new goes into facts/{_FILE.name}',
        pattern=r"[a-z]{1,8}[\d-][a-z0-9-]{0,20}\.(nano|micro|small|medium|large|\d{0,3}xlarge|metal(-\d{1,3}xl)?)",
    ),
    Rule(
        lambda name: not name.endswith((".nano", ".micro")),
        "it has room for 4 pods, and a cluster's own DaemonSets are more",
        'take a larger size, for example "t4g.medium"',
    ),
]
InstanceTypes = Annotated[
    tuple[InstanceType, ...],
    NOT_EMPTY,
    at_most(20, "instance types"),
    UNIQUE,
    Rule(
        _alike,
        "x86, Arm, GPU and Neuron instances need different images, so they cannot share a group",
        "make one group of nodes for each kind",
    ),
]
