"""Nobody takes a name that is another's, in a cluster or behind the same hosted zone."""

from __future__ import annotations

from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.cert_manager import CertManager
from addons.external_dns import ExternalDns
from blueprint import Blueprint, NewHostedZone, Role
from blueprint.errors import BlueprintError
from blueprint.hosts import HostClaim, contested, within
from blueprint.planning.planner import plan, plans
from blueprint.teams import ApplicationTeam, PlatformTeam
from blueprint.value import problems_in
from tests.blueprint.examples import SMALL
from tools.access.matrix import matrix

LABELS = ("a", "b")
NAMES = [".".join((*labels, "x.com")) for size in range(4) for labels in product(LABELS, repeat=size)]
HOSTS = [name for name in NAMES if name.count(".") < 4] + [f"*.{name}" for name in NAMES if name.count(".") < 3]


def team(name: str, *hosts: str) -> ApplicationTeam:
    return ApplicationTeam(name, developers=(Role(name.title()),), hosts=hosts)


def cluster(name: str, *teams: Any, zone: str = "", **more: Any) -> Blueprint:
    addons = (*SMALL.addons, ExternalDns(zones=(zone,))) if zone else SMALL.addons
    return replace(SMALL, name=name, teams=teams, **{"addons": addons, **more})


def refused(*clusters: Blueprint) -> list[tuple[str, object, str]]:
    try:
        plans({each.name: each for each in clusters})
    except BlueprintError as error:
        return [(each.place, each.value, each.rule) for each in error.problems]
    return []


@pytest.mark.parametrize(("one", "other"), list(product(HOSTS, HOSTS)))
def test_two_hosts_are_contested_when_they_have_a_name_in_common(one: str, other: str) -> None:
    """Shell patterns say what a wildcard has: `*` is any text, so at least one label before the domain."""
    common = [name for name in [*NAMES, *HOSTS] if fnmatchcase(name, one) and fnmatchcase(name, other)]
    found = list(contested([HostClaim(("one",), "a", one), HostClaim(("other",), "b", other)]))
    assert bool(found) is bool(common)


@pytest.mark.parametrize("domain", [name for name in NAMES if name.count(".") < 3])
@pytest.mark.parametrize("host", HOSTS)
def test_hosts_within_a_domain_have_the_names_that_both_have(host: str, domain: str) -> None:
    def has(patterns: tuple[str, ...], name: str) -> bool:
        return any(fnmatchcase(name, pattern) for pattern in patterns)

    of_domain = (domain, f"*.{domain}")
    both = [name for name in NAMES if has((host,), name) and has(of_domain, name)]
    expected = both or [name for name in NAMES if has(of_domain, name)]
    assert [name for name in NAMES if has(within((host,), (domain,)), name)] == expected
    assert within((host,), ()) == (host,)


def test_an_owner_may_say_the_same_twice() -> None:
    assert refused(cluster("dev", team("a", "*.x.com", "a.x.com"))) == []


@pytest.mark.parametrize(
    ("hosts", "place", "rule"),
    [
        ((("a.x.com",), ("a.x.com",)), "teams[1].hosts[0]", "a.x.com belongs to team a (dev.teams[0].hosts[0])"),
        ((("*.x.com",), ("b.com", "a.x.com")), "teams[1].hosts[1]", "*.x.com belongs to team a"),
        ((("a.x.com",), ("*.x.com",)), "teams[0].hosts[0]", "*.x.com belongs to team b"),
        ((("a.b.x.com",), ("*.x.com",)), "teams[0].hosts[0]", "*.x.com belongs to team b"),
        ((("*.a.x.com",), ("*.x.com",)), "teams[0].hosts[0]", "*.x.com belongs to team b"),
    ],
)
def test_teams_of_a_cluster(hosts: Any, place: str, rule: str) -> None:
    one, other = hosts
    ((where, _, told),) = refused(cluster("dev", team("a", *one), team("b", *other)))
    assert where == f"dev.{place}"
    assert told.startswith(rule.replace("dev.", ""))


