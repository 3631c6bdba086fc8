"""What comes from Git, as steps: namespaces, charts and objects of a part, each when what it stands on is ready."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from blueprint.contribution import Release
from blueprint.kubernetes import Manifest
from blueprint.planning.document import Part

_LONGEST = 63
"""Both engines write the name into a label. https://kubernetes.io/docs/concepts/overview/working-with-objects/labels"""


@dataclass(frozen=True)
class GitStep:
    """One Application, or one Kustomization."""

    name: str
    """`addons.karpenter.release.karpenter`: no team and no add-on can call something of its own so."""
    part: str
    objects: tuple[Manifest, ...] = ()
    release: Release | None = None
    """It has either a release or objects."""
    after: tuple[str, ...] = ()
    """Names of steps that must be ready before it."""
    wave: int = 0
    """One more than the highest of those."""
    stays: bool = False
    """Whether it is not simply removed when it leaves the plan: namespaces, with all that people put there."""


def steps(stack: str, parts: Sequence[Part]) -> tuple[GitStep, ...]:
    """Those of all parts of a stack that come from Git, in an order in which each is after what it needs."""
    made: list[GitStep] = []
    ends: dict[str, list[GitStep]] = {}
    for part in parts:
        own = before = [step for name in part.after for step in ends[name]]
        if part.in_git:
            own = [*_of_part(stack, part, before)]
            made += own
        # Whoever comes after a part of which nothing comes from Git, comes after what that one is after.
        ends[part.name] = own[-1:] if part.in_git else before
    return tuple(made)


def _of_part(stack: str, part: Part, before: Sequence[GitStep]) -> Iterator[GitStep]:
    contribution = part.contribution
    spaces = tuple(one for each in contribution.namespaces for one in (each.manifest(), *each.objects))
    found = [GitStep(named(stack, part.name, "namespaces"), part.name, spaces, stays=True)] if spaces else []
    releases = [
        GitStep(named(stack, part.name, "release", *_unless(each.name, part.name)), part.name, release=each)
        for each in contribution.releases
    ]
    objects = contribution.objects
    others = [GitStep(named(stack, part.name, "objects"), part.name, objects)] if objects else []
    found += [*others, *releases] if contribution.objects_first else [*releases, *others]
    for step in found:
        wave = max((other.wave + 1 for other in before), default=0)
        after = tuple(other.name for other in before)
        before = [GitStep(step.name, step.part, step.objects, step.release, after, wave, step.stays)]
        yield before[0]


def _unless(name: str, other: str) -> tuple[str, ...]:
    return () if name == other else (name,)


def named(*words: str) -> str:
    """The name of a step: its words, or their beginning with a digest of all of them."""
    name = ".".join(words)
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 9].rstrip('.-')}-{digest}"
