"""The API server takes every object that any kind of cluster of ours writes, with each field known to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from blueprint import Blueprint
from blueprint.delivery import Delivery
from blueprint.planning.document import Plan
from blueprint.planning.planner import plan
from examples.teams import TEAMS
from tests.kubernetes.cluster import Cluster, objects_of
from tests.stacks.fleet import FLEET
from tests.tools.gitops.engines import (
    DELIVERIES,
    HUBS,
    applications,
    by_hub,
    delivered,
    first_objects,
    in_hub,
    of_flux,
    written,
)

# Kinds whose definitions no Go module has: EKS itself serves the first two, and the module of the load balancer
# controller is at v1.1.9 in the proxy. Those of Flux's notifications are held against its chart:
# tests/tools/gitops/fields.json.
# https://docs.aws.amazon.com/eks/latest/userguide/auto-configure-alb.html, …/create-node-class.html
UNDEFINED = {
    ("eks.amazonaws.com/v1", "IngressClassParams"),
    ("eks.amazonaws.com/v1", "NodeClass"),
    ("elbv2.k8s.aws/v1beta1", "IngressClassParams"),
    ("notification.toolkit.fluxcd.io/v1beta3", "Alert"),
    ("notification.toolkit.fluxcd.io/v1beta3", "Provider"),
}
WRITING = [blueprint for blueprint in FLEET if any(objects_of(plan(blueprint)))]


@pytest.fixture(scope="module")
def defined(own: Cluster) -> Cluster:
    """With the definitions of the add-ons."""
    own.define()
    return own


@pytest.mark.parametrize("blueprint", WRITING, ids=lambda blueprint: blueprint.name)
def test_every_object_is_accepted(defined: Cluster, blueprint: Blueprint) -> None:
    made = plan(blueprint)
    sent = [one for one in objects_of(made) if (one["apiVersion"], one["kind"]) not in UNDEFINED]
    for name in (name for part in made.parts for name in part.contribution.namespaces_of_eks):
        defined.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    refused = []
    for one in sent:
        answer = defined.apply(one)
        place = f"{one['kind']} {one['metadata'].get('namespace', '')}/{one['metadata']['name']}"
        refused += [f"{place}: {told}" for told in (answer.refused, *answer.warnings) if told]
    defined.clear(sent)
    assert refused == []
    assert sent


_FINALIZER = "resources-finalizer.argocd.argoproj.io"  # that it has no path is Argo CD's choice
# Flux's helm-controller is a module of an older API in the proxy.
WITHOUT_DEFINITION = {("helm.toolkit.fluxcd.io/v2", "HelmRelease")}
BY_GIT: Mapping[str, tuple[Delivery, Callable[[Plan, Path], Iterable[Any]]]] = {
    "argo-cd": (DELIVERIES["argo-cd"], lambda made, clone: (*first_objects(made), *applications(made, clone))),
    "flux": (DELIVERIES["flux"], lambda made, clone: (*first_objects(made), *of_flux(made, clone))),
    **{
        name: (by_hub(TEAMS, kind), lambda made, clone: (*in_hub(made, clone), *applications(made, clone)))
        for name, kind in HUBS.items()
    },
}


@pytest.mark.parametrize("way", BY_GIT)
def test_what_an_engine_gets_from_git_is_accepted(defined: Cluster, way: str, tmp_path: Path) -> None:
    """Applications, ApplicationSets, AppProjects, what reads for them, Kustomizations and sources; what these bring is
    the same as by kubectl (tests/tools/gitops/test_same_objects.py).
    """
    delivery, brings = BY_GIT[way]
    made = delivered(TEAMS, delivery)
    found = [*brings(made, written(made, tmp_path))]
    spaces = sorted({one["metadata"]["namespace"] for one in found if "namespace" in one["metadata"]})
    for space in spaces:
        defined.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}})
    sent = [one for one in found if (one["apiVersion"], one["kind"]) not in WITHOUT_DEFINITION]
    answers = [(one, defined.apply(one)) for one in sent]
    defined.clear(sent)
    refused = [
        f"{one['kind']} {one['metadata']['name']}: {told}"
        for one, answer in answers
        for told in (answer.refused, *answer.warnings)
        if told and _FINALIZER not in told
    ]
    assert refused == []
    assert len({one["kind"] for one in sent}) > 1


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
