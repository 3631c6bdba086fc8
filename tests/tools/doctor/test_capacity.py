"""Zones and instance types."""

from __future__ import annotations

from typing import Any

import pytest

from blueprint import Plan, plan
from tests.blueprint.examples import AUTO, changed, with_network, with_nodes
from tests.tools.doctor.account import Account, statuses, worst
from tools.doctor.checks import capacity


def zone(letter: str, id: str, **more: Any) -> dict[str, Any]:
    name = f"us-west-2{letter}"
    return {"ZoneName": name, "ZoneId": id, "State": "available", "OptInStatus": "opt-in-not-required", **more}


def with_zones(account: Account, *zones: dict[str, Any]) -> None:
    account.answers("DescribeAvailabilityZones", {"AvailabilityZones": list(zones)})


FINE = (zone("a", "usw2-az1"), zone("b", "usw2-az2"))


@pytest.mark.usefixtures("moto")
def test_zones_of_a_region(account: Account, small: Plan) -> None:
    (found,) = account.found(capacity.zones, small)
    assert found.status == "ok"
    assert "us-west-2a (usw2-az2)" in found.what


@pytest.mark.parametrize(
    ("third", "status", "what"),
    [
        ((), "problem", "this account has no zone us-west-2c"),
        ((zone("c", "use1-az3"),), "problem", "zone us-west-2c: EKS runs no control plane in use1-az3"),
        ((zone("c", "usw2-az3", OptInStatus="not-opted-in"),), "problem", "this account has not opted in to it"),
        ((zone("c", "usw2-az3", State="impaired"),), "warning", "zone us-west-2c is impaired"),
    ],
)
def test_a_zone_that_is_not_fine(
    third: tuple[dict[str, Any], ...], status: str, what: str, account: Account, small: Plan
) -> None:
    with_zones(account, *FINE, *third)
    found = worst(account.found(capacity.zones, small))
    assert found.status == status
    assert what in found.what
    if status == "problem":
        assert found.fix == "write zones=('a', 'b') or some of them"


def test_zones_that_the_blueprint_does_not_use_are_not_judged(account: Account) -> None:
    with_zones(account, *FINE, zone("c", "use1-az3"))
    assert statuses(account.found(capacity.zones, plan(with_network(zones=("a", "b"))))) == ["ok"]


BY_ID = with_network(zones=("usw2-az2", "usw2-az1"))


def test_ids_are_found_whatever_letters_they_have(account: Account) -> None:
    with_zones(account, *FINE)
    (found,) = account.found(capacity.zones, plan(BY_ID))
    assert (found.status, found.what) == ("ok", "zones us-west-2b (usw2-az2), us-west-2a (usw2-az1)")


def test_an_id_that_the_account_does_not_have(account: Account) -> None:
    with_zones(account, *FINE)
    found = worst(account.found(capacity.zones, plan(with_network(zones=("usw2-az4", "usw2-az1")))))
    assert (found.status, found.what) == ("problem", "this account has no zone usw2-az4")
    assert found.fix == "write zones=('usw2-az1', 'usw2-az2') or some of them"


def test_what_is_offered_in_zones_that_have_ids(account: Account) -> None:
    with_zones(account, *FINE)
    offered(account, m7g_large="a")
    found = worst(account.found(capacity.instance_types, plan(BY_ID)))
    assert found.what == "system: no instance type of it is offered in us-west-2b"


def offered(account: Account, **where: str) -> None:
    """Letters of zones by instance type, written with _ for its dot."""
    pairs = [(name.replace("_", "."), letter) for name, letters in where.items() for letter in letters]
    offerings = [{"InstanceType": name, "Location": f"us-west-2{letter}"} for name, letter in pairs]
    account.answers("DescribeInstanceTypeOfferings", {"InstanceTypeOfferings": offerings})


TWO = with_nodes(instance_types=("m7g.large", "m6g.large"))


@pytest.mark.usefixtures("moto")
def test_instance_types_of_a_region(account: Account, small: Plan) -> None:
    found = account.found(capacity.instance_types, small)
    assert [one.check for one in found] == ["capacity"]


