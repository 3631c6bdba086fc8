"""What a person should know before a change is merged: lost state, refused updates, doors opened, guards removed.

A rule is a small function over the changes of a cluster. What it cannot see is what differs in the account itself, and
what charts render to.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from tools.review.dangers import (
    addons,
    admin,
    delivery,
    exposure,
    kubernetes,
    leftovers,
    owners,
    protection,
    renames,
    sources,
    stacks,
    state,
    updates,
)
from tools.review.dangers.addons import Plans
from tools.review.dangers.danger import Danger
from tools.revision.differences import ClusterDifference

__all__ = ["RULES", "Danger", "Enforcement", "Handling", "dangers", "worst_first"]

Enforcement = Literal["block", "warn"]
"""`block` stops the pull request until it is approved; `warn` only shows the danger."""


@dataclass(frozen=True)
class Handling:
    """What becomes of a danger where nobody says otherwise."""

    refused: bool
    """By `make guard`: a deploy cannot take it back, or fails of it; the others are for the eyes of a reviewer."""
    gate: Enforcement = "block"
    """In a pull request, unless `review-policy.toml` says more."""


RULES: Mapping[str, Handling] = {
    "deletes-state": Handling(refused=True),
    "replaces-state": Handling(refused=True),
    "create-only": Handling(refused=True),
    "renames-resource": Handling(refused=True),
    "moves": Handling(refused=True),
    "leaves-behind": Handling(refused=True, gate="warn"),
    "mixed-eks-update": Handling(refused=True),
    "skips-minor": Handling(refused=True),
    "changes-owner": Handling(refused=True),
    "resets-nodes": Handling(refused=True),
    "removes-addon": Handling(refused=True),
    "changes-delivery": Handling(refused=True),
    "one-way": Handling(refused=False),
    "opens-endpoint": Handling(refused=False),
    "removes-protection": Handling(refused=False),
    "changes-team": Handling(refused=False),
    "changes-source": Handling(refused=False),
    "widens-admin": Handling(refused=False),
    "keeps-objects": Handling(refused=False, gate="warn"),
    "keeps-resources": Handling(refused=False, gate="warn"),
}
"""All rules by name, in the order in which dangers are told."""

_ORDER = {rule: place for place, rule in enumerate(RULES)}
_MODULES = (state, renames, stacks, updates, exposure, protection, sources, kubernetes, admin, leftovers)


def dangers(difference: ClusterDifference, plans: Plans = (None, None)) -> tuple[Danger, ...]:
    """All dangers of a cluster's change, the worst rules first; none of a new cluster.

    Without the plans of both sides nobody knows what stands on an add-on that goes, whose a host name is, and of what a
    VPC consists that is its owner's.
    """
    found = [danger for module in _MODULES for rule in module.RULES for danger in rule(difference)]
    for by_plans in (
        addons.removed,
        delivery.changes_delivery,
        owners.given_away,
        kubernetes.removes_protection,
        kubernetes.opens_network,
        protection.retention,
        updates.existing_network,
    ):
        found += by_plans(difference, plans)
    return worst_first(delivery.without_what_moves(found, plans))


def worst_first(found: Iterable[Danger]) -> tuple[Danger, ...]:
    """In the order of `RULES`, and as they came within each."""
    return tuple(sorted(found, key=lambda danger: _ORDER[danger.rule]))
