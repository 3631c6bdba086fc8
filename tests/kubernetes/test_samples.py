"""The sample workloads: an API server takes them, and their pods, where they are meant to run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from blueprint import manifests
from blueprint.kubernetes import Namespace
from blueprint.manifests.files import read
from blueprint.manifests.pod_security import template
from blueprint.planning.planner import plan
from examples.teams import TEAMS
from tests.kubernetes.cluster import Cluster, wait
from tools.render.contents import contents

pytestmark = pytest.mark.newest
TEAM = "shop-jobs"
"""A team's namespace: restricted, with quota, limits and policies."""
PLATFORM = "samples"


@pytest.fixture(scope="module")
def spaces(own: Cluster) -> Cluster:
    """What teams and the platform have for such workloads; without the workloads themselves."""
    (shop,) = [part for part in contents(plan(TEAMS)).parts if part.name == "shop"]
    guards = {"Namespace", "ResourceQuota", "LimitRange", "ValidatingAdmissionPolicy", "PriorityClass"}
    own_ones = [one for one in shop.objects if one["kind"] in guards | {"ValidatingAdmissionPolicyBinding"}]
    assert {one["kind"] for one in own_ones} >= guards
    for one in (*own_ones, Namespace(PLATFORM, "restricted").manifest()):
        answer = own.apply(one)
        assert not answer.refused, answer.refused
    for space in (TEAM, PLATFORM):
        wait(lambda space=space: own.exists("v1", "ServiceAccount", "default", space), "service accounts")

    (pod,) = [found for one in placed("front", TEAM) if (found := pod_of(one, TEAM))]
    # Policies take effect a moment after they are there.
    wait(lambda: "images come from" in (own.objects.create(pod, dry_run=True).refused or ""), "policies")
    return own


def placed(directory: str, namespace: str) -> Iterator[dict[str, Any]]:
    documents, problems = read(manifests.ROOT, f"examples/workloads/{directory}")
    assert not problems
    for document in documents:
        one = document.data
        yield (
            one if one["kind"] == "PriorityClass" else {**one, "metadata": {**one["metadata"], "namespace": namespace}}
        )


def pod_of(one: Mapping[str, Any], namespace: str) -> Mapping[str, Any] | None:
    _, pods = template(one)
    if not pods:
        return None
    metadata = {**pods.get("metadata", {}), "name": "one", "namespace": namespace}
    # As the controller of StatefulSets adds those of its claims.
    claims = [each["metadata"]["name"] for each in one["spec"].get("volumeClaimTemplates", ())]
    claimed = [{"name": name, "persistentVolumeClaim": {"claimName": f"{name}-one"}} for name in claims]
    spec = {**pods["spec"], "volumes": [*pods["spec"].get("volumes", ()), *claimed]}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec}


@pytest.mark.parametrize(
    ("directory", "namespace"),
    [("shop", TEAM), ("hello", TEAM), ("front", PLATFORM), ("status", PLATFORM), ("priorities", PLATFORM)],
)
def test_they_and_their_pods_are_taken(spaces: Cluster, directory: str, namespace: str) -> None:
    """Of controllers the pods too, which Pod Security, quotas and policies judge as they are made."""
    seen = 0
    for one in placed(directory, namespace):
        answer = spaces.objects.create(one, dry_run=True)
        assert (answer.refused, list(answer.warnings)) == (None, []), one["metadata"]["name"]
        if pod := pod_of(one, namespace):
            answer = spaces.objects.create(pod, dry_run=True)
            assert (answer.refused, list(answer.warnings)) == (None, []), one["metadata"]["name"]
            seen += 1
    assert seen or directory == "priorities"


def test_a_team_has_no_port_of_nodes(spaces: Cluster) -> None:
    """So that the quota above is known to be there."""
    services = {one["metadata"]["name"]: one for one in placed("status", TEAM) if one["kind"] == "Service"}
    one = services["status-of-nodes"]
    wait(lambda: "exceeded quota" in (spaces.objects.create(one, dry_run=True).refused or ""), "quotas")