def test_offered_everywhere(account: Account, small: Plan) -> None:
    offered(account, m7g_large="abc")
    assert statuses(account.found(capacity.instance_types, small)) == ["ok"]


def test_one_of_several_types_in_each_zone_is_enough(account: Account) -> None:
    offered(account, m7g_large="ab", m6g_large="bc")
    assert statuses(account.found(capacity.instance_types, plan(TWO))) == ["ok"]


def test_a_zone_without_any_type(account: Account) -> None:
    offered(account, m7g_large="ab", m6g_large="b")
    found = worst(account.found(capacity.instance_types, plan(TWO)))
    assert (found.status, found.what) == ("warning", "system: no instance type of it is offered in us-west-2c")


def test_a_type_that_no_zone_of_the_cluster_offers(account: Account, small: Plan) -> None:
    offered(account, m7g_large="d")
    found = worst(account.found(capacity.instance_types, small))
    assert found.status == "problem"
    assert found.fix.endswith("offered in us-west-2d")


def test_a_type_that_the_region_does_not_know_beside_one_that_it_does(account: Account) -> None:
    offered(account, m7g_large="abc")
    found = worst(account.found(capacity.instance_types, plan(TWO)))
    assert found.status == "problem"
    assert "m6g.large is offered in none" in found.what
    assert found.fix.endswith("no zone of the region")


def test_auto_mode_names_no_types(account: Account) -> None:
    assert account.found(capacity.instance_types, plan(AUTO)) == []
    assert account.calls == []


LAX = "us-west-2-lax-1a"
LOCAL = with_network(local_zones=(LAX,))


def test_without_local_zones_nobody_asks_for_any(account: Account, small: Plan) -> None:
    assert account.found(capacity.local_zones, small) == []
    assert account.calls == []


@pytest.mark.parametrize(
    ("zones", "status", "what", "fix"),
    [
        ([{"ZoneName": LAX, "GroupName": "us-west-2-lax-1", "OptInStatus": "opted-in"}], "ok", "Local Zone", ""),
        (
            [{"ZoneName": LAX, "GroupName": "us-west-2-lax-1", "OptInStatus": "not-opted-in"}],
            "problem",
            f"has not opted in to the Local Zone {LAX}",
            "aws ec2 modify-availability-zone-group --group-name us-west-2-lax-1 --opt-in-status opted-in",
        ),
        ([{"ZoneName": "us-west-2-den-1a"}], "problem", f"has no Local Zone {LAX}", "it has us-west-2-den-1a"),
        ([], "problem", f"has no Local Zone {LAX}", "it has none"),
    ],
)
def test_an_account_opts_in_to_a_local_zone(
    zones: list[dict[str, str]], status: str, what: str, fix: str, account: Account
) -> None:
    account.answers("DescribeAvailabilityZones", {"AvailabilityZones": zones})
    (found,) = account.found(capacity.local_zones, plan(LOCAL))
    assert found.status == status
    assert what in found.what
    assert fix in found.fix


def test_types_are_looked_for_where_a_group_stands(account: Account) -> None:
    edge = changed(LOCAL.compute[0], name="edge", instance_types=("t3.medium",), zones=(LAX,))
    made = plan(changed(LOCAL, compute=(*LOCAL.compute, edge)))
    where = {"m7g.large": ("us-west-2a", "us-west-2b", "us-west-2c"), "t3.medium": ("us-west-2a",)}
    for there, expected in ((), "problem"), ((LAX,), "ok"):
        offerings = [
            {"InstanceType": name, "Location": zone}
            for name, zones in where.items()
            for zone in (*zones, *(there if name == "t3.medium" else ()))
        ]
        account.answers("DescribeInstanceTypeOfferings", {"InstanceTypeOfferings": offerings})
        found = account.found(capacity.instance_types, made)
        assert {each.what.partition(":")[0]: each.status for each in found} == {"system": "ok", "edge": expected}
