"""An evaluator of Kubernetes' own says of network policies what ours says, and notices what is gone."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blueprint import Blueprint
from tests.isolation.fleets import fleets
from tests.isolation.network import End, Pod
from tests.isolation.properties import ADDRESSES
from tests.isolation.test_guards import BREAKS, WORLD, Break
from tests.isolation.test_network import CASES
from tests.isolation.world import World, world_of
from tests.kubernetes.cluster import Cluster
from tests.kubernetes.network import Answers, Judge, ours, ports_of
from tools.kubernetes.programs import evaluator

pytestmark = [
    pytest.mark.newest,  # an API server only fills in what policies leave out
    pytest.mark.skipif(
        sys.platform != "linux", reason="the evaluator is of a program that speaks to the kernel of Linux"
    ),
]

FEW = settings(deadline=None, derandomize=True, database=None, max_examples=15, suppress_health_check=list(HealthCheck))
MANY = settings(FEW, max_examples=300)
BY_POLICIES = {"pods_stay_apart", "doors_stay_shut"}
HERE = [(name, change) for name, change, expected in BREAKS if expected & BY_POLICIES]


@pytest.fixture(scope="module")
def judge(shared: Cluster) -> Iterator[Judge]:
    assert evaluator().exists(), "the evaluator of network policies is not at hand: make kubernetes"
    made = Judge(shared.objects)
    try:
        yield made
    finally:
        made.stop()


def ends_of(world: World) -> list[End]:
    return [*world.pods, *ADDRESSES]


def ask(world: World, judge: Judge) -> tuple[Answers, Answers]:
    """What ours and the other say of all pods and some addresses of a world."""
    ends, ports = ends_of(world), ports_of(world.objects)
    return ours(world.objects, ends, ports), judge.answers(world.objects, ends, ports)


def differing(mine: Answers, theirs: Answers) -> list[Any]:
    assert mine.keys() == theirs.keys()
    return [question for question, answer in mine.items() if theirs[question] != answer]


def test_both_say_the_same_of_random_fleets(judge: Judge) -> None:
    answers: list[bool] = []

    @FEW
    @given(fleets())
    def agree(blueprint: Blueprint) -> None:
        mine, theirs = ask(world_of(blueprint), judge)
        answers.extend(theirs.values())
        assert differing(mine, theirs) == []

    agree()
    assert len(answers) > 100_000
    assert {True, False} == set(answers)


@pytest.fixture(scope="module")
def sound(judge: Judge) -> Answers:
    """What the other says of a world with all its guards."""
    mine, theirs = ask(WORLD, judge)
    assert differing(mine, theirs) == []
    return theirs


@pytest.mark.parametrize("change", [pytest.param(change, id=name) for name, change in HERE])
def test_a_missing_guard_is_noticed(judge: Judge, sound: Answers, change: Break) -> None:
    world = change(WORLD)
    ends, ports = ends_of(WORLD), ports_of(WORLD.objects)
    theirs = judge.answers(world.objects, ends, ports)
    assert differing(ours(world.objects, ends, ports), theirs) == []
    assert [question for question, answer in theirs.items() if answer and not sound[question]]


# A pod that calls itself sends no packet.
_SENT = [case for case in CASES if case.values[1] != case.values[2]]


@pytest.mark.parametrize(("objects", "source", "destination", "expected"), _SENT)
def test_every_case_of_ours(
    judge: Judge, objects: tuple[Any, ...], source: Any, destination: Any, expected: bool
) -> None:
    held = [_typed(one) for one in objects]
    ends = [_addressed(end, f"10.9.0.{number}") for number, end in enumerate((source, destination), 1)]
    assert judge.answers(held, ends, [("TCP", 80)])[0, 1, ("TCP", 80)] is expected


def _addressed(end: Any, address: str) -> Any:
    """A pod has an address in any network."""
    return end if isinstance(end, str) or end.ip else Pod(end.namespace, end.labels, address, end.named_ports)


# --- Policies of all sorts, also such as nobody here writes ---

_KEYS, _VALUES = st.sampled_from(["app", "tier"]), st.sampled_from(["", "db", "web"])
_LABELS = st.dictionaries(_KEYS, _VALUES)
_EXPRESSIONS = st.one_of(
    st.builds(
        lambda key, operator, values: {"key": key, "operator": operator, "values": values},
        *(_KEYS, st.sampled_from(["In", "NotIn"]), st.lists(_VALUES, min_size=1, unique=True)),
    ),
    st.builds(
        lambda key, operator: {"key": key, "operator": operator}, _KEYS, st.sampled_from(["Exists", "DoesNotExist"])
    ),
)
_SELECTORS = st.fixed_dictionaries(
    {}, optional={"matchLabels": _LABELS, "matchExpressions": st.lists(_EXPRESSIONS, max_size=2)}
)
_BLOCKS = st.sampled_from(
    [
        {"cidr": "0.0.0.0/0"},
        {"cidr": "10.0.0.0/8", "except": ["10.0.0.0/30"]},
        {"cidr": "10.0.0.2/32"},
        {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "203.0.113.9/32"]},
        {"cidr": "::/0"},
    ]
)
_PEERS = st.one_of(
    st.builds(lambda block: {"ipBlock": block}, _BLOCKS),
    st.builds(lambda selector: {"podSelector": selector}, _SELECTORS),
    st.builds(lambda selector: {"namespaceSelector": selector}, _SELECTORS),
    st.builds(lambda one, other: {"namespaceSelector": one, "podSelector": other}, _SELECTORS, _SELECTORS),
)
_TRANSPORT = st.sampled_from(["TCP", "UDP", "SCTP"])
_PORTS = st.one_of(
    st.fixed_dictionaries({}, optional={"protocol": _TRANSPORT}),
    st.fixed_dictionaries({"port": st.sampled_from([80, 8080, "http", "dns"])}, optional={"protocol": _TRANSPORT}),
    st.fixed_dictionaries(
        {"port": st.just(70), "endPort": st.sampled_from([70, 80])}, optional={"protocol": _TRANSPORT}
    ),
)


def _rules(peers: str) -> st.SearchStrategy[Any]:
    optional = {peers: st.lists(_PEERS, max_size=2), "ports": st.lists(_PORTS, max_size=2)}
    return st.lists(st.fixed_dictionaries({}, optional=optional), max_size=2)


_SPECS = st.fixed_dictionaries(
    {"podSelector": _SELECTORS},
    optional={
        "policyTypes": st.lists(st.sampled_from(["Ingress", "Egress"]), min_size=1, unique=True),
        "ingress": _rules("from"),
        "egress": _rules("to"),
    },
)
_POLICIES = st.builds(
    lambda namespace, spec: {"kind": "NetworkPolicy", "metadata": {"name": "p", "namespace": namespace}, "spec": spec},
    *(st.sampled_from(["a", "b"]), _SPECS),
)
_NAMESPACES = st.builds(lambda labels: {"kind": "Namespace", "metadata": {"name": "a", "labels": labels}}, _LABELS)
_ENDS: list[End] = [
    Pod("a", {"app": "web"}, "10.0.0.1"),
    Pod("a", {"app": "db", "tier": ""}, "10.0.0.2"),
    Pod("b", {"app": "web"}, "10.0.0.5", {("http", "TCP"): 8080, ("dns", "UDP"): 53}),
    Pod("b", {}, "10.0.0.6"),
    Pod("a", {"app": "web"}, "10.0.0.7", host_network=True),
    *("203.0.113.9", "198.51.100.1", "2001:db8::1"),
]


def _typed(one: Mapping[str, Any]) -> Mapping[str, Any]:
    return {"apiVersion": "networking.k8s.io/v1" if one["kind"] == "NetworkPolicy" else "v1", **one}


def test_both_say_the_same_of_any_policies(judge: Judge) -> None:
    answers: list[bool] = []

    @MANY
    @given(st.lists(_POLICIES, min_size=1, max_size=4), _NAMESPACES)
    def agree(policies: list[Any], space: Any) -> None:
        objects = [
            _typed({**one, "metadata": {**one["metadata"], "name": f"p{at}"}}) for at, one in enumerate(policies)
        ]
        objects.append(_typed(space))
        ports = [*ports_of(objects), ("UDP", 53), ("TCP", 8080)]
        mine, theirs = ours(objects, _ENDS, ports), judge.answers(objects, _ENDS, ports)
        answers.extend(theirs.values())
        assert differing(mine, theirs) == []

    agree()
    assert {True, False} == set(answers)
