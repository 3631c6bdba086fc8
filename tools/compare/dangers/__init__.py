"""What a person should know before a change is merged: lost state, refused updates, doors opened, guards removed.

A rule is a small function over the changes of a cluster. What it cannot see is what differs in the account itself, and
what charts render to.
"""

from __future__ import annotations

from tools.compare.dangers import admin, exposure, kubernetes, protection, renames, stacks, state, updates
from tools.compare.dangers.danger import Danger
from tools.compare.differences import ClusterDifference

__all__ = ["RULES", "Danger", "dangers"]

RULES = (
    "deletes-state",
    "replaces-state",
    "create-only",
    "renames-resource",
    "moves",
    "leaves-behind",
    "mixed-eks-update",
    "skips-minor",
    "changes-owner",
    "resets-nodes",
    "opens-endpoint",
    "removes-protection",
    "widens-admin",
)
"""The names of all rules, in the order in which dangers are told."""

_MODULES = (state, renames, stacks, updates, exposure, protection, kubernetes, admin)


def dangers(difference: ClusterDifference) -> tuple[Danger, ...]:
    """All dangers of a cluster's change, the worst rules first; none of a new cluster."""
    found = [danger for module in _MODULES for rule in module.RULES for danger in rule(difference)]
    return tuple(sorted(found, key=lambda danger: RULES.index(danger.rule)))
