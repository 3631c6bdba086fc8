"""Mistakes and mishaps that a person can mend."""

from __future__ import annotations

from tools.status import CannotError


class LocalError(CannotError):
    """One clear message: what is wrong, and what to do."""
