"""What a check found out, as data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tools.status import CannotError

FindingStatus = Literal["problem", "unknown", "warning", "unchecked", "ok"]
STATUSES: tuple[FindingStatus, ...] = ("problem", "unknown", "warning", "unchecked", "ok")
"""Worst first: a deploy would fail; the look failed; it would work, with a risk; nobody looked; fine."""


@dataclass(frozen=True)
class Finding:
    """One thing that a check looked at; `why` and `fix` are empty when it is fine."""

    check: str
    """The concept that was checked: `quotas`, `dns`."""
    status: FindingStatus
    what: str
    why: str = ""
    """What it does to a deploy or to the cluster."""
    fix: str = ""
    """What to do about it, a command where there is one."""


def ok(check: str, what: str) -> Finding:
    """Nothing to do."""
    return Finding(check, "ok", what)


def unchecked(check: str, what: str) -> Finding:
    """The doctor has no check for it."""
    return Finding(check, "unchecked", what)


def warning(check: str, what: str, why: str, fix: str) -> Finding:
    """A deploy works, but something will go wrong later, or may."""
    return Finding(check, "warning", what, why, fix)


def problem(check: str, what: str, why: str, fix: str) -> Finding:
    """A deploy fails, or breaks what runs."""
    return Finding(check, "problem", what, why, fix)


def unknown(check: str, what: str, why: str, fix: str) -> Finding:
    """It could not be looked at, so a deploy may fail."""
    return Finding(check, "unknown", what, why, fix)


class NotReadyError(CannotError):
    """Nothing can be checked: no credentials, the wrong account, no network."""

    def __init__(self, what: str, why: str, fix: str) -> None:
        self.what, self.why, self.fix = what, why, fix
        super().__init__(f"{what}\n    why  {why}\n    fix  {fix}")
