"""What the templates of a cluster say it consists of, held against its plan: tools read plans and mean templates."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from addons.cert_manager import CertManager
from addons.core import CORE
from blueprint.addons import CallsAws
from blueprint.facts import ClusterFacts
from blueprint.iam import Statement
from blueprint.planning.document import NodeGroup, Plan
from blueprint.planning.planner import plan
from tests.blueprint.examples import SMALL, TEAM, Probe
from tests.stacks.contents import Capacity, Contents, contents
from tests.stacks.fleet import fleet_plans
from tests.templates import plain
from tools.assembly import Assembly, read
from tools.review.manifests import name_of
from tools.synthesis import synthesize

# What comes from Git instead is compared in tests/tools/gitops.
PLANS = {name: plan for name, plan in fleet_plans().items() if not plan.delivery}


@pytest.fixture(params=PLANS)
def both(request: pytest.FixtureRequest, assembly: Assembly) -> tuple[Plan, Contents]:
    return PLANS[request.param], contents(assembly[request.param])


def test_network(both: tuple[Plan, Contents]) -> None:
    planned, found = both
    network = planned.network
    if network.vpc_id:
        assert (found.cidrs, found.subnets, found.nat_gateways, found.endpoints) == ((), (), 0, ())
        return
    assert {(each.kind, each.zone, each.cidr) for each in found.subnets} == {
        (each.kind, each.zone, each.cidr) for each in planned.network.subnets
    }
    assert found.cidrs == network.cidrs
    assert found.nat_gateways == network.nat_gateways
    assert found.endpoints == tuple(sorted(network.interface_endpoints))


def test_control_plane(both: tuple[Plan, Contents]) -> None:
    planned, found = both
    cluster = planned.control_plane
    assert (found.name, found.account, found.region) == (
        planned.facts.name,
        planned.facts.account,
        planned.facts.region,
    )
    assert found.version == cluster.version
    assert found.deletion_protection == cluster.deletion_protection
    assert found.public_ranges == cluster.public_ranges


def test_capacity(both: tuple[Plan, Contents]) -> None:
    planned, found = both
    nodes = [each for each in planned.compute if isinstance(each, NodeGroup)]
    assert {(each.name, each.instance_types, each.spot, each.min, each.max) for each in found.capacity if each.max} == {
        (each.name, each.instance_types, each.capacity == "SPOT", each.min, each.max) for each in nodes
    }
    assert {each.name: each.version for each in found.capacity if each.kind == "managed"} == {
        # EKS takes no version of a group with an image of one's own.
        each.name: "" if each.image == "CUSTOM" else each.version
        for each in nodes
        if each.kind == "managed"
    }
    assert len(found.capacity) == len(planned.compute) + bool(planned.control_plane.auto_mode)
    assert all(each.image for each in found.capacity if each.max)
    assert {each.kind for each in found.capacity} <= {"managed", "self-managed", "fargate", "auto"}


def test_fargate_and_auto_mode_name_what_they_run(assembly: Assembly) -> None:
    assert contents(assembly["fargate"]).capacity[0] == Capacity(
        "system", "fargate", selectors=("kube-system", "external-dns")
    )
    assert contents(assembly["auto"]).capacity == (
        Capacity("auto-mode", "auto", selectors=("general-purpose", "system")),
    )


def test_parts(both: tuple[Plan, Contents]) -> None:
    planned, found = both
    for parts, installed in ((found.addons, planned.addons), (found.teams, planned.teams)):
        # A team of people only installs nothing in the cluster.
        reaching = {each.name: each for each in installed if each.contribution.reaches_cluster or parts is found.addons}
        assert [each.name for each in parts] == sorted(reaching)
        for part in parts:
            made = reaching[part.name]
            assert (part.version, part.installer, part.namespaces) == (made.version, made.installed_by, made.namespaces)
            by_pod_identity = [each.service_account for each in made.contribution.every_grant if not each.irsa]
            assert sorted(part.pod_identity) == sorted(by_pod_identity)


def test_parts_stand_after_those_that_they_need(assembly: Assembly) -> None:
    after = {part.name: part.after for part in contents(assembly["teams"]).addons}
    installed = {part.name for part in PLANS["teams"].addons if part.contribution.reaches_cluster}
    assert after == {
        part.name: tuple(sorted(name for name in part.after if {name, part.name} <= installed))
        for part in PLANS["teams"].addons
    }


class NeedsCertManager(CallsAws, Probe):
    """A chart with certificates of its own, and AWS permissions."""

    name = "needs-cert-manager"
    requires = (CertManager,)
    service_account = "needy"
    timeout_minutes = 3

    def permissions(self, facts: ClusterFacts) -> tuple[Statement, ...]:
        return (Statement(("sqs:SendMessage",), ("arn:aws:sqs:us-west-2:111111111111:queue",)),)


def test_who_installs_a_part_what_it_needs_and_what_has_aws_permissions(tmp_path: Path) -> None:
    needy = replace(SMALL, addons=(NeedsCertManager(), *CORE, CertManager()), teams=(TEAM,))
    synthesize([plan(needy)], tmp_path, validate=False)
    (stacks,) = read(tmp_path).values()
    installed = {each.release.name: each.release.timeout_minutes for each in contents(stacks).releases}
    assert installed == {"needs-cert-manager": 3, "cert-manager": 6}
    found = {part.name: part for part in contents(stacks).addons}
    assert {part.name: part.after for part in found.values() if part.after} == {"needs-cert-manager": ("cert-manager",)}
    assert {part.name for part in found.values() if part.installer == "Helm"} == {"cert-manager", "needs-cert-manager"}
    assert {part.name for part in found.values() if part.installer == "EKS"} == {addon.name for addon in CORE}
    assert {part.name: part.pod_identity for part in found.values() if part.pod_identity} == {
        "needs-cert-manager": ("needy",),
        "aws-ebs-csi-driver": ("ebs-csi-controller-sa",),
        "vpc-cni": ("aws-node",),
    }


def test_releases_and_objects(both: tuple[Plan, Contents]) -> None:
    planned, found = both
    releases = [(part.name, each) for part in planned.parts for each in part.contribution.releases]
    assert sorted(
        (each.part, each.release.name, each.release.chart.version, each.release.namespace, each.release.timeout_minutes)
        for each in found.releases
    ) == sorted((part, each.name, each.chart.version, each.namespace, each.timeout_minutes) for part, each in releases)
    by_name = {each.release.name: each.release for each in found.releases}
    for _, release in releases:
        assert set(by_name[release.name].values) == set(plain(release.values))
    assert set(found.objects) == {name_of(plain(each)) for each in planned.objects}
    assert "aws.cdk.eks/prune" not in str(found.objects.values())
