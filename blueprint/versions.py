"""Kubernetes versions that EKS offers."""

from __future__ import annotations

import re
from typing import Annotated

from blueprint.eks import VERSIONS
from blueprint.fields import matches, one_of

STANDARD_SUPPORT = VERSIONS.standard_support
EXTENDED_SUPPORT = VERSIONS.extended_support
SUPPORTED = EXTENDED_SUPPORT + STANDARD_SUPPORT
DEFAULT = VERSIONS.default
"""What EKS itself takes for a new cluster."""

SUPPORT = VERSIONS.support
"""When support of each version ends."""

RELEASE_NOTES = "https://github.com/kubernetes/kubernetes/blob/master/CHANGELOG/CHANGELOG-{minor}.md"

KubernetesVersion = Annotated[
    str,
    one_of(
        SUPPORTED,
        f"must be a Kubernetes version that EKS offers and this project knows: {', '.join(SUPPORTED)}",
        f'write it as text: "{DEFAULT}"',
    ),
]

_BOUND = re.compile(r"(>=|<=)1\.(\d+)")
KubernetesRange = Annotated[
    str,
    matches(
        r">=1\.\d{1,3}( <=1\.\d{1,3})?",
        "must be a range of Kubernetes minors, both ends included",
        'write for example ">=1.25" or ">=1.26 <=1.36"',
    ),
]


def minor(version: str) -> int:
    """35 of "1.35"."""
    return int(version.partition(".")[2])


def is_within(version: str, kubernetes: str) -> bool:
    """Whether a Kubernetes minor is in a range, such as `>=1.26 <=1.36`; all are in an empty one."""
    number = minor(version)
    bounds = [(sign, int(end)) for sign, end in _BOUND.findall(kubernetes)]
    return all(number >= end if sign == ">=" else number <= end for sign, end in bounds)


# The layers with kubectl and helm that requirements.in names. kubectl works with API servers one minor away from it.
# https://kubernetes.io/releases/version-skew-policy/#kubectl
KUBECTL_LAYERS = range(33, 37)


def kubectl_layer(version: str) -> int:
    """Minor of the kubectl layer that installs charts into a cluster of the version: its own, or the nearest."""
    return min(max(minor(version), KUBECTL_LAYERS[0]), KUBECTL_LAYERS[-1])
