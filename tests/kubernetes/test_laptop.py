"""What `make render` writes for a laptop, by the real kubectl and a real API server, in the order that it has."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from blueprint import Blueprint
from blueprint.planning.planner import plan
from examples.teams import TEAMS
from tests.kubernetes.cluster import Cluster, wait
from tests.kubernetes.test_objects import UNDEFINED
from tests.stacks.fleet import FLEET
from tools.charts.helm import program_for
from tools.kubernetes.programs import plays_kubelets
from tools.render import machine
from tools.render.contents import contents
from tools.render.folder import texts

# What a version takes of objects, test_objects asks of each.
pytestmark = pytest.mark.newest


def custom_kinds(blueprint: Blueprint) -> set[tuple[str, str]]:
    """Of its custom resources, as they are written there."""
    found = (one for part in contents(plan(blueprint)).parts for one in part.custom_resources)
    return {(one["apiVersion"], one["kind"]) for one in found}


# Those with kinds that no Go module defines are left to the charts' own definitions.
WITH_CUSTOM_RESOURCES = [each for each in FLEET if (kinds := custom_kinds(each)) and kinds.isdisjoint(UNDEFINED)]
_KNOWN = (
    # It says so by itself of every kustomization with an order.
    "Sorting order is set both in 'kustomization.yaml'",
    # Kubernetes makes it with each namespace.
    "resource serviceaccounts/default is missing the kubectl.kubernetes.io/last-applied-configuration annotation",
)
"""What kubectl tells beside."""
_MEBIBYTES = 16 * 1024
"""Of memory of a laptop."""


@pytest.fixture(scope="module")
def kubectl() -> Path:
    """Of the kubectl layer."""
    found = program_for("kubectl", "1.36")
    assert isinstance(found, Path), found
    return found


def applied(kubectl: Path, cluster: Cluster, folder: Path) -> str:
    """What it says."""
    command = [str(kubectl), "--kubeconfig", str(cluster.plane.kubeconfig), "apply", "-k", str(folder)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert (ran.returncode, [line for line in ran.stderr.splitlines() if not any(map(line.count, _KNOWN))]) == (0, [])
    return ran.stdout


def written(blueprint: Blueprint, folder: Path) -> Path:
    made = plan(blueprint)
    for name, text in texts(made, contents(made)).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize("blueprint", FLEET, ids=lambda blueprint: blueprint.name)
def test_kubectl_applies_all_objects_in_their_order(
    own: Cluster, kubectl: Path, blueprint: Blueprint, tmp_path: Path
) -> None:
    """Before any chart has defined a kind."""
    found = contents(plan(blueprint))
    objects = [one for part in found.parts for one in part.objects]
    if objects:
        assert len(applied(kubectl, own, written(blueprint, tmp_path)).splitlines()) == len(objects)
        own.clear(objects)


@pytest.fixture(scope="module")
def defined(own: Cluster) -> Cluster:
    """With the definitions of charts; the tests before stand without."""
    own.define()
    return own


@pytest.mark.parametrize("blueprint", WITH_CUSTOM_RESOURCES, ids=lambda blueprint: blueprint.name)
def test_kubectl_applies_custom_resources_when_charts_have_defined_their_kinds(
    defined: Cluster, kubectl: Path, blueprint: Blueprint, tmp_path: Path
) -> None:
    found = contents(plan(blueprint))
    folder = written(blueprint, tmp_path)
    applied(kubectl, defined, folder)
    custom = [one for part in found.parts for one in part.custom_resources]
    assert len(applied(kubectl, defined, folder / "custom-resources").splitlines()) == len(custom)
    defined.clear([*found.objects])


def nodes(blueprint: Blueprint) -> Iterator[Mapping[str, Any]]:
    """As kubeadm and kind make them of the configuration.

    https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/create-cluster-kubeadm/#control-plane-node-isolation
    """
    room = {"cpu": "4", "memory": f"{_MEBIBYTES // 3}Mi", "pods": "110", "ephemeral-storage": "50Gi"}
    for number, node in enumerate(machine.kind(plan(blueprint))["nodes"]):
        name = f"node-{number}"
        labels = {"kubernetes.io/hostname": name, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
        taint = {"key": "node-role.kubernetes.io/control-plane", "effect": "NoSchedule"}
        yield {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {"name": name, "labels": {**labels, **node.get("labels", {})}},
            "spec": {"taints": [taint] if node["role"] == "control-plane" else []},
            "status": {"capacity": room, "allocatable": room},
        }


def test_pods_of_the_sample_workloads_find_a_place(
    alone: Cluster, programs: Path, kubectl: Path, tmp_path: Path
) -> None:
    """Which the scheduler has on the nodes of kind.yaml; volumes of a node are made when a pod has one."""
    if not plays_kubelets(programs):
        pytest.skip("nothing plays the kubelets")
    made = list(nodes(TEAMS))
    for one in made:
        assert not alone.objects.create(one).refused
    applied(kubectl, alone, written(TEAMS, tmp_path / "rendered"))
    pods = "/api/v1/namespaces/shop/pods"

    def places() -> dict[str, str]:
        found = alone.client.ask("GET", pods).body["items"]
        return {pod["metadata"]["labels"]["app.kubernetes.io/name"]: pod["spec"].get("nodeName", "") for pod in found}

    wait(lambda: {"catalog", "ui", "catalog-db-check"} <= {name for name, node in places().items() if node}, "places")
