"""Wrong types, unknown, missing and repeated fields: what the constructor accepts and the check reports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from typing import Any

import pytest

from addons.external_dns import ExternalDns
from addons.metrics_server import MetricsServer
from blueprint import Blueprint, FargateProfile, ManagedNodes, NewNetwork, PrivateEndpoint, Role, Taint, plan
from blueprint.access import Principal
from blueprint.addons import Addon, EksAddon, HelmAddon
from blueprint.compute import Compute
from blueprint.errors import BlueprintError, FieldPath, Key, Problem
from blueprint.teams import Quota, TeamNamespace
from blueprint.teams.contract import Team
from blueprint.teams.network import Edge
from blueprint.value import Value, position, problems_in
from tests.blueprint.examples import (
    HOSTILE,
    SMALL,
    TABLE,
    TEAM,
    assert_reported,
    changed,
    hostile,
    mistake,
    places,
    with_addons,
    with_cluster,
    with_network,
    with_nodes,
    with_teams,
)
from tools.reference.values import classes

MISSING = Blueprint()  # type: ignore[call-arg]  # hostile on purpose
NODES: Any = ManagedNodes
NETWORK: Any = NewNetwork
ADDON: Any = Addon
COMPUTE: Any = Compute
EDGE: Any = Edge
PRINCIPAL: Any = Principal
TEAM_BASE: Any = Team


class Unfinished(Addon):
    """A user's own add-on that forgot what it contributes."""


UNFINISHED: Any = Unfinished


class UnreadableMapping(dict[str, str]):
    def items(self) -> Any:
        raise RuntimeError


class UnreadableTuple(tuple[str, ...]):
    def __iter__(self) -> Iterator[str]:
        raise RuntimeError


def deep(layer: type[list[Any]] | type[dict[str, Any]]) -> Any:
    """Nested far deeper than Python's stack."""
    value: Any = "end"
    for _ in range(50_000):
        value = [value] if layer is list else {"a": value}
    return value


def endless() -> dict[str, Any]:
    """A mapping that holds itself."""
    value: dict[str, Any] = {}
    value["again"] = value
    return value


