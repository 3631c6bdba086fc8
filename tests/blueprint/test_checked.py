"""The view of a blueprint without its mistakes: what is left, and that what is left out makes no other mistake."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, ClassVar

import pytest

from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.karpenter import Karpenter
from addons.secrets_store_csi_driver import SecretsStoreCsiDriver
from blueprint import Blueprint, NewNetwork, Role, plan
from blueprint.addons import EksAddon
from blueprint.auto_mode import AutoMode
from blueprint.checked import Checked, checked
from blueprint.errors import Problem
from blueprint.node_pool import NodePool
from blueprint.teams import FromTeam, ToTeam
from tests.blueprint.examples import (
    AUTO,
    CORE,
    FARGATE,
    SMALL,
    TEAM,
    Plain,
    changed,
    places,
    with_addons,
    with_cluster,
    with_network,
    with_nodes,
    with_teams,
)

KEY = "arn:aws:kms:eu-central-1:111111111111:key/0a1b2c3d-0a1b-0a1b-0a1b-0a1b2c3d4e5f"
WRONG: Any = None


def test_the_view_of_a_right_blueprint_is_what_the_user_wrote() -> None:
    view = checked(with_teams(TEAM))
    assert view.problems == ()
    assert view.blueprint == with_teams(TEAM)
    assert [*view.addons.values()] == [*view.listed_addons.values()] == [*CORE]


def test_broken_parts_are_left_out_and_the_others_keep_their_paths() -> None:
    view = checked(
        changed(
            with_cluster(admins=(WRONG, Role("A")), log_retention_days="x", deletion_protection=False),
            compute=(WRONG, *SMALL.compute),
            addons=(changed(CORE[0], version=1), WRONG, CORE[1]),
            teams=(changed(TEAM, name="?"), TEAM),
        )
    )
    assert view.compute == {("compute", 1): SMALL.compute[0]}
    assert view.addons == {("addons", 2): CORE[1]}
    assert [*view.listed_addons] == [("addons", 0), ("addons", 2)]
    assert view.teams == {("teams", 1): TEAM}
    assert view.admins == {("cluster", "admins", 1): Role("A")}
    cluster = changed(SMALL.cluster, admins=(Role("A"),), log_retention_days=365, deletion_protection=False)
    left = changed(SMALL, cluster=cluster, compute=SMALL.compute, addons=(CORE[1],), teams=(TEAM,))
    assert view.blueprint == left
    assert checked(view.blueprint).problems == ()


def zones(view: Checked) -> tuple[str, ...]:
    assert isinstance(view.blueprint.network, NewNetwork)
    return view.blueprint.network.zones


def test_the_view_knows_what_is_no_stand_in() -> None:
    view = checked(changed(with_network(cidr="x", zones=("a", "?")), cluster=WRONG, addons=(WRONG,)))
    assert not view.knows("network", "cidr")
    assert view.knows("network", "nat")
    assert zones(view) == ("a",)
    assert zones(checked(with_network(zones=("a",) * 9))) == ("a", "b", "c")
    assert not view.knows("cluster", "version")
    assert view.knows_all("compute")
    assert not view.knows_all("addons")


class Young(EksAddon):
    """An add-on that one Kubernetes version has."""

    name = "young"
    versions: ClassVar[Mapping[str, str]] = {"1.35": "v1.0.0-eksbuild.1"}


class NeedsYoung(Plain):
    """An add-on that stands on another."""

    name = "needs-young"
    requires = (Young,)


POOLED = changed(TEAM, node_pool=NodePool())
MANY_VALUES: Any = Blueprint
PARTS = (SMALL.network, SMALL.cluster)
MORE = tuple(getattr(SMALL, each.name) for each in fields(SMALL)[9:])
"""Fields behind `teams`."""
OLD_IMAGE = {"ami_type": "BOTTLEROCKET_ARM_64", "release_version": "1.10.0-1ad6b4a4"}


def small(network: Mapping[str, Any] = MappingProxyType({}), **cluster: Any) -> Blueprint:
    """SMALL with these fields in its network and its cluster."""
    return changed(with_cluster(**cluster), network=with_network(**network).network)


@pytest.mark.parametrize(
    ("blueprint", "expected"),
    [
        (changed(with_addons(AwsEbsCsiDriver(kms_key_arn=KEY)), region="eu-central"), ["region"]),
        (changed(AUTO, compute=(AutoMode(kms_key_arn=KEY),), region="eu-central"), ["region"]),
        (small({"cidr": "10.0.0.1/16"}, service_cidr="10.0.0.0/16"), ["network.cidr"]),
        (small({"cidr": "172.20.0.0/16"}, service_cidr="x"), ["cluster.service_cidr"]),
        (changed(with_network(cidr="172.20.0.0/16"), cluster=WRONG), ["cluster"]),
        (changed(with_cluster(service_cidr="10.0.0.0/16"), network=WRONG), ["network"]),
        (changed(with_nodes(**OLD_IMAGE), cluster=small(version="1.3").cluster), ["cluster.version"]),
        (with_addons(Young(version="x"), NeedsYoung()), ["addons[3].version"]),
        (with_addons(NeedsYoung(), WRONG), ["addons[4]"]),
        (changed(with_addons(Karpenter(node_pools=())), teams=(POOLED,)), ["addons[3].node_pools"]),
        (changed(with_addons(Young()), cluster=small(version="1.3").cluster), ["cluster.version"]),
        (changed(FARGATE, addons=(*CORE, Karpenter(node_pools=()), SecretsStoreCsiDriver())), ["addons[3].node_pools"]),
        (changed(with_addons(AwsLoadBalancerController()), compute=with_nodes(min="x").compute), ["compute[0].min"]),
        (
            MANY_VALUES("dev", "1" * 12, "us-west-2", *PARTS, SMALL.compute, CORE[:2], (TEAM, TEAM), *MORE, 1),
            ["", "addons[0]", "teams[1].name"],
        ),
        (small({"nat": "none", "interface_endpoints": ["ec2"]}), ["network.interface_endpoints"]),
        (changed(SMALL, addons=(*CORE[:2], WRONG)), ["addons[2]"]),
        (changed(AUTO, cluster=changed(AUTO.cluster, subnets="controlplane")), ["cluster.subnets"]),
        (
            with_teams(
                changed(TEAM, name="?", network=(FromTeam("data", ports=(80,)),)),
                changed(TEAM, name="data", network=(ToTeam("payments", ports=(80,)),)),
            ),
            ["teams[0].name"],
        ),
    ],
)
def test_what_stands_in_for_a_mistake_makes_no_other(blueprint: Blueprint, expected: list[str]) -> None:
    assert places(blueprint) == expected


class Counted(Plain):
    """An add-on that says how often it is checked."""

    name = "counted"
    checks: ClassVar[list[object]] = []

    def problems(self) -> Iterator[Problem]:
        self.checks.append(self)
        yield from super().problems()


@pytest.mark.parametrize("name", ["dev", "?"])
def test_each_value_is_checked_once(name: str) -> None:
    Counted.checks.clear()
    blueprint = changed(with_addons(Counted()), name=name)
    if name == "dev":
        plan(blueprint)
    else:
        assert places(blueprint) == ["name"]
    assert len(Counted.checks) == 1
