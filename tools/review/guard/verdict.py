"""Which dangers the guard refuses, and which somebody accepts."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

from tools.review.dangers import RULES, Danger
from tools.status import Status


@dataclass(frozen=True)
class GuardVerdict:
    """All dangers of a change, by what becomes of them."""

    refused: tuple[Danger, ...]
    accepted: tuple[Danger, ...]
    told: tuple[Danger, ...]
    """Neither refused nor in need of being accepted."""
    mistakes: tuple[str, ...]
    """An ALLOW that accepts nothing is a typo, or stale; one report for each."""

    @property
    def status(self) -> Status:
        """The exit status."""
        if self.refused:
            return Status.REFUSED
        return Status.FAILED if self.mistakes else Status.DONE


def verdict(dangers: Iterable[Danger], allow: str = "") -> GuardVerdict:
    """`allow` holds logical ids, of all clusters or of one (`dev/Cluster`), separated by spaces or commas."""
    listed = list(dangers)
    serious = [danger for danger in listed if RULES[danger.rule].refused]
    allowed = dict.fromkeys(allow.replace(",", " ").split())
    return GuardVerdict(
        refused=tuple(danger for danger in serious if not allowed.keys() & _names(danger)),
        accepted=tuple(danger for danger in serious if allowed.keys() & _names(danger)),
        told=tuple(danger for danger in listed if not RULES[danger.rule].refused),
        mistakes=tuple(
            _mistake(name, serious, listed) for name in allowed if not any(name in _names(each) for each in serious)
        ),
    )


def _names(danger: Danger) -> set[str]:
    return {danger.id, f"{danger.cluster}/{danger.id}"}


def _mistake(name: str, serious: list[Danger], listed: list[Danger]) -> str:
    said = f"ALLOW={name!r} accepts nothing"
    needless = next((danger for danger in listed if name in _names(danger)), None)
    if needless:
        return f"{said}: the guard does not refuse {needless.rule}; leave it out"
    near = difflib.get_close_matches(name, sorted({each for danger in serious for each in _names(danger)}), n=3)
    meant = f"write {' or '.join(near)}, or leave it out" if near else "leave it out"
    return f"{said}: no danger that the guard refuses has this logical id; {meant}"
