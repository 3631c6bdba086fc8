"""Mistakes and mishaps that a person can mend."""

from __future__ import annotations


class LocalError(Exception):
    """One clear message: what is wrong, and what to do."""
