"""Kubernetes versions that EKS offers."""

from __future__ import annotations

import re
from typing import Annotated

from blueprint.fields import matches, one_of

# Those that EKS offers and for which versions of all add-ons of `addons/core.py` are known: 1.32 is in extended support
# until March 2027, 1.37 came in October 2026, and AWS publishes no list of add-on versions that can be read without an
# account. https://docs.aws.amazon.com/eks/latest/userguide/kubernetes-versions.html, as of November 2026. A version
# leaves standard support 14 months after EKS released it, 1.34 on 2 December 2026, and is refused 12 months later.
STANDARD_SUPPORT = ("1.34", "1.35", "1.36")
EXTENDED_SUPPORT = ("1.33",)
SUPPORTED = EXTENDED_SUPPORT + STANDARD_SUPPORT
DEFAULT = "1.36"
"""What EKS itself takes for a new cluster, as of October 2026."""

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