WRONG_TYPES = [
    mistake("bool for int", with_nodes(min=True), "compute[0].min", "must be int", "write min=1"),
    mistake("text for int", with_nodes(max="3"), "compute[0].max", "must be int", "write max=3"),
    mistake("float for int", with_nodes(disk_gib=50.0), "compute[0].disk_gib", "must be int", "write disk_gib=50"),
    mistake("a unit behind a number", with_nodes(disk_gib="50Gi"), "compute[0].disk_gib", "must be int", "disk_gib=50"),
    mistake("no number", with_nodes(disk_gib="Gi"), "compute[0].disk_gib", "must be int", "write disk_gib=1"),
    mistake("a negative text", with_nodes(disk_gib="-5"), "compute[0].disk_gib", "must be int", "write disk_gib=1"),
    mistake("nought", with_nodes(disk_gib="00"), "compute[0].disk_gib", "must be int", "write disk_gib=0"),
    mistake(
        "text for bool", with_cluster(deletion_protection="No"), "cluster.deletion_protection", "must be bool", "=False"
    ),
    mistake("0 for bool", with_cluster(deletion_protection=0), "cluster.deletion_protection", "must be bool", "=False"),
    mistake(
        "a principal's name", with_cluster(admins=("Ops",)), "cluster.admins[0]", "User", "Role(…) or User(…) there"
    ),
    mistake("infinity", with_nodes(max=float("inf")), "compute[0].max", "must be int", "write max=1"),
    mistake("int for bool", with_cluster(deletion_protection=1), "cluster.deletion_protection", "must be bool", "True"),
    mistake("int for text", changed(SMALL, account=111111111111), "account", "must be str", '"111111111111"'),
    mistake("bytes for text", changed(SMALL, name=b"dev"), "name", "must be str", "write for example"),
    mistake("None for text", changed(SMALL, region=None), "region", "must be str", '"us-west-2"'),
    mistake("lambda for text", changed(SMALL, name=lambda: "dev"), "name", "must be str", "write for example"),
    mistake("list for tuple", with_network(zones=["a", "b"]), "network.zones", "a tuple of str", "place of […]"),
    mistake("set for tuple", with_network(zones={"a", "b"}), "network.zones", "a tuple of str", "place of {…}"),
    mistake("dict for tuple", with_network(zones={"a": 1}), "network.zones", "a tuple of str", "zones=(…,)"),
    mistake("generator for tuple", with_network(zones=iter("ab")), "network.zones", "a tuple of str", "zones=(…,)"),
    mistake("None for tuple", changed(SMALL, addons=None), "addons", "a tuple of Addon", "addons=(…,)"),
    mistake(
        "no comma in a tuple",
        with_nodes(instance_types=("m7g.large")),
        "compute[0].instance_types",
        "a tuple of str",
        "write instance_types=('m7g.large',)",
    ),
    mistake("no comma in teams", changed(SMALL, teams=TEAM), "teams", "a tuple of", "Team(…),)"),
    mistake(
        "no comma in namespaces", with_teams(changed(TEAM, namespaces="attest")), "teams[0].namespaces", "tuple", "('"
    ),
    mistake("number in a tuple", with_network(zones=("a", 1)), "network.zones[1]", "must be str", 'write "a"'),
    mistake("tuple in a tuple", with_network(zones=(("a", "b"), "c")), "network.zones[0]", "must be str", 'write "a"'),
    mistake("list for mapping", changed(SMALL, tags=[("a", "b")]), "tags", "a mapping of str to str", "tags={"),
    mistake("None for mapping", with_nodes(labels=None), "compute[0].labels", "a mapping of str to str", "labels={"),
    mistake("number as key", changed(SMALL, tags={1: "a"}), "tags[1]", "must be str", 'as text: "1"'),
    mistake("number as value", changed(SMALL, tags={"a": 1}), "tags['a']", "must be str", 'as text: "1"'),
    mistake(
        "class for instance",
        with_cluster(endpoint=PrivateEndpoint),
        "cluster.endpoint",
        "is the class",
        "write PrivateEndpoint()",
    ),
    mistake("add-on class", with_addons(MetricsServer), "addons[3]", "is the class", "write MetricsServer()"),
    mistake("add-on by name", with_addons("metrics-server"), "addons[3]", "not a name", "import MetricsServer"),
    mistake("add-on among teams", with_teams(MetricsServer()), "teams[0]", "must be ", "(…) there"),
    mistake("team among add-ons", with_addons(TEAM), "addons[3]", "must be Addon", "(…) there"),
    mistake("None among compute", changed(SMALL, compute=(None,)), "compute[0]", "or SelfManagedNodes", "leave it out"),
    mistake("role among compute", changed(SMALL, compute=(Role("A"),)), "compute[0]", "or SelfManagedNodes", "there"),
    mistake("text for value", changed(SMALL, cluster="1.35"), "cluster", "must be Cluster", "cluster=Cluster(…)"),
    mistake(
        "dict for value", changed(SMALL, network={"cidr": "10.0.0.0/16"}), "network", "be NewNetwork", "NewNetwork(…)"
    ),
    mistake("another value", changed(SMALL, network=SMALL.cluster), "network", "must be NewNetwork", "NewNetwork(…)"),
    mistake(
        "text for principal",
        with_cluster(admins=("BreakGlass",)),
        "cluster.admins[0]",
        "PermissionSet, Role or User",
        "Set(…)",
    ),
    mistake(
        "base of principals", with_cluster(admins=(PRINCIPAL("A"),)), "cluster.admins[0]", "without resource", "Role"
    ),
    mistake("base of teams", with_teams(TEAM_BASE("a")), "teams[0]", "without contribute", "ApplicationTeam"),
    mistake(
        "base of edges",
        with_teams(changed(TEAM, network=(EDGE(),))),
        "teams[0].network[0]",
        "without key",
        "FromTeam",
    ),
    mistake("base of add-ons", with_addons(ADDON()), "addons[3]", "without contribute", "write "),
    mistake(
        "unfinished add-on",
        with_addons(UNFINISHED()),
        "addons[3]",
        "Unfinished is only a base",
        "define contribute, name in Unfinished",
    ),
    mistake("base of charts", with_addons(HelmAddon()), "addons[3]", "without chart, name, namespace", "write "),
    mistake("base of EKS add-ons", with_addons(EksAddon()), "addons[3]", "without name, versions", "KubeProxy"),
    mistake("base of compute", changed(SMALL, compute=(COMPUTE("a"),)), "compute[0]", "without arch", "AutoMode, Far"),
    mistake("choice in other case", with_network(nat="NONE"), "network.nat", "'none', 'one' or", "nat='none'"),
    mistake("None for choice", with_network(nat=None), "network.nat", "'none', 'one' or 'per-zone'", "nat='none'"),
    mistake("list for choice", with_network(nat=["one"]), "network.nat", "'none', 'one' or 'per-zone'", "nat='none'"),
    mistake("hostile choice", with_network(nat=hostile("__eq__")), "network.nat", "'none', 'one' or", "nat='none'"),
    mistake("wrong choice", with_nodes(capacity="spot"), "compute[0].capacity", "'ON_DEMAND' or 'SPOT'", "='SPOT'"),
    mistake(
        "choice of others",
        with_nodes(taints=(changed(Taint("a"), effect="NoExecute"),)),
        "compute[0].taints[0].effect",
        "'NO_EXECUTE'",
        "effect='NO_EXECUTE'",
    ),
    mistake(
        "optional text", with_nodes(ami_type="AL2"), "compute[0].ami_type", "'AL2023_x86_64_STANDARD'", "ami_type="
    ),
    mistake("deep list", with_network(zones=deep(list)), "network.zones", "a tuple of str", "place of […]"),
    mistake("huge number", with_nodes(max=10**5000), "compute[0].max", "1 to 5000 nodes", "write a number of"),
    mistake("huge number for tuple", with_network(zones=10**5000), "network.zones", "a tuple of str", "zones=("),
    mistake("huge text", with_network(zones="a" * 10**6), "network.zones", "a tuple of str", "zones=("),
    mistake(
        "unreadable tuple", with_network(zones=UnreadableTuple("ab")), "network.zones", "a tuple of str", "zones=("
    ),
    mistake(
        "unreadable mapping", with_nodes(labels=UnreadableMapping(a="b")), "compute[0].labels", "cannot be read", "{"
    ),
    mistake(
        "unreadable key",
        changed(SMALL, tags={hostile("__repr__"): "a"}),
        "tags[<Hostile: its repr() fails with RuntimeError>]",
        "must be str",
        "cost-center",
    ),
    mistake(
        "endless values",
        with_addons(ExternalDns(zones=("Z1",), extra_values=endless())),
        "addons[3].extra_values",
        "only",
        "JSON",
    ),
    mistake(
        "deep values",
        with_addons(ExternalDns(zones=("Z1",), extra_values=deep(dict))),
        "addons[3].extra_values",
        "only",
        "JSON",
    ),
    mistake(
        "not a number",
        with_addons(ExternalDns(zones=("Z1",), extra_values={"a": [float("nan")]})),
        "addons[3].extra_values",
        "must hold only text, numbers",
        "plain JSON",
    ),
    mistake(
        "object in values",
        with_addons(ExternalDns(zones=("Z1",), extra_values={"a": {"b": Role("A")}})),
        "addons[3].extra_values",
        "must hold only text, numbers",
        "plain JSON",
    ),
    mistake("not a blueprint", Role("A"), "", "must be a Blueprint", "Blueprint(name="),
    mistake("a class for the blueprint", Blueprint, "", "must be a Blueprint", "Blueprint(name="),
    mistake("nothing", None, "", "must be a Blueprint", "Blueprint(name="),
]

