"""Junk in what users write as code: methods and facts of add-ons and teams, offers, workloads, compute.

Whatever it is, there is a plan or a report; and what no one could mean is never planned without a word.
"""

from __future__ import annotations

import gc
import inspect
import os
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import fields, replace
from types import FunctionType, new_class
from typing import Any, NoReturn

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blueprint import Blueprint, ManagedNodes, Role, hints, plan, value
from blueprint.addons import CallsAws, EksAddon, HelmAddon
from blueprint.addons.offers import Offer
from blueprint.errors import BlueprintError
from blueprint.faults import FAILS
from blueprint.teams import ApplicationTeam, FromLoadBalancer, PlatformTeam
from blueprint.teams.workloads import TeamWorkload
from blueprint.value import Value
from tests.blueprint.examples import AUTO, SMALL, Probe, assert_readable, changed, with_addons, with_teams
from tests.blueprint.test_fuzz import JUNK, often

pytestmark = pytest.mark.thorough


class OwnChart(CallsAws, HelmAddon):
    """As a user writes one."""

    name = "own"
    namespace = "own"
    chart = Probe.chart
    service_account = "own"


class OwnEksAddon(CallsAws, EksAddon):
    """Likewise."""

    name = "own"
    versions = {"1.35": "v1.0.0-eksbuild.1"}
    service_account = "own"


class OwnWorkload(TeamWorkload):
    """Likewise."""

    key = "own"


@pytest.fixture(autouse=True, scope="module")
def forgotten() -> Iterator[None]:
    """Reports name the classes that somebody may write, and those of this file are nobody's."""
    yield
    for each in (
        value.faults_of,
        value.field_types,
        hints.hints_of,
        hints._own_hints,
        hints.lacking_in,
        value._held,
        value._fitting,
    ):
        each.cache_clear()
    for error in ERRORS:
        error.__traceback__ = error.__context__ = None
    gc.collect()
    assert "Own" not in {each.__name__ for cls in CLUSTERS for each in type.__subclasses__(cls)}


Make = Callable[[type[Any]], Blueprint]
CLUSTERS: dict[type[Value], Make] = {
    OwnChart: lambda cls: with_addons(cls(), base=AUTO),
    OwnEksAddon: lambda cls: with_addons(cls(), base=AUTO),
    PlatformTeam: lambda cls: with_teams(cls("own", members=(Role("Own"),)), base=AUTO),
    ApplicationTeam: lambda cls: with_teams(cls("own", developers=(Role("Own"),)), base=AUTO),
    OwnWorkload: lambda cls: with_teams(
        ApplicationTeam("own", developers=(Role("Own"),), workloads=(cls(namespace="own"),)), base=AUTO
    ),
    FromLoadBalancer: lambda cls: with_teams(
        ApplicationTeam("own", developers=(Role("Own"),), network=(cls(ports=(8080,)),)), base=AUTO
    ),
    ManagedNodes: lambda cls: changed(SMALL, compute=(cls("own", instance_types=("m7g.large",)),)),
    Role: lambda cls: changed(SMALL, cluster=changed(SMALL.cluster, admins=(cls("Own"),))),
}
"""A cluster with a value of a class in the place of this one, and with nothing else where that can be."""
EXTENDED = (OwnChart, OwnEksAddon, PlatformTeam, ApplicationTeam, OwnWorkload)
"""Of which users write classes; of the others none needs to, but may."""
LATER = {"upgrade_steps", "typical", "upstream_values"}
"""What a plan does not ask, only what plans an upgrade or writes down what charts install."""


def hooks(cls: type[Value]) -> Iterator[str]:
    """What a class below may say in another way: methods, properties and facts."""
    own = {field.name for field in fields(cls)}
    yield from (name for name in dir(cls) if not name.startswith("_") and name not in own)


HOOKS = [(cls, name) for cls in CLUSTERS for name in hooks(cls)]
ASKED = [(cls, name) for cls, name in HOOKS if cls in EXTENDED and name not in LATER]


def in_its_place(cls: type[Value], name: str, member: Any) -> Blueprint:
    """The cluster whose value has another member of the name, a method or a property where it was one."""
    was = inspect.getattr_static(cls, name)
    if isinstance(was, property):
        member = property(member)
    elif not inspect.isfunction(was):
        member = member(None)
    return CLUSTERS[cls](
        new_class("Own", (cls,), {}, lambda names: names.update({name: member, "__module__": __name__}))
    )


