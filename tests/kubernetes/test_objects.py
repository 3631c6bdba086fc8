"""The API server takes every object that any kind of cluster of ours writes, with each field known to it."""

from __future__ import annotations

import pytest

from blueprint import Blueprint
from blueprint.planning.planner import plan
from examples.teams import TEAMS
from tests.kubernetes.cluster import Cluster, objects_of
from tests.stacks.fleet import FLEET

# Kinds whose definitions no Go module has: EKS itself serves the first two, and the module of the load balancer
# controller is at v1.1.9 in the proxy.
# https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html, …/create-node-class.html
UNDEFINED = {
    ("eks.amazonaws.com/v1", "IngressClassParams"),
    ("eks.amazonaws.com/v1", "NodeClass"),
    ("elbv2.k8s.aws/v1beta1", "IngressClassParams"),
}
WRITING = [blueprint for blueprint in FLEET if any(objects_of(plan(blueprint)))]


@pytest.fixture(scope="module")
def defined(own: Cluster) -> Cluster:
    """With the definitions of the add-ons."""
    own.define()
    return own


@pytest.mark.parametrize("blueprint", WRITING, ids=lambda blueprint: blueprint.name)
def test_every_object_is_accepted(defined: Cluster, blueprint: Blueprint) -> None:
    sent = [one for one in objects_of(plan(blueprint)) if (one["apiVersion"], one["kind"]) not in UNDEFINED]
    refused = []
    for one in sent:
        answer = defined.apply(one)
        place = f"{one['kind']} {one['metadata'].get('namespace', '')}/{one['metadata']['name']}"
        refused += [f"{place}: {told}" for told in (answer.refused, *answer.warnings) if told]
    defined.clear(sent)
    assert refused == []
    assert sent


def test_every_undefined_kind_is_written_by_some_cluster() -> None:
    written = {(one["apiVersion"], one["kind"]) for blueprint in FLEET for one in objects_of(plan(blueprint))}
    assert written >= UNDEFINED


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("ResourceQuota", ("spec", "hrad")),
        ("NodePool", ("spec", "template", "spec", "expireafter")),
        ("Application", ("spec", "projekt")),
        ("SecretStore", ("spec", "provder")),
        ("ClusterIssuer", ("spec", "amce")),
        ("SecretProviderClass", ("spec", "provder")),
    ],
)
def test_a_misspelt_field_is_refused(defined: Cluster, kind: str, path: tuple[str, ...]) -> None:
    one = next(each for each in objects_of(plan(TEAMS)) if each["kind"] == kind)
    part = one
    for name in path[:-1]:
        part = part[name]
    part[path[-1]] = "1"
    assert path[-1] in (defined.objects.apply(one, dry_run=True).refused or "")
