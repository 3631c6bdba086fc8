"""What becomes of a part in a cluster outside of AWS, on a laptop for example."""

from __future__ import annotations

from dataclasses import dataclass

from blueprint.contribution import Contribution
from blueprint.kubernetes import Manifest


@dataclass(frozen=True)
class OffAws:
    """As its add-on has it."""

    left_out: str = ""
    """Why it is not there; empty where it is."""
    objects: tuple[Manifest, ...] | None = None
    """In the place of those that it brings, which are the same when None. Of one that is left out, classes of volumes
    and Ingresses stand there all the same, since others name them."""


def needs_aws(brought: Contribution, *, works_without_permissions: bool) -> str:
    """Why it makes no sense without AWS, as far as what it brings tells; empty where it may."""
    if brought.managed_addons:
        return "EKS installs it"
    if brought.resources:
        kinds = dict.fromkeys(type(each).__name__ for each in brought.resources)
        return f"it works by what a deploy makes in AWS ({', '.join(kinds)})"
    if brought.grants and not works_without_permissions:
        return f"it calls AWS, by the role of {' and '.join(each.name for each in brought.grants)}"
    return ""
