"""The images that nodes start from, and their releases. Which are pinned stands in `facts/node_images.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

from blueprint.fields import matches
from blueprint.instances import Accelerator, Architecture

LinuxFamily = Literal["AL2023", "BOTTLEROCKET"]
Family = Literal["AL2023", "BOTTLEROCKET", "WINDOWS"]
System = Literal[
    "AL2023",
    "BOTTLEROCKET",
    "WINDOWS_CORE_2019",
    "WINDOWS_FULL_2019",
    "WINDOWS_CORE_2022",
    "WINDOWS_FULL_2022",
    "WINDOWS_CORE_2025",
    "WINDOWS_FULL_2025",
]
"""What nodes run that join by themselves."""

# Values of amiType that EKS still makes images for. https://docs.aws.amazon.com/eks/latest/APIReference/API_Nodegroup.html
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
    "WINDOWS_CORE_2019_x86_64",
    "WINDOWS_FULL_2019_x86_64",
    "WINDOWS_CORE_2022_x86_64",
    "WINDOWS_FULL_2022_x86_64",
    "WINDOWS_CORE_2025_x86_64",
    "WINDOWS_FULL_2025_x86_64",
]

ImageRelease = Annotated[
    str,
    matches(
        r"\d{1,3}\.\d{1,3}\.\d{1,3}-[0-9a-f]{8}|\d\.\d{2}-20\d{2}\.\d{2}\.\d{2}",
        "must be a release of an EKS image",
        'write for example "1.36.2-20260625" (AL2023) or "1.66.0-1ad6b4a4" (Bottlerocket)',
    ),
]

# https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html (names of parameters)
OwnImage = Annotated[
    str,
    matches(
        r"ami-([0-9a-f]{17}|[0-9a-f]{8})|/(?!aws/|ssm/)[\w.-]{1,100}(/[\w.-]{1,100}){0,9}",
        "must be the id of an image, or the name of an SSM parameter that holds one",
        'write for example "ami-0a1b2c3d4e5f60718" or "/images/al2023"',
    ),
]
"""An image of one's own."""

_OTHERS: tuple[Family, ...] = ("BOTTLEROCKET", "WINDOWS")
FIRST_WINDOWS_2025 = "1.35"
"""The minor since which EKS has images of Windows Server 2025: eksctl v0.230.0 pkg/ami/ssm_resolver.go:76."""

_PINNED: dict[str, dict[str, Any]] = tomllib.loads(
    (Path(__file__).parent.parent / "facts" / "node_images.toml").read_text(encoding="utf-8")
)


def family(ami_type: str) -> Family:
    """Whose image an AMI type is, or a system."""
    return next((kind for kind in _OTHERS if ami_type.startswith(kind)), "AL2023")


def ami_type(cpu: Architecture, chips: Accelerator | None) -> AmiType:
    """The Amazon Linux image with drivers for a kind of instance; types of other accelerators have none."""
    if chips == "neuron":
        return "AL2023_x86_64_NEURON"
    if cpu == "arm64":
        return "AL2023_ARM_64_NVIDIA" if chips == "nvidia" else "AL2023_ARM_64_STANDARD"
    return "AL2023_x86_64_NVIDIA" if chips == "nvidia" else "AL2023_x86_64_STANDARD"


def ami_architecture(name: str) -> Architecture:
    """The processor that an AMI type is for."""
    return "arm64" if "ARM_64" in name else "amd64"


def release(kind: Family, version: str) -> str:
    """The pinned release for a Kubernetes minor; none of Windows, whose images AWS takes back after four months.

    https://docs.aws.amazon.com/eks/latest/userguide/eks-optimized-windows-ami.html
    """
    if kind == "WINDOWS":
        return ""
    pinned: str = _PINNED["bottlerocket"]["release"] if kind == "BOTTLEROCKET" else _PINNED["al2023"][version]
    return pinned


def version_of(kind: Family, name: str) -> str | None:
    """The Kubernetes minor that a release is of; a release of Bottlerocket serves several, and has its own numbers."""
    if kind == "WINDOWS":
        return name.partition("-")[0]
    return None if kind == "BOTTLEROCKET" else name.rpartition(".")[0]


def is_of(kind: Family, name: str) -> bool:
    """Whether a release is one of the family: those of Amazon Linux end in a date, of Bottlerocket in a commit, and in
    those of Windows the date has dots.
    """
    end = name.rpartition("-")[2]
    if "." in end:
        return kind == "WINDOWS"
    return kind == ("AL2023" if end.startswith("20") and end.isdigit() else "BOTTLEROCKET")


def first_bottlerocket(version: str) -> str:
    """The first release of Bottlerocket with images for a Kubernetes minor."""
    first: str = _PINNED["bottlerocket"]["first"][version]
    return first


def parameter(kind: Family, version: str, cpu: Architecture, chips: Accelerator | None, name: str) -> str:
    """The SSM parameter that names the image of a release for a Kubernetes minor.

    AL2023: karpenter-provider-aws v1.14.1 pkg/providers/amifamily/al2023.go:82-88.
    Bottlerocket: https://github.com/bottlerocket-os/bottlerocket/blob/v1.26.0/QUICKSTART-EKS.md#L98-L105; images for
    Neuron are the plain ones (eksctl pkg/apis/eksctl.io/v1alpha5/amitype.go:13-105).
    """
    arch = "arm64" if cpu == "arm64" else "x86_64"
    number, _, build = name.rpartition("-")
    if kind == "BOTTLEROCKET":
        flavour = "-nvidia" if chips == "nvidia" else ""
        return f"/aws/service/bottlerocket/aws-k8s-{version}{flavour}/{arch}/{number}/image_id"
    flavour = chips if chips in ("nvidia", "neuron") else "standard"
    image = f"amazon-eks-node-al2023-{arch}-{flavour}-{version}-v{build}"
    return f"/aws/service/eks/optimized-ami/{version}/amazon-linux-2023/{arch}/{flavour}/{image}/image_id"


def windows_parameter(server: str, version: str) -> str:
    """The SSM parameter that names the newest image of a Windows Server: eksctl v0.230.0 pkg/ami/ssm_resolver.go:60-84.

    There is none for a release.
    """
    _, edition, year = server.removesuffix("_x86_64").split("_")
    image = f"Windows_Server-{year}-English-{edition.capitalize()}-EKS_Optimized-{version}"
    return f"/aws/service/ami-windows-latest/{image}/image_id"


def is_older(name: str, than: str) -> bool:
    """Whether a Bottlerocket number is below another: 1.9.0 is older than 1.10.0."""
    one, other = (tuple(map(int, each.partition("-")[0].split("."))) for each in (name, than))
    return one < other
