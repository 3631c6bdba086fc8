"""What people change in real clusters: synthesized once, compared in one call of the engine."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import pytest

from addons.argo_cd import ArgoCd
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from blueprint import AutoMode, Blueprint, ManagedNodes, PublicEndpoint, Role
from blueprint.planning.planner import plan
from blueprint.teams import ApplicationTeam, TeamNamespace
from examples.managed import MANAGED
from examples.shared import PLATFORM
from tools.assembly import Stack, read
from tools.review.dangers import RULES, Danger, dangers
from tools.revision.differences import differences
from tools.synthesis import synthesize

NODES = ManagedNodes("system", instance_types=("m7g.large",), desired="unmanaged")
BASE = replace(
    MANAGED,
    network=replace(MANAGED.network, zones=("a", "b", "c")),
    cluster=replace(MANAGED.cluster, version="1.35"),
    compute=(NODES,),
)
NEWER = replace(BASE.cluster, version="1.36")
PUBLIC = PublicEndpoint(allow=("203.0.113.0/24",))
TEAM = ApplicationTeam("shop", owners=(Role("ShopOwner"),), namespaces=(TeamNamespace("shop"),))

FINE: dict[str, Blueprint] = {
    "nothing": BASE,
    "a day's work": replace(
        BASE,
        cluster=replace(BASE.cluster, log_retention_days=731),
        compute=(replace(NODES, min=3, max=9), replace(NODES, name="more", desired=None)),
        addons=(
            replace(CORE[0], version="v1.21.9-eksbuild.1"),
            *CORE[1:],
            ArgoCd(domain="argocd.example.com", chart_version="99.0.0"),
            Karpenter(),
            ExternalDns(zones=("Z0123456789",)),
        ),
        teams=(*BASE.teams, TEAM),
    ),
    "an upgrade": replace(BASE, cluster=NEWER),
    "a NAT gateway for each zone": replace(BASE, network=replace(BASE.network, nat="per-zone")),
}
DANGEROUS: dict[str, tuple[Blueprint, dict[str, int]]] = {
    "tags": (replace(BASE, tags={"cost-center": "43"}), {"mixed-eks-update": 1}),
    # Its control plane moves among the nodes at the same time: that is a deploy of its own, subnets="private".
    "Auto Mode as well": (
        replace(BASE, compute=(AutoMode(node_pools=("system",)), NODES)),
        {"mixed-eks-update": 1},
    ),
    "instance types": (
        replace(BASE, compute=(replace(NODES, instance_types=("m7g.xlarge",), desired=None),)),
        {"replaces-state": 1},
    ),
    "instance types of a group that something else scales": (
        replace(BASE, compute=(replace(NODES, instance_types=("m7g.xlarge",)),)),
        {"replaces-state": 1, "resets-nodes": 1},
    ),
    "nodes of another name": (
        replace(BASE, compute=(replace(NODES, name="general"),)),
        {"renames-resource": 1, "resets-nodes": 1},
    ),
    "upgrade and number of nodes": (
        replace(BASE, cluster=NEWER, compute=(replace(NODES, min=3, max=9),)),
        {"mixed-eks-update": 1},
    ),
    # VPC, subnets of three kinds in three zones, a NAT gateway
    "another range": (
        replace(BASE, network=replace(BASE.network, cidr="10.1.0.0/16")),
        {"replaces-state": 1 + 9 + 1},
    ),
    # Its three subnets go, no other moves; nodes leave the private one
    "a zone less": (
        replace(BASE, network=replace(BASE.network, zones=("a", "b"))),
        {"deletes-state": 3, "replaces-state": 1, "create-only": 1, "resets-nodes": 1},
    ),
    "a zone more": (
        replace(BASE, network=replace(BASE.network, zones=("a", "b", "c", "d"))),
        {"replaces-state": 1, "create-only": 1, "resets-nodes": 1},
    ),
    "a zone more for nodes": (
        replace(BASE, network=replace(BASE.network, zones=("a", "b", "c", "d"), control_plane_zones=("a", "b", "c"))),
        {"replaces-state": 1, "resets-nodes": 1},
    ),
    "upgrade and endpoint": (
        replace(BASE, cluster=replace(NEWER, endpoint=PUBLIC)),
        {"mixed-eks-update": 1, "opens-endpoint": 1},
    ),
    "a minor back": (replace(BASE, cluster=replace(BASE.cluster, version="1.34")), {"skips-minor": 2}),
    "shorter logs": (replace(BASE, cluster=replace(BASE.cluster, log_retention_days=30)), {"removes-protection": 3}),
    "an add-on less": (replace(BASE, addons=CORE), {"deletes-state": 1}),
    "a team less": (replace(BASE, teams=(PLATFORM,)), {"deletes-state": 2}),
    "another region": (replace(BASE, region="eu-west-1"), {"moves": 1}),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Danger, ...]]:
    """Clusters of one app have names of their own, which are one name again before they are compared."""
    out = tmp_path_factory.mktemp("fleet")
    cases = {**FINE, **{name: blueprint for name, (blueprint, _) in DANGEROUS.items()}}
    names = {name: f"case{number:03}" for number, name in enumerate(cases)}
    synthesize([plan(replace(each, name=names[name])) for name, each in cases.items()], out, validate=False)
    assembly = {cluster: tuple(map(_same, stacks)) for cluster, stacks in read(out).items()}
    before = {names[name]: assembly[names["nothing"]] for name in cases}
    found = {each.name: dangers(each) for each in differences(before, assembly)}
    assert names["nothing"] not in found
    return {name: found.get(names[name], ()) for name in cases}


def _same(stack: Stack) -> Stack:
    """Under the name of all, and without the hash that the CDK makes of it."""
    words = re.sub(r"prune-[0-9a-f]+", "prune", json.dumps(stack.template).replace(stack.cluster, "case"))
    name = stack.stack_name.replace(stack.cluster, "case")
    return replace(stack, cluster="case", stack_name=name, template=json.loads(words))


@pytest.mark.parametrize("case", FINE)
def test_no_false_alarm(case: str, told: Mapping[str, tuple[Danger, ...]]) -> None:
    assert told[case] == ()


@pytest.mark.parametrize("case", DANGEROUS)
def test_tells(case: str, told: Mapping[str, tuple[Danger, ...]]) -> None:
    assert Counter(danger.rule for danger in told[case]) == DANGEROUS[case][1]
    assert list(told[case]) == sorted(told[case], key=lambda danger: list(RULES).index(danger.rule))


def test_names_what_to_look_at(told: Mapping[str, tuple[Danger, ...]]) -> None:
    for case in DANGEROUS:
        for danger in told[case]:
            assert all((danger.path, danger.what, danger.why, danger.fix)), danger
            assert "AWS::" in danger.type or "Custom::" in danger.type
    refused = {rule for rule, handling in RULES.items() if handling.refused}
    assert refused - {danger.rule for found in told.values() for danger in found} == {"changes-owner", "leaves-behind"}
    (types,) = told["instance types"]
    assert (types.cluster, types.stack, types.path) == ("case", "cluster", "Compute/system/Nodes")
    assert types.why == 'InstanceTypes: ["m7g.large"] -> ["m7g.xlarge"]'
    (tags,) = told["tags"]
    assert "cdk deploy --tags" in tags.fix
    assert "cdk deploy --tags" not in told["upgrade and number of nodes"][0].fix
    (renamed,) = (danger for danger in told["nodes of another name"] if danger.rule == "renames-resource")
    assert renamed.why == "Compute/system/Nodes is called Compute/general/Nodes now"
    zone = [danger for danger in told["a zone less"] if danger.rule == "deletes-state"]
    assert ["imports it" in danger.what for danger in zone] == [True, False, True]