def test_neighbours_are_not_contested() -> None:
    assert refused(cluster("dev", team("a", "a.x.com", "x.com"), team("b", "*.b.x.com", "b.x.com", "aa.x.com"))) == []


def test_the_platform_keeps_names_too() -> None:
    platform = PlatformTeam("platform", members=(Role("Engineer"),), hosts=("*.ops.x.com",))
    ((place, value, rule),) = refused(cluster("dev", platform, team("a", "grafana.ops.x.com")))
    assert (place, value) == ("dev.teams[1].hosts[0]", "grafana.ops.x.com")
    assert "team platform" in rule


def test_a_name_of_an_add_on_is_no_team_s() -> None:
    addons = (*SMALL.addons, ArgoCd(domain="argocd.x.com"))
    ((place, value, rule),) = refused(cluster("dev", team("a", "*.x.com"), addons=addons))
    assert (place, value) == (f"dev.addons[{len(SMALL.addons)}]", "argocd.x.com")
    assert rule == "*.x.com belongs to team a (teams[0].hosts[0])"


class TestFleet:
    def test_clusters_with_the_same_zone(self) -> None:
        one, other = cluster("one", team("a", "*.x.com"), zone="Z1"), cluster("other", team("b", "b.x.com"), zone="Z1")
        assert refused(one, other) == [
            (
                "other.teams[0].hosts[0]",
                "b.x.com",
                "*.x.com belongs to team a (one.teams[0].hosts[0]), and both write into the zone Z1",
            )
        ]

    def test_a_zone_is_shared_whichever_add_on_writes_into_it(self) -> None:
        one = cluster("one", team("a", "a.x.com"), zone="Z1")
        certificates = (*SMALL.addons, CertManager(zones={"x.com": "Z1"}))
        assert len(refused(one, cluster("other", team("b", "a.x.com"), addons=certificates))) == 1

    @pytest.mark.parametrize("zone", ["Z2", ""])
    def test_other_zones_are_other_names(self, zone: str) -> None:
        assert (
            refused(cluster("one", team("a", "x.com"), zone="Z1"), cluster("two", team("b", "x.com"), zone=zone)) == []
        )

    def test_a_team_is_the_same_in_all_clusters(self) -> None:
        assert (
            refused(cluster("one", team("a", "x.com"), zone="Z1"), cluster("two", team("a", "x.com"), zone="Z1")) == []
        )

    @pytest.mark.parametrize(
        ("domains", "told"),
        [
            (((), ()), True),
            ((("x.com",), ("x.com",)), True),
            ((("x.com",), ("argocd.x.com",)), True),
            ((("x.com",), ("b.x.com",)), False),
            ((("y.com",), ("y.com",)), False),
        ],
    )
    def test_an_add_on_is_another_one_in_each_cluster(
        self, domains: tuple[tuple[str, ...], tuple[str, ...]], *, told: bool
    ) -> None:
        """Where both write the name: only what `domains` have is written."""
        argo_cd = ArgoCd(domain="argocd.x.com")
        fleet = [
            cluster(name, addons=(*SMALL.addons, ExternalDns(zones=("Z1",), domains=own), argo_cd))
            for name, own in zip(("prod", "prod-eu"), domains, strict=True)
        ]
        place = f"addons[{len(SMALL.addons) + 1}]"
        rule = f"argocd.x.com belongs to the add-on argo-cd of prod (prod.{place}), and both write into the zone Z1"
        assert refused(*fleet) == [(f"prod-eu.{place}", "argocd.x.com", rule)] * told
        assert refused(fleet[0]) == refused(fleet[1]) == []

    def test_a_wildcard_that_has_a_domain_of_the_zone(self) -> None:
        """*.x.com has every name of a.x.com, in which both write."""
        addons = (*SMALL.addons, ExternalDns(zones=("Z1",), domains=("a.x.com",)))
        fleet = [cluster(name, team(owner, "*.x.com"), addons=addons) for name, owner in (("one", "a"), ("two", "b"))]
        assert len(refused(*fleet)) == 1

    @pytest.mark.parametrize(
        ("owners", "zones", "told"),
        [
            (({}, {}), ("Z1", "Z1"), False),
            (({"txtOwnerId": "all"}, {"txtOwnerId": "all"}), ("Z1", "Z1"), True),
            (({"txtOwnerId": "all"}, {"txtOwnerId": "all"}), ("Z1", "Z2"), False),
            (({}, {"txtOwnerId": "one"}), ("Z1", "Z1"), True),
        ],
    )
    def test_two_clusters_do_not_own_the_same_records(
        self, owners: tuple[Any, Any], zones: tuple[str, str], *, told: bool
    ) -> None:
        """Such deployments "need to use different owner IDs":
        external-dns v0.21.0 docs/registry/registry.md.
        """
        fleet = [
            cluster(name, addons=(*SMALL.addons, ExternalDns(zones=(zone,), extra_values=values)))
            for name, zone, values in zip(("one", "two"), zones, owners, strict=True)
        ]
        found = refused(*fleet)
        assert [(place, value) for place, value, _ in found] == (
            [(f"two.addons[{len(SMALL.addons)}]", owners[1]["txtOwnerId"])] if told else []
        )
        assert all(rule.startswith("one owns records in the zone Z1 by this name") for *_, rule in found)

    def test_it_is_told_once_for_several_zones(self) -> None:
        addons = (*SMALL.addons, ExternalDns(zones=("Z1", "Z2")))
        fleet = [cluster(name, team(owner, "x.com"), addons=addons) for name, owner in (("one", "a"), ("two", "b"))]
        assert len(refused(*fleet)) == 1

    def test_it_stands_beside_the_mistakes_of_other_clusters(self) -> None:
        wrong = replace(SMALL, name="wrong", region="")
        fleet = [cluster(name, team(owner, "x.com"), zone="Z1") for name, owner in (("one", "a"), ("two", "b"))]
        assert {place.partition(".")[0] for place, _, _ in refused(*fleet, wrong)} == {"two", "wrong"}


