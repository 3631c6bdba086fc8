"""Host names and namespaces that go from one owner to another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blueprint.access import AccessEntry
from blueprint.contribution import Contribution
from blueprint.kubernetes import Namespace
from blueprint.planning.document import Part, Plan
from tests.plans import planned
from tests.tools.review.dangers.support import manifest, stack_of, stacks_differing, thing
from tools.review.dangers import dangers

OBJECTS = {each: manifest(thing("ConfigMap", each, each)) for each in ("Shop", "Books", "Space")}
PATHS = {"Shop": "shop/objects", "Books": "books/objects", "Space": "Namespaces/ledger"}
AFTER = {id: manifest(thing("ConfigMap", id, id, data={"a": "b"})) for id in OBJECTS}
DIFFERENCE = stacks_differing((stack_of(OBJECTS, paths=PATHS), stack_of(AFTER, paths=PATHS)))


def owner(name: str, *hosts: str, spaces: tuple[str, ...] = ()) -> Part:
    return Part(name, "Plain", Contribution(hosts=hosts, namespaces=tuple(map(Namespace, spaces))))


def with_teams(*teams: Part, addons: tuple[Part, ...] = (), people: tuple[str, ...] = ()) -> Plan:
    """A person is written <team>:<name>."""
    pairs = [each.split(":") for each in people]
    groups = {who: tuple(f"team:{team}:owner" for team, other in pairs if other == who) for _, who in pairs}
    entries = tuple(AccessEntry(who, groups=those) for who, those in groups.items())
    return replace(planned(), teams=teams, addons=addons, people=entries)


BOOKS = owner("books", "books.example.com")
SHOP = owner("shop", "shop.example.com", "*.cdn.example.com")
ARGO = owner("argo-cd", "argocd.example.com")
BEFORE = with_teams(SHOP, BOOKS, addons=(ARGO,))
FREE = owner("shop")


@pytest.mark.parametrize(
    ("after", "told"),
    [
        # The same, or under a wildcard, or a wildcard over it
        (with_teams(FREE, owner("books", "shop.example.com"), addons=(ARGO,)), ["shop.example.com"]),
        (with_teams(FREE, owner("books", "a.cdn.example.com"), addons=(ARGO,)), ["a.cdn.example.com"]),
        (with_teams(FREE, owner("books", "*.b.cdn.example.com"), addons=(ARGO,)), ["*.b.cdn.example.com"]),
        (with_teams(FREE, owner("books", "*.example.com"), addons=()), ["*.example.com"] * 3),
        # By somebody who was not there, and by an add-on
        (with_teams(BOOKS, owner("new", "shop.example.com"), addons=(ARGO,)), ["shop.example.com"]),
        (with_teams(FREE, BOOKS, addons=(owner("argo-cd", "shop.example.com"),)), ["shop.example.com"]),
        (with_teams(SHOP, owner("books", "argocd.example.com")), ["argocd.example.com"]),
        # A second owner, which a plan of ours refuses
        (with_teams(SHOP, owner("books", "shop.example.com"), addons=(ARGO,)), ["shop.example.com"]),
        # Nobody's, given up, or in its hands before
        (BEFORE, []),
        (with_teams(SHOP, owner("books", "books.example.com", "new.example.com"), addons=(ARGO,)), []),
        (with_teams(FREE, BOOKS), []),
        (with_teams(owner("shop", "x.cdn.example.com", "*.y.cdn.example.com"), BOOKS, addons=(ARGO,)), []),
        (with_teams(SHOP, owner("books", "*.books.example.com", "cdn.example.com"), addons=(ARGO,)), []),
    ],
)
def test_hosts(after: Plan, told: list[str]) -> None:
    found = dangers(DIFFERENCE, (BEFORE, after))
    assert [danger.rule for danger in found] == ["changes-team"] * len(told)
    assert [danger.what.split()[2] for danger in found] == told


def test_hosts_in_words() -> None:
    (danger,) = dangers(DIFFERENCE, (BEFORE, with_teams(FREE, owner("books", "a.cdn.example.com"), addons=(ARGO,))))
    assert danger.what.startswith("the host a.cdn.example.com goes from shop to books")
    assert danger.why == "*.cdn.example.com was a host of shop"
    assert (danger.id, danger.path) == ("Books", "books/objects")


@pytest.mark.parametrize("plans", [(None, BEFORE), (BEFORE, None), (None, None)])
def test_without_plans_nobody_knows(plans: tuple[Plan | None, Plan | None]) -> None:
    assert dangers(DIFFERENCE, plans) == ()


LEDGER = owner("shop", spaces=("shop", "ledger"))


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (with_teams(owner("shop", spaces=("shop",)), owner("books", spaces=("ledger",))), ["Space"]),
        (with_teams(LEDGER, owner("books", spaces=("books",))), []),
        (with_teams(owner("shop", spaces=("shop",)), owner("books")), []),
    ],
)
def test_namespaces(after: Plan, told: list[str]) -> None:
    found = dangers(DIFFERENCE, (with_teams(LEDGER, owner("books")), after))
    assert [(danger.rule, danger.id) for danger in found] == [("changes-team", id) for id in told]


HAS = owner("shop", "shop.example.com", spaces=("ledger",))
STORE = owner("store", "shop.example.com", spaces=("ledger",))


@pytest.mark.parametrize(
    ("people", "heirs", "told"),
    [
        (("shop:Ada", "shop:Bob"), ("store:Ada", "store:Bob"), 0),
        (("shop:Ada", "shop:Bob"), ("store:Ada",), 0),
        (("shop:Ada",), ("store:Ada", "store:Bob"), 2),
        (("shop:Ada",), ("store:Bob",), 2),
        (("books:Ada",), ("store:Ada",), 2),
        (("shop:Ada",), (), 2),
    ],
)
def test_a_renamed_team_keeps_what_it_has(people: tuple[str, ...], heirs: tuple[str, ...], told: int) -> None:
    before, after = with_teams(HAS, people=people), with_teams(STORE, people=heirs)
    assert [danger.rule for danger in dangers(DIFFERENCE, (before, after))] == ["changes-team"] * told


def test_one_team_has_one_heir_and_stays_none() -> None:
    people = ("shop:Ada", "books:Ada")
    before = with_teams(HAS, owner("books", "books.example.com"), people=people)
    both = with_teams(
        owner("store", "shop.example.com", "books.example.com", spaces=("ledger",)), people=("store:Ada",)
    )
    assert [danger.what.split()[2] for danger in dangers(DIFFERENCE, (before, both))] == ["books.example.com"]
    beside = with_teams(owner("shop"), STORE, people=("shop:Ada", "store:Ada"))
    assert len(dangers(DIFFERENCE, (before, beside))) == 2
