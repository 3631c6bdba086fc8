"""Random blueprints and random junk in them. The random numbers are the same in every run, so a failure is a defect."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, replace
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from addons.argo_cd import ArgoCd
from addons.aws_ebs_csi_driver import AwsEbsCsiDriver
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from addons.metrics_server import MetricsServer
from blueprint import (
    AutoMode,
    Blueprint,
    Cluster,
    FargateProfile,
    FargateSelector,
    ManagedNodes,
    NewNetwork,
    PublicEndpoint,
    Role,
    SelfManagedNodes,
    Taint,
    plan,
)
from blueprint.errors import BlueprintError
from blueprint.iam import Statement
from blueprint.network import LOG_RETENTION_DAYS
from blueprint.planning.network import subnets
from blueprint.teams import (
    ApplicationTeam,
    FromLoadBalancer,
    Permission,
    PlatformTeam,
    PriorityClass,
    Quota,
    ServiceAccount,
    TeamNamespace,
    ToInternet,
    ToRange,
)
from blueprint.value import Value, problems_in
from tests.blueprint.examples import CORE, HOSTILE, SMALL, Probe, assert_readable, changed, hostile
from tests.blueprint.test_plan import mutable

pytestmark = pytest.mark.thorough

# 10,000 of junk in fields and in hooks with `make every-value`.
RUNS: int = settings().max_examples
often = settings(max_examples=5 * RUNS if RUNS >= 1000 else RUNS)
NAMES = st.from_regex(r"[a-z]([-a-z0-9]{0,8}[a-z0-9])?", fullmatch=True).filter(
    lambda name: not name.startswith("kube-")
)
LABELS = st.dictionaries(NAMES.map("example.com/{}".format), NAMES, max_size=3)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.floats(-1e6, 1e6) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


def some(items: st.SearchStrategy[Any], **size: Any) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(items, **size).map(tuple)


@st.composite
def networks(draw: st.DrawFn) -> NewNetwork:
    """Ranges of every allowed size, and as many zones as may fit."""
    prefix = draw(st.integers(16, 24))
    address = draw(st.sampled_from([0x0A000000, 0xAC100000, 0xC0A80000, 0x64400000])) + draw(st.integers(0, 0xFFFF))
    cidr = ipaddress.ip_network((address, prefix), strict=False)
    zones = draw(some(st.sampled_from("abcdef"), min_size=2, max_size=6, unique=True))
    retention = draw(st.sampled_from(LOG_RETENTION_DAYS))
    return NewNetwork(str(cidr), zones, draw(st.sampled_from(["one", "per-zone"])), (), retention)


@st.composite
def nodes(draw: st.DrawFn, name: str) -> ManagedNodes | SelfManagedNodes:
    """A group of either kind and architecture."""
    families = draw(st.sampled_from([("m7g", "c6g", "r8g"), ("m7i", "m7a", "r5n")]))
    types = draw(some(st.sampled_from([f"{family}.4xlarge" for family in families]), min_size=1, unique=True))
    first = name == "group-0"  # takes all pods, and has room for them
    low = draw(st.integers(2 if first else 0, 10))
    kind: type[ManagedNodes] | type[SelfManagedNodes] = draw(st.sampled_from([ManagedNodes, SelfManagedNodes]))
    return kind(
        name,
        instance_types=types,
        min=low,
        max=draw(st.integers(max(low, 1), 20)),
        capacity=draw(st.sampled_from(["SPOT", "ON_DEMAND"])),
        labels=draw(LABELS),
        taints=() if first else draw(some(st.builds(Taint, NAMES), max_size=2, unique_by=lambda taint: taint.key)),
        version=draw(st.sampled_from([None, "1.34", "1.35"])),
    )


@st.composite
def blueprints(draw: st.DrawFn) -> Blueprint:
    """Valid ones: nodes, Auto Mode or both, with or without Fargate, add-ons and teams."""
    groups = [draw(nodes(f"group-{index}")) for index in range(draw(st.integers(0, 2)))]
    compute: list[Any] = [*groups]
    if not groups or draw(st.booleans()):
        compute.append(AutoMode())
    regions = ["us-west-2", "cn-north-1", "us-gov-east-1"]
    if draw(st.booleans()):
        regions.remove("us-gov-east-1")  # which has no Fargate
        compute.append(FargateProfile("batch", selectors=(FargateSelector("batch", draw(LABELS)),)))
    optional = [AwsEbsCsiDriver(), CoreDns(), MetricsServer(), CertManager(), ArgoCd(domain="argocd.example.com")]
    optional += [ExternalDns(zones=("Z1",), policy="sync"), AwsLoadBalancerController(), Karpenter()][
        : 3 if groups else 2
    ]
    optional.append(Probe(extra_values=draw(st.dictionaries(NAMES, JSON, max_size=3))))
    addons = draw(st.lists(st.sampled_from(optional), unique_by=lambda addon: addon.name))
    names = draw(some(NAMES.map("team-{}".format), max_size=3, unique=True))
    return Blueprint(
        name=draw(NAMES),
        account=draw(st.integers(0, 10**12 - 1).map("{:012}".format)),
        region=draw(st.sampled_from(regions)),
        network=draw(networks().filter(lambda network: not problems_in(network))),
        cluster=Cluster(
            version=draw(st.sampled_from(["1.35", "1.36"])),
            admins=(Role("BreakGlass"),),
            endpoint=draw(st.sampled_from([PublicEndpoint(allow=("203.0.113.0/24",)), SMALL.cluster.endpoint])),
            service_cidr="10.255.255.0/24" if draw(st.booleans()) else "192.168.255.0/24",
        ),
        compute=tuple(draw(st.permutations(compute))),
        addons=tuple(draw(st.permutations([*CORE, *addons]))),
        teams=tuple(
            PlatformTeam(name, members=(Role(name),))
            if draw(st.booleans())
            else ApplicationTeam(name, developers=(Role(name),))
            for name in names
        ),
        tags=draw(st.dictionaries(NAMES, NAMES, max_size=3)),
    )


def overlapping(blueprint: Blueprint) -> bool:
    services = ipaddress.ip_network(blueprint.cluster.service_cidr)
    return any(services.overlaps(ipaddress.ip_network(cidr)) for cidr in blueprint.network.cidrs)


@given(blueprints().filter(lambda blueprint: not overlapping(blueprint)), st.randoms(use_true_random=False))
def test_valid_blueprints_have_one_immutable_plan_whatever_the_order(blueprint: Blueprint, random: Any) -> None:
    made = plan(blueprint)
    assert list(mutable(made, "plan")) == []
    assert plan(blueprint) == made
    shuffled = {
        name: tuple(random.sample(items, len(items)))
        for name, items in (("addons", blueprint.addons), ("teams", blueprint.teams))
    }
    assert plan(changed(blueprint, **shuffled)) == made


FULL = replace(
    SMALL,
    network=replace(SMALL.network, interface_endpoints=("sts",)),
    cluster=replace(SMALL.cluster, endpoint=PublicEndpoint(allow=("203.0.113.0/24",))),
    compute=(
        ManagedNodes("a", instance_types=("m7g.large",), labels={"a": "b"}, taints=(Taint("a"),), version="1.34"),
        SelfManagedNodes("b", instance_types=("m6g.large",)),
        FargateProfile("c", selectors=(FargateSelector("batch", {"a": "b"}),)),
        AutoMode(),
    ),
    addons=(
        *CORE,
        CertManager(zones={"example.com": "Z1"}, acme_email="a@example.com"),
        ExternalDns(zones=("Z1",), domains=("example.com",)),
        Karpenter(),
        Probe(chart_version="1.2.3", chart_repository="https://charts.example.com", extra_values={"a": [1]}),
    ),
    teams=(
        PlatformTeam("ops", members=(Role("Ops"),)),
        ApplicationTeam(
            "shop",
            developers=(Role("Shop"),),
            namespaces=(TeamNamespace("shop", labels={"a": "b"}),),
            network=(FromLoadBalancer(ports=(8080,)), ToInternet(), ToRange("10.9.0.0/16", ports=(5432,))),
            permissions=(Permission("example.com", ("widgets",), ("get",)),),
            service_accounts=(ServiceAccount("a", "shop", (Statement(("s3:GetObject",), ("arn:aws:s3:::a/b",)),)),),
            image_registries=("example.com/",),
            priority_classes=(PriorityClass("high", 10),),
        ),
    ),
    tags={"a": "b"},
)


Put = Callable[[Any], Any]


def spots(value: Any) -> Iterator[Put]:
    """For everything in a value a function that puts something else there."""
    yield lambda junk: junk
    for inner, put in parts(value):
        for deeper in spots(inner):
            yield partial(nested, put, deeper)
    if isinstance(value, tuple):
        yield lambda junk: (*value, junk)
    if isinstance(value, Mapping):
        yield lambda junk: {junk if isinstance(junk, str | int | bytes) else type(junk).__name__: "a"}


def nested(outer: Put, inner: Put, junk: Any) -> Any:
    return outer(inner(junk))


def parts(value: Any) -> Iterator[tuple[Any, Put]]:
    """What a value holds, each with a function that puts something else in its place."""
    if isinstance(value, Value):
        for name in (field.name for field in fields(value) if field.name != "_mistakes"):
            yield getattr(value, name), partial(put_field, value, name)
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield item, partial(put_item, value, index)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield item, partial(put_key, value, key)


def put_field(value: Value, name: str, item: Any) -> Value:
    return changed(value, **{name: item})


def put_item(value: tuple[Any, ...], index: int, item: Any) -> tuple[Any, ...]:
    return (*value[:index], item, *value[index + 1 :])


def put_key(value: Mapping[Any, Any], key: Any, item: Any) -> dict[Any, Any]:
    return {**value, key: item}


SPOTS = list(spots(FULL))
PIECES = [FULL.network, FULL.cluster, *FULL.compute, *FULL.addons, *FULL.teams, Role("A"), Taint("a"), Quota()]
JUNK = st.one_of(
    st.text(),
    st.text(alphabet="a1.-/*:\n\x00\u202e${}", max_size=30),
    st.integers() | st.just(10**5000),
    st.floats(),
    st.booleans() | st.none() | st.binary(),
    st.lists(st.text(max_size=3) | st.integers() | st.none(), max_size=4),
    st.lists(st.text(max_size=3), max_size=4).map(tuple),
    st.dictionaries(st.text(max_size=5) | st.integers(), st.text(max_size=5) | st.none(), max_size=3),
    st.sampled_from(PIECES) | st.sampled_from([type(piece) for piece in PIECES]),
    st.sampled_from(HOSTILE).map(hostile),
    st.sampled_from(HOSTILE).map(lambda method: (hostile(method),)),
    st.sampled_from(HOSTILE).map(lambda method: {"a": [hostile(method)]}),
    st.sampled_from([lambda: 1, plan, Value, Ellipsis, NotImplemented, object(), range(3), "x" * 10_000]),
)


@often
@given(st.integers(0, len(SPOTS) - 1), JUNK)
def test_junk_anywhere_ends_in_a_plan_or_a_report(spot: int, junk: Any) -> None:
    try:
        made = plan(SPOTS[spot](junk))
    except BlueprintError as error:
        assert_readable(error)
    else:
        assert list(mutable(made, "plan")) == []


@given(networks(), st.sampled_from(["us-west-2", "cn-north-1"]))
def test_subnets_fill_the_network_from_its_start_or_the_report_says_that_they_do_not_fit(
    network: NewNetwork, region: str
) -> None:
    vpc = ipaddress.IPv4Network(network.cidr)
    planned = subnets(network, region)
    ranges = [ipaddress.IPv4Network(subnet.cidr) for subnet in planned]
    assert {(subnet.kind, subnet.zone) for subnet in planned} == {
        (kind, f"{region}{zone}") for kind in network.prefixes for zone in network.zones
    }
    assert len(planned) == 3 * len(network.zones)
    assert all(one.broadcast_address < other.network_address for one, other in pairwise(ranges))
    assert ranges[0].network_address == vpc.network_address
    fits = all(subnet.subnet_of(vpc) for subnet in ranges)
    assert [problem.place for problem in problems_in(network)] == ([] if fits else ["zones"])