WRONG_FIELDS = [
    mistake(
        "unknown",
        changed(SMALL, nmae="dev"),
        "nmae",
        "unknown field 'nmae' of Blueprint",
        "write name",
    ),
    mistake("unknown in a network", with_network(cdir="10.0.0.0/16"), "network.cdir", "of NewNetwork", "write cidr"),
    mistake(
        "unknown in an add-on",
        with_addons(changed(MetricsServer(), versoin="v1.2")),
        "addons[3].versoin",
        "unknown field 'versoin' of MetricsServer",
        "write version",
    ),
    mistake(
        "unknown in a nested value",
        with_teams(changed(TEAM, namespaces=(TeamNamespace("a", changed(Quota(), cpus="1")),))),
        "teams[0].namespaces[0].quota.cpus",
        "unknown field 'cpus' of Quota",
        "write cpu",
    ),
    mistake(
        "the name of a property", with_nodes(family="al2023"), "compute[0].family", "unknown field 'family'", "ami_type"
    ),
    mistake(
        "the name of a class fact",
        with_addons(changed(MetricsServer(), name="m")),
        "addons[3].name",
        "unknown field",
        "version",
    ),
    mistake("missing", changed(SMALL, network=NETWORK()), "network.cidr", "required", 'add cidr="…"'),
    mistake("missing zones", with_addons(ExternalDns()), "addons[3].zones", "required", 'zones=("…",)'),  # type: ignore[call-arg]  # hostile on purpose
    mistake("missing role name", with_cluster(admins=(Role(),)), "cluster.admins[0].name", "required", "name="),  # type: ignore[call-arg]  # hostile on purpose
    mistake(
        "the name of another field",
        with_nodes(instances=("m7g.large",)),
        "compute[0].instances",
        "unknown field",
        "instance_types",
    ),
    mistake(
        "too many positional values",
        changed(SMALL, network=NETWORK("10.0.0.0/16", ("a", "b"), "one", (), 90, "spare")),
        "network",
        "takes at most 5 positional values",
        "name the field: cidr",
    ),
    mistake(
        "given twice",
        changed(SMALL, network=NETWORK("10.0.0.0/16", cidr="10.1.0.0/16")),
        "network.cidr",
        "duplicate field 'cidr'",
        "leave one out",
    ),
    mistake("named self", changed(SMALL, self=1), "self", "unknown field 'self'", "write one of account"),
    mistake(
        "hostile field name",
        changed(SMALL, **{"x\n\n    rule   forged": 1}),
        "x\n\n    rule   forged",
        "unknown field",
        "write one of",
    ),
    mistake("endless field name", changed(SMALL, **{"x" * 10**5: 1}), "x" * 10**5, "unknown field", "write one of"),
]


