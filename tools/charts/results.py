"""What may become of a chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from blueprint.contribution import Release


@dataclass(frozen=True)
class Rendered:
    """What the release would install."""

    objects: tuple[Mapping[str, Any], ...]
    """Plain data, definitions from `crds/` first. Hooks carry the annotation `helm.sh/hook`; tests are left out."""
    kube_version: str = ""
    """The Kubernetes versions that the chart says it runs on, for example ">=1.25.0-0"; empty when it does not say."""


@dataclass(frozen=True)
class Failed:
    """The release cannot be installed like this: no such version of the chart, or Helm refuses values or version."""

    reason: str


@dataclass(frozen=True)
class Unreachable:
    """Nobody knows: the chart, or Helm, could not be had."""

    reason: str


Outcome = Rendered | Failed | Unreachable

Render = Callable[[Sequence[Release], str], Sequence[Outcome]]
"""What releases would install on a Kubernetes version, in their order."""
