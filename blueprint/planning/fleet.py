"""From a fleet and the plans of its clusters to waves with all that holds for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from blueprint.blueprint import Blueprint
from blueprint.code_pipeline import CodePipeline
from blueprint.errors import FieldPath, rendered
from blueprint.fleet import BlueGreen, Fleet, Promotion
from blueprint.fleet_rules import waves_of
from blueprint.pipelines import OidcPipeline
from blueprint.planning.document import Plan
from blueprint.value import Value


@dataclass(frozen=True)
class PlannedWave:
    """Clusters that are deployed at once."""

    name: str
    """In the fleet: `prod-canary`."""
    environment: str
    promotion: Promotion
    """Its own, or that of its environment or of the fleet."""
    clusters: tuple[Plan, ...]


@dataclass(frozen=True)
class FleetPlan:
    """What a fleet says, with nothing left to look up."""

    waves: tuple[PlannedWave, ...]
    """Of all environments, in order."""
    pairs: tuple[BlueGreen, ...]
    pipelines: tuple[OidcPipeline, ...]
    """Those that AWS trusts by their tokens."""
    code_pipeline: CodePipeline | None
    """That of AWS, if there is one."""
    differences: Mapping[str, tuple[str, ...]]
    """Of each cluster, the fields in which it is not as the defaults of its environment say, but its name:
    `cluster.version`."""

    @property
    def clusters(self) -> tuple[Plan, ...]:
        """All, in the order of the waves."""
        return tuple(plan for wave in self.waves for plan in wave.clusters)


def fleet_plan(fleet: Fleet, blueprints: Mapping[str, Blueprint], plans: Mapping[str, Plan]) -> FleetPlan:
    """The plan of a fleet without mistakes, from what its clusters are, by their names."""
    placed = list(waves_of(fleet))
    return FleetPlan(
        waves=tuple(
            PlannedWave(
                name=each.name,
                environment=each.environment.name,
                promotion=each.wave.promotion or each.environment.promotion or fleet.promotion,
                clusters=tuple(plans[name] for name in each.wave.clusters),
            )
            for each in placed
        ),
        pairs=fleet.pairs,
        pipelines=tuple(each for each in fleet.pipelines if isinstance(each, OidcPipeline)),
        code_pipeline=next((each for each in fleet.pipelines if isinstance(each, CodePipeline)), None),
        differences={
            name: tuple(rendered(path) for path in _differences(each.environment.defaults, blueprints[name], ()))
            for each in placed
            for name in each.wave.clusters
        },
    )


def _differences(one: object, other: object, path: FieldPath) -> Iterator[FieldPath]:
    """The innermost fields that differ; nothing where there is nothing to differ from."""
    if one == other or (one is None and not path):
        return
    if isinstance(one, Value) and type(one) is type(other):
        for field in fields(one):
            if (*path, field.name) != ("name",) and field.compare:
                yield from _differences(getattr(one, field.name), getattr(other, field.name), (*path, field.name))
    elif isinstance(one, tuple) and isinstance(other, tuple) and [*map(type, one)] == [*map(type, other)]:
        for index, (item, another) in enumerate(zip(one, other, strict=True)):
            yield from _differences(item, another, (*path, index))
    else:
        yield path
