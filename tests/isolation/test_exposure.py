"""The plan says of what a team brings what the cluster would say of it, and both know whose a name is."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint.teams.exposure import Exposure
from blueprint.teams.workloads.exposed import refused_in_object, refused_in_values
from tests.isolation.exposure import DANGEROUS, DNS, FREE, admits, foreign_exposure, own_exposure
from tests.isolation.test_guards import WORLD

KINDS = {"ingresses": "Ingress", "services": "Service"}
SHOP = Exposure("shop", ("shop.example.com", "*.shop.example.com"), schemes=("internal",), issuers=("internal",))


@pytest.mark.parametrize("team", ["a", "b", "c"])
def test_plan_and_cluster_agree_on_ingresses_and_services(team: str) -> None:
    exposure = WORLD.teams[team].exposure(WORLD.plan.facts)
    namespace = next(space for space, owner in WORLD.owner.items() if owner == team)
    verdicts = set()
    for sent in (*foreign_exposure(WORLD, team), *own_exposure(WORLD, team)):
        if sent.resource in KINDS and not sent.old:
            refused = bool(list(refused_in_object({"kind": KINDS[sent.resource], **sent.object}, exposure)))
            assert refused is not admits(WORLD, namespace, sent), sent.what
            verdicts.add(refused)
    assert verdicts == {True, False}


@pytest.mark.parametrize(
    ("values", "places"),
    [
        ({"ingress": {"host": "shop.example.com", "hosts": ["www.shop.example.com"], "hostname": ""}}, []),
        ({"ingress": {"host": "example.com"}}, [["ingress", "host"]]),
        ({"ingress": {"hosts": [{"host": "example.com", "paths": ["/"]}]}}, [["ingress", "hosts", 0, "host"]]),
        (
            {"web": {"Ingress": {"tls": [{"hosts": ["a.shop.example.com", "x.org"]}]}}},
            [["web", "Ingress", "tls", 0, "hosts", 1]],
        ),
        ({"httpRoute": {"hostnames": ["x.org"]}}, [["httpRoute", "hostnames", 0]]),
        ({"database": {"host": "db.example.org"}}, []),
        ({"ingress": {"hosts": [{"host": "shop.example.com", "paths": [{"path": "x.org"}]}]}}, []),
        ({"service": {"annotations": {f"{DNS}hostname": "x.org"}}}, [["service", "annotations", f"{DNS}hostname"]]),
        ({"service": {"annotations": {f"{DNS}hostname": "a.shop.example.com"}}}, []),
        *(({"annotations": {key: value}}, [["annotations", key]]) for key, value in DANGEROUS.items()),
        *(({"annotations": {key: value}}, []) for key, value in FREE.items()),
    ],
)
def test_values_of_a_chart(values: Any, places: Any) -> None:
    found = [[getattr(part, "key", part) for part in path] for path, _ in refused_in_values(values, SHOP)]
    assert found == places


def test_without_hosts_every_name_is_refused() -> None:
    assert Exposure("shop").refused_host("shop.example.com")
    assert Exposure("shop").refused_host(None)


def test_a_refusal_says_what_to_write() -> None:
    refusal = SHOP.refused_host("x.org")
    assert refusal
    assert refusal.rule == "must be a host name of team shop"
    assert "shop.example.com, *.shop.example.com" in refusal.fix
