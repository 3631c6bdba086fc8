"""The plan: complete, immutable, and the same for the same blueprint."""

from __future__ import annotations

import itertools
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.cert_manager import CertManager
from addons.core import CORE as WHOLE_CORE
from addons.core_dns import CoreDns
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from blueprint import AutoMode, Blueprint, FargateProfile, FargateSelector, Role, plan
from blueprint.errors import BlueprintError
from blueprint.planning.planner import plans
from blueprint.references import references_in, resolved
from blueprint.teams import PlatformTeam
from tests.blueprint.examples import AUTO, FARGATE, SMALL, TEAM, Plain, Probe, changed, part, with_addons

ROOT = Path(__file__).parents[2]

RICH = replace(
    SMALL,
    compute=(
        changed(SMALL.compute[0], labels={"example.com/pool": "system"}),
        FargateProfile("batch", selectors=(FargateSelector("batch", labels={"example.com/fargate": "yes"}),)),
    ),
    addons=(
        *WHOLE_CORE,
        AwsLoadBalancerController(),
        ExternalDns(zones=("Z1",)),
        CertManager(zones={"example.com": "Z1"}, acme_email="a@example.com"),
        Karpenter(),
        ArgoCd(domain="argocd.example.com"),
        Probe(extra_values={"a": [{"b": [1, None, True]}]}),
    ),
    teams=(TEAM, PlatformTeam("platform", members=(Role("Engineer"),))),
    tags={"cost-center": "42"},
)
PLAN = plan(RICH)


class Zebra(Plain):
    name = "zebra"


class Ant(Plain):
    name = "ant"
    requires = (Zebra,)


class Bee(Plain):
    name = "bee"
    requires = (Ant, Zebra)


class Cat(Plain):
    name = "cat"


class StripedZebra(Zebra):
    name = "zebra-striped"


def order(blueprint: Blueprint) -> list[str]:
    return [each.name for each in plan(blueprint).addons]


@pytest.mark.parametrize("addons", list(itertools.permutations((Zebra(), Ant(), Bee(), Cat()))))
def test_add_ons_stand_behind_those_they_require_in_any_order_of_listing(addons: tuple[Plain, ...]) -> None:
    made = plan(replace(AUTO, addons=addons))
    assert [(each.name, each.after) for each in made.addons] == [
        ("auto-mode", ()),
        ("cat", ()),
        ("zebra", ()),
        ("ant", ("zebra",)),
        ("bee", ("zebra", "ant")),
    ]


def test_an_add_on_stands_behind_a_subclass_of_what_it_requires() -> None:
    made = plan(replace(AUTO, addons=(Ant(), StripedZebra())))
    assert [(each.name, each.after) for each in made.addons[1:]] == [("zebra-striped", ()), ("ant", ("zebra-striped",))]


def test_the_order_of_listing_changes_nothing() -> None:
    turned = replace(RICH, addons=RICH.addons[::-1], teams=RICH.teams[::-1], tags={**RICH.tags})
    assert plan(turned) == PLAN
    skipping = replace(AUTO, addons=(*WHOLE_CORE, CertManager()))
    assert plan(replace(skipping, addons=skipping.addons[::-1])) == plan(skipping)


def test_the_same_blueprint_gives_the_same_plan() -> None:
    assert plan(RICH) == PLAN
    assert repr(plan(RICH)) == repr(PLAN)


def test_what_is_known_is_not_planned_again() -> None:
    other = replace(AUTO, name="another")
    first, second = plans({"a": RICH, "b": other}, known={RICH.name: PLAN, "of-another-fleet": PLAN})
    assert first is PLAN
    assert second == plan(other)
    with pytest.raises(BlueprintError, match="must be a Blueprint"):
        plans({"a": None}, known={RICH.name: PLAN})  # type: ignore[dict-item]  # hostile on purpose


def mutable(data: Any, path: str) -> Iterator[str]:
    """Paths to whatever in a plan a caller could change."""
    if is_dataclass(data):
        for field in fields(data):
            with suppress(FrozenInstanceError):
                setattr(data, field.name, getattr(data, field.name))
                yield f"{path}.{field.name}"
            yield from mutable(getattr(data, field.name), f"{path}.{field.name}")
    elif isinstance(data, MappingProxyType):
        for key, item in data.items():
            yield from mutable(item, f"{path}[{key!r}]")
    elif isinstance(data, tuple):
        for index, item in enumerate(data):
            yield from mutable(item, f"{path}[{index}]")
    elif data is not None and not isinstance(data, str | int | float | frozenset):
        yield path


