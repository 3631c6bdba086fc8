"""The core set, and members of it with other options."""

from __future__ import annotations

from typing import Any

import pytest

from addons.core import CORE, core
from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from addons.metrics_server import MetricsServer
from addons.vpc_cni import VpcCni
from blueprint import AutoMode, plan
from tests.blueprint.examples import SMALL, assert_reported, changed, error_of, part, places

PREFIXES = VpcCni(prefix_delegation=True)
DNS = ExternalDns(zones=("Z1",))


class OwnCni(VpcCni):
    """A member that a platform team made its own."""


def of(*members: Any) -> object:
    return changed(SMALL, addons=core(*members))


def test_it_is_the_core_set() -> None:
    assert core() == CORE


def test_members_change_in_their_place() -> None:
    dns = CoreDns(configuration={"replicaCount": 3})
    assert core(dns, PREFIXES) == (PREFIXES, CORE[1], CORE[2], dns, *CORE[4:])
    assert core(own := OwnCni()) == (own, *CORE[1:])


def test_the_plan_has_what_the_member_says() -> None:
    (cni,) = part(plan(changed(SMALL, addons=core(PREFIXES))), "vpc-cni").managed_addons
    assert cni.configuration["env"]["ENABLE_PREFIX_DELEGATION"] == "true"
    assert {made.name for made in plan(changed(SMALL, addons=core(PREFIXES))).addons} == {each.name for each in CORE}
    auto = plan(changed(SMALL, addons=core(PREFIXES), compute=(AutoMode(),)))
    assert "vpc-cni" in {skip.name for skip in auto.skipped}


def test_what_is_no_member_is_refused() -> None:
    assert_reported(of(DNS), "addons[7]", "not in the core set: vpc-cni, kube-proxy", "(*core(…), ExternalDns(…))")
    assert DNS not in core(DNS)[:7]


def test_it_keeps_its_other_mistakes() -> None:
    assert places(of(changed(DNS, zone="Z1"))) == ["addons[7]", "addons[7].zone"]


@pytest.mark.parametrize(
    ("members", "rule"),
    [
        ((PREFIXES, VpcCni()), "duplicate add-on"),
        ((VpcCni,), "is the class"),
        (("vpc-cni",), "Addon"),
        ((None,), "Addon"),
    ],
)
def test_a_second_one_and_what_is_no_add_on_are_refused(members: tuple[Any, ...], rule: str) -> None:
    (problem,) = error_of(of(*members)).problems
    assert problem.place.endswith("addons[7]")
    assert rule in problem.rule


def test_one_report_tells_all() -> None:
    found = places(of(DNS, MetricsServer(version="latest"), VpcCni(), VpcCni()))
    assert found == ["addons[5].version", "addons[7]", "addons[8]"]