@pytest.mark.parametrize("host", ["*", "*.com", "X.com", "a.*.com", "x.com.", "_acme-challenge.x.com", "a..com", "x"])
def test_what_is_no_host(host: str) -> None:
    (problem,) = problems_in(team("a", host))
    assert problem.path == ("hosts", 0)


def test_facts_and_access_matrix_have_them() -> None:
    addons = (*SMALL.addons, ArgoCd(domain="argocd.x.com"))
    made = plan(cluster("dev", team("a", "a.x.com", "*.a.x.com"), addons=addons))
    assert made.facts.hosts == ("*.a.x.com", "a.x.com", "argocd.x.com")
    assert [(*each,) for each in matrix(made).hosts] == [
        ("argocd.x.com", "argo-cd"),
        ("a.x.com", "a"),
        ("*.a.x.com", "a"),
    ]


def test_facts_have_none_where_no_team_says() -> None:
    assert plan(cluster("dev", team("a"), addons=(*SMALL.addons, ArgoCd(domain="argocd.x.com")))).facts.hosts == ()


def test_a_zone_that_is_made_is_another_one_in_each_cluster() -> None:
    """The same domain in two VPCs: who asks in one never gets an answer of the other."""
    made = NewHostedZone("internal.example.com", private=True)
    shop, books = (team(name, "web.internal.example.com") for name in ("shop", "books"))
    one, two = (
        cluster(name, team, zone=made.id, hosted_zones=(made,)) for name, team in (("one", shop), ("two", books))
    )
    assert refused(one, two) == []
    (found,) = refused(cluster("one", shop, zone="Z1"), cluster("two", books, zone="Z1"))
    assert "both write into the zone Z1" in found[2]