@pytest.mark.parametrize("blueprint", [RICH, AUTO, FARGATE], ids=["rich", "auto", "fargate"])
def test_nothing_in_a_plan_can_be_changed(blueprint: Blueprint) -> None:
    assert list(mutable(plan(blueprint), "plan")) == []


def test_a_plan_refuses_changes() -> None:
    with pytest.raises(FrozenInstanceError):
        PLAN.addons = ()  # type: ignore[misc]  # hostile on purpose
    with pytest.raises(TypeError):
        PLAN.network.subnet_tags["private"] = {}  # type: ignore[index]  # hostile on purpose
    with pytest.raises(TypeError):
        part(PLAN, "probe").releases[0].values["a"][0]["b"] = 1


def test_a_plan_does_not_follow_what_it_was_made_from() -> None:
    tags, values = {"a": "b"}, {"list": [1]}
    made = plan(with_addons(Probe(extra_values=values), base=changed(SMALL, tags=tags)))
    tags["a"] = "changed"
    values["list"].append(2)
    assert made.facts.tags == (("a", "b"),)
    assert part(made, "probe").releases[0].values == {"list": (1,)}


def test_a_renderer_gets_plain_data() -> None:
    values = part(PLAN, "probe").releases[0].values
    assert resolved(values, {}) == {"a": [{"b": [1, None, True]}]}
    found = resolved(
        {"${blueprint:vpc-id}": ("x-${blueprint:vpc-id}-${blueprint:partition}",)}, {"vpc-id": "v", "partition": "p"}
    )
    assert found == {"v": ["x-v-p"]}
    assert list(references_in({"${blueprint:a}": ["${blueprint:b:c/d}"]})) == ["a", "b:c/d"]
    with pytest.raises(KeyError, match="unknown"):
        resolved("${blueprint:unknown}", {})


def test_a_plan_holds_all_that_its_parts_refer_to() -> None:
    grants = {grant.name for each in PLAN.parts for grant in each.contribution.grants}
    assert grants == {
        "cert-manager/cert-manager",
        "external-dns/external-dns",
        "kube-system/aws-load-balancer-controller",
        "kube-system/karpenter",
    }
    assert len(PLAN.network.subnets) == 9
    assert [each.name for each in PLAN.parts] == [*order(RICH), "payments", "platform"]


@pytest.mark.parametrize(
    ("compute", "architectures", "has_nodes", "auto_mode"),
    [
        (SMALL.compute, {"arm64"}, True, False),
        ((AutoMode(),), {"amd64"}, False, True),
        (FARGATE.compute, {"amd64"}, False, False),
        ((*SMALL.compute, AutoMode()), {"amd64", "arm64"}, True, True),
    ],
    ids=["nodes", "auto", "fargate", "mixed"],
)
def test_facts_of_each_kind_of_compute(
    compute: Any,
    architectures: set[str],
    has_nodes: bool,
    auto_mode: bool,
) -> None:
    facts = plan(replace(SMALL, compute=compute, addons=SMALL.addons if has_nodes else ())).facts
    assert sorted(facts.architectures) == sorted(architectures)
    assert (facts.has_nodes, facts.auto_mode) == (has_nodes, auto_mode)


def test_facts_name_no_partition() -> None:
    assert PLAN.facts.cluster_arn == "arn:${blueprint:partition}:eks:us-west-2:111111111111:cluster/dev"


@pytest.mark.parametrize(
    ("selectors", "irsa"), [((FargateSelector("external-dns"),), True), ((FargateSelector("batch"),), False)]
)
def test_workloads_on_fargate_get_their_permissions_by_irsa(selectors: tuple[FargateSelector, ...], irsa: bool) -> None:
    mixed = replace(SMALL, compute=(*SMALL.compute, FargateProfile("a", selectors=selectors)))
    made = plan(with_addons(ExternalDns(zones=("Z1",)), base=mixed))
    (grant,) = part(made, "external-dns").grants
    assert grant.irsa is irsa


def test_dns_on_fargate_is_told_so() -> None:
    assert part(plan(replace(FARGATE, addons=(CoreDns(),))), "coredns").managed_addons[0].configuration == {
        "computeType": "Fargate"
    }


@pytest.mark.thorough
def test_the_model_never_imports_the_cdk() -> None:
    """Measured in a process of its own: other tests may have imported it in this one."""
    program = """
import importlib, pathlib, sys
for folder in ("blueprint", "addons", "teams", "clusters"):
    for path in sorted(pathlib.Path(folder).rglob("*.py")):
        importlib.import_module(".".join(path.with_suffix("").parts).removesuffix(".__init__"))
from app import CLUSTERS
from blueprint.inventory import planned
assert planned(CLUSTERS)
print(*sorted({"aws_cdk", "jsii", "constructs", "boto3"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout.split() == []