def outcomes(cls: type[Value], name: str, members: Iterable[Callable[..., object]]) -> Iterator[str]:
    """The report of each; of one class where it is not the class that differs, since new ones take long."""
    if isinstance(inspect.getattr_static(cls, name), property | FunctionType):
        now: dict[str, Callable[..., object]] = {}

        def member_of_now(*given: object) -> object:
            return now[name](*given)

        blueprint = in_its_place(cls, name, member_of_now)
        for member in members:
            now[name] = member
            yield outcome(blueprint)
    else:
        for member in members:
            yield outcome(in_its_place(cls, name, member))


def giving(junk: object) -> Callable[..., object]:
    return lambda *_: junk


def outcome(blueprint: Blueprint) -> str:
    """The report, or nothing for a plan."""
    try:
        plan(blueprint)
    except BlueprintError as error:
        assert_readable(error, of_faults=True)
        return str(error)
    return ""


@pytest.mark.parametrize("make", CLUSTERS.values(), ids=[cls.__name__ for cls in CLUSTERS])
def test_without_junk_there_is_a_plan(make: Make) -> None:
    cls = next(cls for cls, each in CLUSTERS.items() if each is make)
    assert outcome(make(cls)) == ""


def test_every_hook_of_a_contract_is_tried() -> None:
    assert {"hosts", "values", "permissions", "contribute", "follows", "problems_on", "offers"} <= {
        name for cls, name in HOOKS if cls is OwnChart
    }
    assert {"connections", "asks_for", "named_secrets", "statements", "spaces"} <= {
        name for cls, name in HOOKS if cls is ApplicationTeam
    }


def offers(*junk: object) -> tuple[Any, ...]:
    return tuple(frozenset({Offer(*junk)}) if kind else (Offer(*junk),) for kind in (0, 1))  # type: ignore[arg-type]  # junk


NOBODY_MEANS = [
    object(),
    b"x",
    range(3),
    ...,
    1.5,
    (object(),),
    {3: 4},
    {"a": object()},
    frozenset({b"x"}),
    *offers(1, 2, 3),
]


# Names of what comes from Git may come in a mapping: they are its keys.
@pytest.mark.parametrize(
    ("cls", "name"),
    [(cls, name) for cls, name in ASKED if name != "from_git"],
)
def test_what_nobody_means_is_never_planned(cls: type[Value], name: str) -> None:
    reports = outcomes(cls, name, map(giving, NOBODY_MEANS))
    planned = [junk for junk, report in zip(NOBODY_MEANS, reports, strict=True) if not report]
    assert planned == []


class AnExit(BaseException):
    """Of no usual kind."""


def raising(error: BaseException) -> Callable[..., NoReturn]:
    def fail(*_: object) -> NoReturn:
        raise error

    return fail


def leaving(*_: object) -> NoReturn:
    os._exit(0)


ERRORS = [
    ValueError("a\n\n    rule   forged"),
    KeyError("a"),
    RecursionError(),
    AnExit(),
    SystemExit(0),
    GeneratorExit(),
]
CALLED = [
    (cls, name)
    for cls, name in HOOKS
    if isinstance(was := inspect.getattr_static(cls, name), property) or (inspect.isfunction(was) and name not in LATER)
]


@pytest.mark.parametrize(("cls", "name"), CALLED, ids=[f"{cls.__name__}.{name}" for cls, name in CALLED])
def test_code_that_leaves_is_told_with_its_line(cls: type[Value], name: str) -> None:
    ways = (*map(raising, ERRORS), leaving)
    for fail, report in zip(ways, outcomes(cls, name, ways), strict=True):
        assert FAILS in report, fail
        assert re.search(r"fix    correct blueprint/test_fuzz_hooks\.py:\d+$", report, re.MULTILINE)


@often
@given(st.sampled_from(ASKED), JUNK)
def test_junk_from_any_hook_ends_in_a_plan_or_a_report(hook: tuple[type[Value], str], junk: object) -> None:
    outcome(in_its_place(*hook, giving(junk)))


OFFERED = st.builds(Offer, *[JUNK] * 4)


@given(OFFERED, OFFERED)
def test_offers_of_junk_end_in_a_plan_or_a_report(offered: Offer, asked: Offer) -> None:
    addon = in_its_place(OwnChart, "offers", giving((offered,))).addons[-1]
    team = in_its_place(ApplicationTeam, "asks_for", lambda *_: frozenset({asked})).teams[0]
    outcome(replace(SMALL, addons=(*SMALL.addons, addon), teams=(team,)))


def test_one_cause_is_one_problem() -> None:
    """A text of 10,000 letters, each of which is no problem."""
    for name in ("problems_on", "problems", "hosts", "objects"):
        assert outcome(in_its_place(OwnChart, name, giving("x" * 10_000))).startswith("1 problem;"), name
