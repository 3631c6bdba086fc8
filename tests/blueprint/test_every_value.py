"""Every kind of value of every field: it ends in a plan or in a report, and each can be planned somewhere."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, get_args

import pytest

from addons.vpc_cni import VpcCni
from blueprint.addons import CallsAws, EksAddon, HelmAddon, ImageSource, Workload
from blueprint.blueprint import Blueprint
from blueprint.cluster import Cluster
from blueprint.errors import BlueprintError, Problem
from blueprint.kubernetes import PodSecurity
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from blueprint.value import Rule
from tests.blueprint.examples import AUTO, FARGATE, SMALL, Probe, assert_readable, changed, with_addons
from tests.values.kinds import JSON, examples, texts, unfolded
from tests.values.tries import Tries, possible
from tests.values.variants import Change, Spot, Variant, classes, singles, some_singles, spots

pytestmark = pytest.mark.thorough


@pytest.fixture(scope="module")
def tries() -> Tries:
    """Each class in the smallest cluster that has one."""
    found = Tries()
    found.take_all(some_singles())
    return found


def test_the_fleet_has_a_value_of_every_class() -> None:
    assert [cls.__name__ for cls, found in spots().items() if not found] == []


def test_each_ends_in_a_plan_or_a_report(tries: Tries) -> None:
    assert tries.failures == []
    assert len(tries.planned) > 3 * tries.refused > 0


def test_no_option_is_one_that_no_cluster_can_use(tries: Tries) -> None:
    assert tries.unusable(classes()) == []


def test_every_option_makes_a_difference(tries: Tries) -> None:
    """Some value of it makes another plan, and so other templates."""
    # Whether one of the tried lies between a request and the most depends on what was tried: tests/teams/test_base.py
    sometimes = {"ContainerDefaults.ephemeral_storage_limit", "ContainerDefaults.memory_limit"}
    assert {*tries.without_effect(classes())} - sometimes == {
        "AutoNodeClass.name",  # with the pools that name it: tests/blueprint/test_auto_mode.py
        "ManagedNodes.device_plugin",  # what a rule asks for: tests/blueprint/test_accelerator_rules.py
        "AwsPrivateCaIssuer.issuers",  # with one of the cluster's region: tests/addons/test_open_source.py
        "Cluster.ip_family",  # with a network that has IPv6: tests/stacks/test_ipv6.py
        "ExistingNetwork.ipv6_cidrs",  # with those of its subnets
        "ExistingSubnet.ipv6_cidr",  # with that of the VPC
        "HybridNodes.node_ranges",  # with ranges that nobody else has: tests/blueprint/test_hybrid.py
        "HybridNodes.pod_network",  # what a rule asks for: tests/blueprint/test_hybrid.py
        "HelmRelease.service_account_annotations",  # on Fargate, and with permissions: tests/addons/test_by_value.py
        "SelfManagedHub.region",  # the hub itself says so, and it is of the same partition: tests/blueprint/test_hub.py
        "GitWorkload.engine",  # with the add-on of the other one: tests/teams/test_workloads.py
        "Statement.actions",  # with resources of the same service: tests/teams/test_base.py
        "Quota.custom_objects",  # with a permission that creates some: tests/teams/test_base.py
    }


def test_an_option_that_makes_none_would_be_named() -> None:
    class Idle(Tries):
        def _before(self, cluster: Blueprint) -> Plan:
            return plan(replace(cluster, network=changed(cluster.network, nat="one")))

    tries = Idle()
    spot = Spot(SMALL, ("network",), SMALL.network)
    tries.take_all(Variant(SMALL, (Change(spot, "nat", value),)) for value in ("one",))
    assert (len(tries.planned), tries.different) == (1, set())


def test_an_option_that_no_cluster_can_use_would_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(cluster: Cluster) -> Iterator[Problem]:
        if cluster.subnets == "control-plane":
            yield Problem(("subnets",), cluster.subnets, "never", "none")

    monkeypatch.setattr(Cluster, "problems", refuse)
    tries = Tries()
    tries.take_all(singles(spots()[Cluster][0]))
    assert tries.unusable([Cluster], clusters=1) == ["Cluster.subnets: 'control-plane'"]


def test_what_is_neither_a_plan_nor_a_report_would_be_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Problem, "below", None)
    tries = Tries()
    tries.take(Variant(SMALL, (Change(Spot(SMALL, ("network",), SMALL.network), "cidr", "10.0.0.0/8"),)))
    assert "network.cidr='10.0.0.0/8'" in tries.failures[0]
    assert "TypeError" in tries.failures[0]


def rules(hint: Any) -> Iterator[tuple[Any, list[Rule]]]:
    """The rules of an annotation, and of all within it."""
    bare, found = unfolded(hint)
    if found:
        yield bare, found
    for part in get_args(bare):
        yield from rules(part)


def test_what_a_fix_gives_as_an_example_keeps_to_the_rules() -> None:
    fields = [hint for hints in classes().values() for hint in hints.values()]
    of_text = [found for hint in fields for bare, found in rules(hint) if bare is str]
    given = {text: found for found in of_text for rule in found for text in examples(rule)}
    assert len(given) > 30
    assert [text for text, found in given.items() if not all(rule.accepts(text) for rule in found)] == []


KINDS = {
    ("NewNetwork", "nat"): {"'none'", "'one'", "'per-zone'"},
    ("NewNetwork", "control_plane_zones"): {"None", "several", "with text"},
    ("Cluster", "endpoint"): {"a PrivateEndpoint", "a PublicEndpoint"},
    ("ManagedNodes", "node_repair"): {"False", "True", "a NodeRepair"},
    ("ManagedNodes", "min"): {"lowest", "between", "highest"},
    ("ManagedNodes", "desired"): {"lowest", "between", "highest", "'unmanaged'", "None"},
    ("AutoMode", "node_pools"): {"nothing", "one", "several", "with 'general-purpose'", "with 'system'"},
    ("Taint", "value"): {"text", "no text"},
    ("FargateSelector", "labels"): {"nothing", "one", "several", "with text", "with no text"},
}


@pytest.mark.parametrize(("cls", "field"), KINDS)
def test_kinds_of_values_of_a_field(cls: str, field: str) -> None:
    known = {each.__name__: each for each in classes()}
    assert {kind for _, name, kind in possible([known[cls]]) if name == field} == KINDS[cls, field]


def test_a_text_is_as_long_as_it_may_be() -> None:
    rule = Rule(lambda text: len(text) < 8, "", 'write "abc"', pattern="[a-c]+")
    assert {1, 3, 7} <= set(map(len, texts([rule])))


class Reader(Probe):
    """A chart of whose values the plan reads as much as it can."""

    workloads = (
        Workload(
            "reader",
            replicas_at=("replicas",),
            cpu_at=("cpu",),
            tolerations_at=("tolerations",),
            node_selector_at=("selector",),
            ports_at=("port",),
        ),
    )
    images = (ImageSource("registry.example.com/reader", ("image",), ("registry",)),)


@pytest.mark.parametrize("key", ["replicas", "cpu", "tolerations", "selector", "port", "image", "registry"])
def test_whatever_stands_where_the_plan_reads_values_of_a_chart(key: str) -> None:
    tries = Tries()
    for base in (SMALL, AUTO, FARGATE):
        reader = Reader()
        cluster = with_addons(reader, base=base)
        spot = Spot(cluster, ("addons", len(cluster.addons) - 1), reader)
        tries.take_all(Variant(cluster, (Change(spot, "extra_values", {key: value}),)) for value in JSON)
    assert tries.failures == []
    assert len(tries.planned) > len(JSON)


def test_whatever_stands_where_an_addon_has_values_of_its_own() -> None:
    tries = Tries()
    for cls, found in spots().items():
        if issubclass(cls, EksAddon | HelmAddon):
            addon: Any = found[0].value
            field = "configuration" if issubclass(cls, EksAddon) else "extra_values"
            own = addon.values(plan(found[0].cluster).facts)
            for value in JSON:
                tries.take(Variant(found[0].cluster, (Change(found[0], field, _everywhere(own, value)),)))
    assert tries.failures == []
    assert len(tries.planned) > 100


def _everywhere(values: Any, value: Any) -> Any:
    """The same mappings with this value in them."""
    if not isinstance(values, Mapping):
        return value
    return {key: _everywhere(item, value) for key, item in values.items()}


FACTS: Mapping[str, tuple[Any, ...]] = {
    "architectures": (frozenset(), frozenset({"amd64"}), frozenset({"arm64"})),
    "built_into_auto_mode": ("no", "skip", "refuse"),
    "replaced_by": ("", "something"),
    "launches_nodes": (False, True),
    "pod_security": get_args(PodSecurity),
    "service_account": ("", "probe"),
    "service_account_annotations": ((), ("annotations",), ("a", "b", "c")),
    "timeout_minutes": (-1, 0, 1, 6, 7),
    "workloads": ((), (Workload("a"), Workload("b", kind="DaemonSet"), Workload("c", kind="Job"))),
    "images": ((), (ImageSource("registry.example.com/a", ()),)),
    "versions": ({}, {"1.35": "v1"}),
    "managed_policies": ((), ("AmazonEKS_CNI_Policy",)),
    "before_nodes": (False, True),
    "requires": ((), (VpcCni,)),
    "conflicts": ((), (VpcCni,)),
}
"""Of a user's own add-on."""


class OwnChart(CallsAws, Probe):
    """An add-on of a user's own."""

    service_account = "probe"


class OwnEksAddon(CallsAws, EksAddon):
    """Another that EKS installs."""

    name = "own"
    service_account = "own"
    versions = {"1.35": "v1.0"}


@pytest.mark.parametrize("fact", FACTS)
def test_whatever_a_class_says_of_an_addon(fact: str) -> None:
    ends = Counter[str]()
    for base in (OwnChart, OwnEksAddon):
        for value in FACTS[fact] if hasattr(base, fact) else ():
            own = type("Own", (base,), {"__module__": __name__, "__annotations__": {}, fact: value})
            for cluster in (SMALL, AUTO, FARGATE):
                try:
                    plan(with_addons(own(), base=cluster))
                except BlueprintError as error:
                    assert_readable(error)
                    ends["refused"] += 1
                else:
                    ends["planned"] += 1
    assert ends["planned"]
