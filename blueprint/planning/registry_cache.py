"""Which registries Amazon ECR caches in each account and region: one set of rules for all clusters there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from blueprint.errors import BlueprintError, Problem
from blueprint.mirrors import PullThroughCache
from blueprint.planning.document import Plan


@dataclass(frozen=True)
class RegistryCache:
    """The rules of ECR in one account and region."""

    account: str
    region: str
    caches: tuple[PullThroughCache, ...]

    @property
    def name(self) -> str:
        """Of its stack."""
        return f"{self.account}-{self.region}"


def registry_caches(plans: Iterable[Plan]) -> tuple[RegistryCache, ...]:
    """What the clusters ask for. Raises BlueprintError where they contradict each other."""
    found: dict[tuple[str, str], dict[str, tuple[str, PullThroughCache]]] = {}
    problems = []
    for plan in plans:
        facts = plan.facts
        here = found.setdefault((facts.account, facts.region), {})
        for each in plan.image_caches:
            cluster, other = here.setdefault(each.prefix, (facts.name, each))
            if other != each:
                rule = f"in this account and region {cluster} has it for {other.registry}"
                rule += ", with another secret" if other.registry == each.registry else ""
                place = (facts.name, "mirrors", "cache")
                problems.append(Problem(place, each.prefix, rule, "write the same in both, or take another prefix"))
    if problems:
        raise BlueprintError(problems)
    return tuple(
        RegistryCache(account, region, tuple(each for _, (_, each) in sorted(caches.items())))
        for (account, region), caches in found.items()
        if caches
    )
