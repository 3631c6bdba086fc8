"""A small valid cluster to break, ways to break it, and what every report must look like."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar, NoReturn, TypeVar

import pytest
from _pytest.mark import ParameterSet

from addons.eks_pod_identity_agent import EksPodIdentityAgent
from addons.kube_proxy import KubeProxy
from addons.vpc_cni import VpcCni
from blueprint import (
    AutoMode,
    Blueprint,
    Cluster,
    FargateProfile,
    FargateSelector,
    ManagedNodes,
    NewNetwork,
    Plan,
    Role,
    plan,
)
from blueprint.addons import Addon, Chart, ClusterFacts, Contribution, HelmAddon
from blueprint.errors import BlueprintError
from blueprint.teams import ApplicationTeam
from blueprint.value import Value
from tests.blueprint.honesty import assert_honest

V = TypeVar("V", bound=Value)

PLACE = "clusters/dev.py: DEV"

CORE = (VpcCni(), KubeProxy(), EksPodIdentityAgent())
SMALL = Blueprint(
    name="dev",
    account="111111111111",
    region="us-west-2",
    network=NewNetwork(cidr="10.0.0.0/16"),
    cluster=Cluster(version="1.35", admins=(Role("BreakGlass"),)),
    compute=(ManagedNodes("system", instance_types=("m7g.large",)),),
    addons=CORE,
)
AUTO = replace(SMALL, compute=(AutoMode(),), addons=())
FARGATE = replace(
    SMALL,
    compute=(FargateProfile("apps", selectors=(FargateSelector("kube-system"), FargateSelector("probe"))),),
    addons=(),
)
TEAM = ApplicationTeam("payments", developers=(Role("PaymentsDeveloper"),))


class Plain(Addon):
    """An add-on that adds nothing; tests make others from it."""

    def contribute(self, facts: ClusterFacts) -> Contribution:
        return Contribution()


class Probe(HelmAddon):
    """An add-on with a chart and nothing else."""

    name: ClassVar[str] = "probe"
    namespace = "probe"
    chart = Chart("probe", "https://charts.example.com", "1.0.0")


def changed(value: V, /, **fields: Any) -> V:
    """`dataclasses.replace` for values that the type checker would refuse."""
    return replace(value, **fields)


def with_network(**fields: Any) -> Blueprint:
    """SMALL with these fields in its network."""
    return replace(SMALL, network=changed(SMALL.network, **fields))


def with_cluster(**fields: Any) -> Blueprint:
    """SMALL with these fields in its control plane."""
    return replace(SMALL, cluster=changed(SMALL.cluster, **fields))


def with_nodes(**fields: Any) -> Blueprint:
    """SMALL with these fields in its group of nodes."""
    return changed(SMALL, compute=(changed(SMALL.compute[0], **fields),))


def with_addons(*addons: object, base: Blueprint = SMALL) -> Blueprint:
    """The cluster with these add-ons behind its own."""
    return changed(base, addons=(*base.addons, *addons))


def with_teams(*teams: object, base: Blueprint = SMALL) -> Blueprint:
    """The cluster with these teams."""
    return changed(base, teams=teams)


def part(made: Plan, name: str) -> Contribution:
    """What the add-on or team of this name adds."""
    (found,) = (planned.contribution for planned in made.parts if planned.name == name)
    return found


def error_of(blueprint: object) -> BlueprintError:
    """The report of a blueprint with mistakes."""
    with pytest.raises(BlueprintError) as raised:
        plan(blueprint, PLACE)  # type: ignore[arg-type]  # hostile on purpose
    assert_readable(raised.value)
    for problem in raised.value.problems:
        assert problem.file or problem.path[0] == PLACE
        assert_honest(problem, blueprint, problem.path[1:])
    return raised.value


def places(blueprint: object) -> list[str]:
    """Where its mistakes are, as a user writes it behind the name of the blueprint."""
    return [problem.place.removeprefix(PLACE).removeprefix(".") for problem in error_of(blueprint).problems]


def mistake(id: str, blueprint: object, place: str, rule: str, fix: str) -> ParameterSet:
    """One row of a table: a blueprint with one mistake, and what the report says about it."""
    return pytest.param(blueprint, place, rule, fix, id=id)


TABLE = ("blueprint", "place", "rule", "fix")


def assert_reported(blueprint: object, place: str, rule: str, fix: str) -> None:
    """The report names this place and no other, says this about the rule, and this about the fix."""
    assert places(blueprint) == [place]
    (problem,) = error_of(blueprint).problems
    assert rule in problem.rule
    assert fix in problem.fix


def assert_readable(error: BlueprintError, *, of_faults: bool = False) -> None:
    """A head, then for each problem a place and three lines; nothing a user wrote can forge one or fill the screen."""
    head, *paragraphs = str(error).split("\n\n")
    assert head.endswith("nothing was synthesized.")
    assert len(paragraphs) == len(error.problems) <= 100
    for paragraph in paragraphs:
        place, value, rule, fix = paragraph.split("\n")
        assert [line[:11] for line in (value, rule, fix)] == ["    value  ", "    rule   ", "    fix    "]
        assert place
        assert of_faults or "does not come to an end" not in rule, f"a class of ours fails: {paragraph}"
        assert all(line[11:].strip() for line in (value, rule, fix))
        assert all(len(line) < 1100 and line.isprintable() for line in (place, value, rule, fix))


HOSTILE = ("__repr__", "__str__", "__eq__", "__hash__", "__len__", "__iter__", "__bool__", "__getattr__", "__lt__")


def _fail(*_: object) -> NoReturn:
    raise RuntimeError("hostile\nobject")


def hostile(*methods: str) -> object:
    """An object whose methods of these names raise."""
    return type("Hostile", (), dict.fromkeys(methods, _fail))()
