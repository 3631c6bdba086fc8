"""What people change in real clusters: synthesized once, compared in one call of the engine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from addons.argo_cd import ArgoCd
from addons.aws_load_balancer_controller import AwsLoadBalancerController
from addons.core import CORE
from addons.external_dns import ExternalDns
from addons.karpenter import Karpenter
from blueprint import AutoMode, Blueprint, ExistingSubnet, ManagedNodes, PublicEndpoint, Role
from blueprint.iam import Statement
from blueprint.node_pool import NodePool
from blueprint.planning.planner import plan
from blueprint.teams import (
    ApplicationTeam,
    FromLoadBalancer,
    GitWorkload,
    PriorityClass,
    Quota,
    ServiceAccount,
    TeamNamespace,
    ToInternet,
    ToRange,
)
from examples.existing_vpc import EXISTING_VPC
from examples.managed import MANAGED
from examples.shared import PLATFORM
from tests.blueprint.examples import changed
from tests.templates import renamed
from tools.assembly import read
from tools.review.dangers import RULES, Danger, dangers
from tools.revision.differences import differences
from tools.synthesis import synthesize

pytestmark = pytest.mark.thorough
NODES = ManagedNodes("system", instance_types=("m7g.large",), desired="unmanaged")
BASE = replace(
    MANAGED,
    network=changed(MANAGED.network, zones=("a", "b", "c")),
    cluster=replace(MANAGED.cluster, version="1.35"),
    compute=(NODES,),
)
THERE: Any = EXISTING_VPC.network
ELSEWHERE = ExistingSubnet("subnet-03c5d4f61307dbe89", "c", "10.0.48.0/20")
FURTHER = ExistingSubnet("subnet-04d6e5072418ecf9a", "c", "10.0.1.32/28")
NEWER = replace(BASE.cluster, version="1.36")
PUBLIC = PublicEndpoint(allow=("203.0.113.0/24",))
TEAM = ApplicationTeam("shop", owners=(Role("ShopOwner"),), namespaces=(TeamNamespace("shop"),))
QUEUE = "arn:${blueprint:partition}:sqs:us-west-2:111111111111:jobs"
JOBS = ApplicationTeam(
    "jobs",
    owners=(Role("JobsOwner"),),
    namespaces=(TeamNamespace("jobs"),),
    image_registries=("111111111111.dkr.ecr.us-west-2.amazonaws.com/jobs/",),
    network=(ToRange("10.9.0.0/24", (5432,)),),
    hosts=("jobs.example.com",),
    node_pool=NodePool(),
    service_accounts=(ServiceAccount("runner", "jobs", permissions=(Statement(("sqs:SendMessage",), (QUEUE,)),)),),
    permissions_boundary="TeamBoundary",
)


PAGES = GitWorkload("pages", "https://github.com/example/pages", "deploy", namespace="jobs")


def with_jobs(**changes: Any) -> Blueprint:
    addons = (*BASE.addons, Karpenter())
    return replace(BASE, addons=addons, teams=(*BASE.teams, replace(JOBS, **changes)))


def with_both(*, shop: tuple[str, ...] = ("shop.example.com",), space: str = "", **changes: Any) -> Blueprint:
    more = (*TEAM.namespaces, TeamNamespace(space)) if space else TEAM.namespaces
    base = with_jobs(**changes)
    return replace(base, teams=(*base.teams, replace(TEAM, hosts=shop, namespaces=more)))


def in_vpc(blueprint: Blueprint, **changes: Any) -> Blueprint:
    return replace(blueprint, network=changed(THERE, **changes))


def with_dns(**changes: Any) -> Blueprint:
    return replace(BASE, addons=(*BASE.addons, ExternalDns(zones=("Z0123456789",), **changes)))


def without(name: str) -> Blueprint:
    return replace(BASE, addons=tuple(each for each in BASE.addons if each.name != name))


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
    "a NAT gateway for each zone": replace(BASE, network=changed(BASE.network, nat="per-zone")),
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
        replace(BASE, network=changed(BASE.network, cidr="10.1.0.0/16")),
        {"replaces-state": 1 + 9 + 1},
    ),
    # Its three subnets go, no other moves; nodes leave the private one
    "a zone less": (
        replace(BASE, network=changed(BASE.network, zones=("a", "b"))),
        {"deletes-state": 3, "replaces-state": 1, "create-only": 1, "resets-nodes": 1},
    ),
    "a zone more": (
        replace(BASE, network=changed(BASE.network, zones=("a", "b", "c", "d"))),
        {"replaces-state": 1, "create-only": 1, "resets-nodes": 1},
    ),
    "a zone more for nodes": (
        replace(BASE, network=changed(BASE.network, zones=("a", "b", "c", "d"), control_plane_zones=("a", "b", "c"))),
        {"replaces-state": 1, "resets-nodes": 1},
    ),
    "upgrade and endpoint": (
        replace(BASE, cluster=replace(NEWER, endpoint=PUBLIC)),
        {"mixed-eks-update": 1, "opens-endpoint": 1},
    ),
    "a minor back": (replace(BASE, cluster=replace(BASE.cluster, version="1.34")), {"skips-minor": 2}),
    "shorter logs": (replace(BASE, cluster=replace(BASE.cluster, log_retention_days=30)), {"removes-protection": 3}),
    "an add-on less": (replace(BASE, addons=CORE), {"deletes-state": 1, "removes-addon": 1}),
    **{
        f"no {name}": (without(name), {"removes-addon": 1})
        for name in ("coredns", "aws-ebs-csi-driver", "metrics-server")  # nodes need the others of the core set
    },
    "a team less": (replace(BASE, teams=(PLATFORM,)), {"deletes-state": 2}),
    "another region": (replace(BASE, region="eu-west-1"), {"moves": 1}),
}


# A fleet's usual changes of a team and a chart, and those that take others' place.
OF_A_TEAM: dict[str, tuple[Blueprint, Blueprint, dict[str, int]]] = {
    "a class, more pods and a database": (
        with_jobs(),
        with_jobs(
            priority_classes=(PriorityClass("high", 1000),),
            namespaces=(TeamNamespace("jobs", quota=Quota(cpu="16", pods=100)),),
            network=(ToRange("10.9.0.0/24", (5432,)), ToRange("10.8.0.0/28", (6379,)), ToInternet()),
        ),
        {},
    ),
    "a narrower registry": (
        with_jobs(),
        with_jobs(image_registries=("111111111111.dkr.ecr.us-west-2.amazonaws.com/jobs/batch/",)),
        {},
    ),
    "no registry": (with_jobs(), with_jobs(image_registries=()), {"removes-protection": 1}),
    "a stranger's registry": (
        with_jobs(),
        with_jobs(image_registries=(*JOBS.image_registries, "docker.io/example/")),
        {"removes-protection": 1},
    ),
    "a hundred times": (
        with_jobs(),
        with_jobs(namespaces=(TeamNamespace("jobs", quota=Quota(cpu="800")),)),
        {"removes-protection": 1},
    ),
    "the whole VPC": (
        with_jobs(),
        with_jobs(network=(ToRange(BASE.network.cidrs[0], (5432,)),)),
        {"opens-endpoint": 1},
    ),
    # Its role and its guard rails are made under the new name, then deleted under the old one.
    "another name": (with_jobs(), with_jobs(name="batch"), {"renames-resource": 1}),
    "another name, and no registry": (
        with_jobs(),
        with_jobs(name="batch", image_registries=()),
        {"renames-resource": 1, "removes-protection": 1},
    ),
    "another name and namespace": (
        with_jobs(),
        with_jobs(name="batch", namespaces=(TeamNamespace("batch"),), service_accounts=()),
        {"deletes-state": 1},
    ),
    "another name and other people": (
        with_jobs(),
        with_jobs(name="batch", owners=(Role("Others"),)),
        {"renames-resource": 1, "changes-team": 2},  # its host and its namespace
    ),
    "a host more, and one less": (with_jobs(), with_jobs(hosts=("reports.example.com",)), {}),
    "all names under its own": (with_jobs(), with_jobs(hosts=(*JOBS.hosts, "*.jobs.example.com")), {}),
    "a host that another has": (
        with_both(),
        with_both(hosts=(), shop=("shop.example.com", "jobs.example.com")),
        {"changes-team": 1},
    ),
    "a namespace that another has": (
        with_both(namespaces=(TeamNamespace("jobs"), TeamNamespace("ledger"))),
        with_both(space="ledger"),
        {"changes-team": 1},
    ),
    # Its pool, and what keeps others from it
    "no nodes of its own any more": (with_jobs(), with_jobs(node_pool=None), {"keeps-objects": 1}),
    "a folder of Git less": (with_jobs(workloads=(PAGES,)), with_jobs(), {"keeps-objects": 1}),
    "a way in for load balancers": (
        with_jobs(),
        with_jobs(network=(*JOBS.network, FromLoadBalancer(ports=(8080,)))),
        {"removes-protection": 1},
    ),
    "a stranger's chart": (
        with_dns(),
        with_dns(chart_repository="https://charts.example.org/dns"),
        {"changes-source": 1},
    ),
    "a mirror of the account": (
        with_dns(),
        with_dns(chart_repository="oci://111111111111.dkr.ecr.us-west-2.amazonaws.com/external-dns"),
        {},
    ),
    "the second range of a VPC that is there": (
        in_vpc(with_jobs(network=())),
        in_vpc(with_jobs(network=(ToRange("100.64.0.0/16", (5432,)),))),
        {"opens-endpoint": 1},
    ),
    "from a VPC of its own to one that is there": (
        BASE,
        in_vpc(BASE, pods=(), nodes=(*THERE.nodes, ELSEWHERE), control_plane=(*THERE.control_plane, FURTHER)),
        {"leaves-behind": 1, "replaces-state": 1, "resets-nodes": 1},
    ),
    "everything is retained": (BASE, replace(BASE, retain=True), {}),
    "no longer everything is retained": (replace(BASE, retain=True), BASE, {"removes-protection": 1}),
    "other subnets of nodes": (
        in_vpc(BASE),
        in_vpc(BASE, pods=(), nodes=(*THERE.nodes, ELSEWHERE)),
        {"replaces-state": 1, "resets-nodes": 1},
    ),
    "other subnets of the same zones for EKS": (
        in_vpc(BASE, internal_load_balancers=()),
        in_vpc(BASE, control_plane=(THERE.nodes[0], THERE.control_plane[1])),
        {},
    ),
    "another zone for EKS": (
        in_vpc(BASE),
        in_vpc(BASE, control_plane=(*THERE.control_plane, FURTHER)),
        {"create-only": 1},
    ),
    "another VPC": (
        in_vpc(BASE),
        in_vpc(BASE, vpc_id="vpc-00000000", control_plane=THERE.nodes),
        {"create-only": 1},
    ),
    "the only DNS controller": (with_dns(), BASE, {"deletes-state": 1, "removes-addon": 1}),
    "Karpenter": (
        replace(BASE, addons=(*BASE.addons, Karpenter())),
        BASE,
        {"removes-addon": 1},
    ),
    "the load balancer controller": (
        replace(BASE, addons=(*BASE.addons, AwsLoadBalancerController())),
        BASE,
        {"removes-addon": 1, "removes-protection": 1},
    ),
}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, tuple[Danger, ...]]:
    """Clusters of one app have names of their own, which are one name again before they are compared.

    Cases that are alike are one cluster: most begin with the same.
    """
    out = tmp_path_factory.mktemp("fleet")
    after_them = {name: after for name, (_, after, _) in OF_A_TEAM.items()}
    before_them = {f"{name}, before": before for name, (before, _, _) in OF_A_TEAM.items()}
    cases = {**FINE, **{name: blueprint for name, (blueprint, _) in DANGEROUS.items()}, **after_them, **before_them}
    distinct: list[Blueprint] = []
    for blueprint in cases.values():
        if blueprint not in distinct:
            distinct.append(blueprint)
    named = {f"case{number:03}": blueprint for number, blueprint in enumerate(distinct)}
    plans = {name: plan(replace(blueprint, name=name)) for name, blueprint in named.items()}
    synthesize(list(plans.values()), out, validate=False)
    assembly = {cluster: renamed(stacks) for cluster, stacks in read(out).items()}
    of = {name: next(other for other, each in named.items() if each == blueprint) for name, blueprint in cases.items()}
    base = {name: of[f"{name}, before"] if name in OF_A_TEAM else of["nothing"] for name in cases}
    before = {name: assembly[other] for name, other in base.items()}
    after = {name: assembly[other] for name, other in of.items()}
    found = {
        each.name: dangers(each, (plans[base[each.name]], plans[of[each.name]])) for each in differences(before, after)
    }
    assert "nothing" not in found
    return {name: found.get(name, ()) for name in cases}


@pytest.mark.parametrize("case", FINE)
def test_no_false_alarm(case: str, told: Mapping[str, tuple[Danger, ...]]) -> None:
    assert told[case] == ()


@pytest.mark.parametrize("case", DANGEROUS)
def test_tells(case: str, told: Mapping[str, tuple[Danger, ...]]) -> None:
    assert Counter(danger.rule for danger in told[case]) == DANGEROUS[case][1]
    assert list(told[case]) == sorted(told[case], key=lambda danger: list(RULES).index(danger.rule))


@pytest.mark.parametrize("case", OF_A_TEAM)
def test_tells_what_takes_others_place(case: str, told: Mapping[str, tuple[Danger, ...]]) -> None:
    assert Counter(danger.rule for danger in told[case]) == OF_A_TEAM[case][2]


def test_names_what_to_look_at(told: Mapping[str, tuple[Danger, ...]]) -> None:
    for case in DANGEROUS:
        for danger in told[case]:
            assert all((danger.path, danger.what, danger.why, danger.fix)), danger
            assert "AWS::" in danger.type or "Custom::" in danger.type
    refused = {rule for rule, handling in RULES.items() if handling.refused}
    assert refused - {danger.rule for found in told.values() for danger in found} == {
        "changes-owner",
        "changes-delivery",  # tests/stacks/test_delivery.py
    }
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