@pytest.mark.parametrize(TABLE, WRONG_TYPES)
def test_wrong_types_are_reported_where_they_stand(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


@pytest.mark.parametrize(TABLE, WRONG_FIELDS)
def test_wrong_fields_are_reported_where_they_stand(blueprint: object, place: str, rule: str, fix: str) -> None:
    assert_reported(blueprint, place, rule, fix)


@pytest.mark.parametrize("methods", [*((name,) for name in HOSTILE), HOSTILE], ids="+".join)
@pytest.mark.parametrize(
    ("place", "hide"),
    [
        ("name", lambda item: changed(SMALL, name=item)),
        ("network", lambda item: changed(SMALL, network=item)),
        ("network.nat", lambda item: with_network(nat=item)),
        ("network.zones", lambda item: with_network(zones=item)),
        ("network.zones[0]", lambda item: with_network(zones=(item, "b"))),
        ("cluster.version", lambda item: with_cluster(version=item)),
        ("cluster.endpoint", lambda item: with_cluster(endpoint=item)),
        ("compute", lambda item: changed(SMALL, compute=item)),
        ("compute[0]", lambda item: changed(SMALL, compute=(item,))),
        ("compute[0].version", lambda item: with_nodes(version=item)),
        ("tags", lambda item: changed(SMALL, tags=item)),
        ("tags['a']", lambda item: changed(SMALL, tags={"a": item})),
        ("addons[3]", with_addons),
        ("addons[3].extra_values", lambda item: with_addons(ExternalDns(zones=("Z1",), extra_values={"a": item}))),
        ("teams[0].namespaces[0]", lambda item: with_teams(changed(TEAM, namespaces=(item,)))),
    ],
)
def test_objects_that_fail_when_looked_at_are_reported(methods: tuple[str, ...], place: str, hide: Any) -> None:
    assert places(hide(hostile(*methods))) == [place]


def test_every_missing_field_is_reported_at_once() -> None:
    assert places(MISSING) == ["name", "account", "region", "network", "cluster", "compute"]
    assert places(changed(SMALL, compute=(NODES(), FargateProfile()))) == [  # type: ignore[call-arg]  # hostile on purpose
        "compute[0].name",
        "compute[0].instance_types",
        "compute[1].name",
        "compute[1].selectors",
    ]


def test_replace_corrects_an_earlier_mistake() -> None:
    filled = replace(MISSING, **{name: getattr(SMALL, name) for name in ("name", "account", "region", "network")})
    assert plan(replace(filled, cluster=SMALL.cluster, compute=SMALL.compute, addons=SMALL.addons)) == plan(SMALL)
    assert plan(replace(with_cluster(version=1.35), cluster=SMALL.cluster)) == plan(SMALL)


def test_replace_does_not_lose_an_unknown_field() -> None:
    assert places(replace(changed(SMALL, nmae="dev"), name="prod")) == ["nmae"]
    assert places(changed(changed(SMALL, nmae="dev"), nmae="dev")) == ["nmae", "nmae"]


def test_mistakes_stand_in_the_order_of_the_file() -> None:
    """Whatever finds them: types of fields, rules between fields, between parts, or about what these would install.

    Of a copy, what is written comes before what is copied.
    """
    wrong = changed(
        with_cluster(admins=(Role("A"), Role("A")), service_cidr="10.0.0.0/24"),
        account="1",
        nmae="dev",
        addons=(*SMALL.addons, ExternalDns(zones=("Z1",), extra_values={"z": {"token": "x"}, "a": {"token": "x"}}), 1),
        teams=(changed(TEAM, namespaces=(TeamNamespace("kube-a", labels={"z": "!", "a": "!"}),)), TEAM, TEAM),
        tags={"z": "!", "Name": "a"},
    )
    assert places(wrong) == [
        "account",
        "nmae",
        "addons[3].extra_values['z']['token']",
        "addons[3].extra_values['a']['token']",
        "addons[4]",
        "teams[0].namespaces[0].name",
        "teams[0].namespaces[0].labels['z']",
        "teams[0].namespaces[0].labels['a']",
        "teams[2].name",
        "tags['z']",
        "cluster.admins[1]",
        "cluster.service_cidr",
    ]


def test_problems_come_as_the_fields_were_written_whatever_is_wrong_with_them() -> None:
    """Unknown ones among the others; what nobody wrote stands at the end. Of a copy, what was changed comes first."""
    made = Blueprint(version="1.36", account=5, tags=3, netwrk=1, region=7, name="x")  # type: ignore[call-arg, arg-type]  # on purpose
    assert places(made) == ["version", "account", "tags", "netwrk", "region", "cluster", "compute"]
    assert places(replace(made, compute=1))[:4] == ["version", "netwrk", "compute", "account"]  # type: ignore[arg-type]  # on purpose


def test_a_field_under_a_wrong_name_is_not_missing_as_well() -> None:
    one = Blueprint(nmae="x", region="us-west-2")  # type: ignore[call-arg]  # on purpose
    assert places(one) == ["nmae", "account", "network", "cluster", "compute"]


def test_a_path_into_what_cannot_be_looked_at_has_a_position() -> None:
    values = {"a": UnreadableMapping(), "b": UnreadableTuple(), "c": hostile(*HOSTILE)}
    paths: dict[FieldPath, tuple[int, ...]] = {
        (Key("b"), 1): (1, -1),
        (Key("a"), Key("x"), Key("y")): (0, -1),
        (Key("c"), "name"): (2, -1),
        (Key("d"), "name"): (-1,),
        (Key("a"),): (0,),
        (): (),
    }
    assert {path: position(values, path) for path in paths} == paths


def test_a_report_of_many_problems_ends() -> None:
    with pytest.raises(BlueprintError) as raised:
        plan(with_teams(*[None] * 300))
    assert len(raised.value.problems) == 300
    assert str(raised.value).startswith("300 problems; ")
    assert str(raised.value).endswith("and 200 more")
    assert str(raised.value).count("    fix    ") == 100


class FaultyRule(Value):
    """A value whose rule has a fault of its own, and which asks a field first where it is told to."""

    count: int
    asks: bool = True

    def problems(self) -> Iterator[Problem]:
        if self.asks and self.count > 1:
            yield Problem(("count",), self.count, "must be 1", "write 1")
        raise ZeroDivisionError


def test_a_rule_ends_at_a_wrong_field_and_its_own_fault_is_never_taken_for_that() -> None:
    assert [problem.path for problem in problems_in(FaultyRule("x"))] == [("count",)]  # type: ignore[arg-type]  # is wrong
    for value in (FaultyRule("x", asks=False), FaultyRule(1)):  # type: ignore[arg-type]  # is wrong
        fault = problems_in(value)[-1]
        assert str(fault.value) == "ZeroDivisionError: "
        assert fault.rule == "FaultyRule.problems() does not come to an end"
        assert re.fullmatch(r"correct blueprint/test_value\.py:\d+", fault.fix)


def test_what_is_create_only_is_a_field_and_what_others_say_is_none() -> None:
    """That AWS makes it anew is tried on templates: tests/stacks/test_create_only.py."""
    for cls in classes():
        names = {each.name for each in fields(cls)}
        assert cls.create_only.keys() <= names, cls
        assert not cls.words_of_others.keys() & names, cls


class Strange(Value):
    """A value whose rules give something else than problems."""

    gives: object

    def problems(self) -> Iterator[Problem]:
        return self.gives  # type: ignore[return-value]  # is wrong


@pytest.mark.parametrize("gives", [None, 3, (3,), "text", (Problem((), 1, "a", "b"), None)])
def test_rules_that_give_no_problems_are_told(gives: object) -> None:
    assert "Strange.problems() " in problems_in(Strange(gives))[-1].rule
