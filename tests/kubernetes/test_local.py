"""A cluster's life on the emulator with a real Kubernetes: the CDK's own handler, kubectl and the API server decide."""

from __future__ import annotations

import copy
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from blueprint import Blueprint
from blueprint.kubernetes import RESERVED_NAMESPACES
from blueprint.planning.planner import plan
from tests.kubernetes.cluster import objects_of, wait
from tests.kubernetes.test_control_plane import PAIRS, processes
from tests.lifecycle.cluster import BASE, GROWN
from tests.lifecycle.lab import Lab, World
from tools.assembly import read
from tools.kubernetes.client import Client, Identity
from tools.kubernetes.objects import ApiObjects, key
from tools.kubernetes.programs import PROGRAMS, plays_kubelets
from tools.local import aws, process
from tools.local.people import principals
from tools.local.process import Started
from tools.synthesis import synthesize

# What decides here is the handler, kubectl and controllers; another version has its turn in an upgrade.
pytestmark = pytest.mark.newest
Key = tuple[str, str, str, str]

# What comes and goes by itself.
_FLEETING = {
    "Event",
    "Lease",
    "EndpointSlice",
    "Endpoints",
    "ReplicaSet",
    "Pod",
    "ControllerRevision",
    "Job",
    "IPAddress",
}


def of_version(blueprint: Blueprint, version: str) -> Blueprint:
    return replace(blueprint, cluster=replace(blueprint.cluster, version=version))


@contextmanager
def running_lab(
    version: str, blueprints: Mapping[str, Blueprint], charts: Path | None = None
) -> Iterator[tuple[Lab, Started]]:
    """An emulator with real clusters, and assemblies of the version; it ends with all its processes and files."""
    aws.isolate()
    # An emulator that is left removes its folder by itself.
    with tempfile.TemporaryDirectory(prefix="eks-kubernetes-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch)
        started = process.start(folder, charts=charts, kubernetes=True)
        try:
            plans = {name: plan(of_version(blueprint, version)) for name, blueprint in blueprints.items()}
            assemblies = {}
            for name, made in plans.items():
                synthesize([made], folder / name, validate=False)
                assemblies[name] = read(folder / name)["lab"]
            people = frozenset(each for made in plans.values() for each in principals(made))
            yield Lab(started.emulator, folder, assemblies, people, plans), started
        finally:
            started.stop()
    assert processes(folder) == []


def without(blueprint: Blueprint, *names: str) -> Blueprint:
    """The same less add-ons and teams of these names."""
    addons = tuple(each for each in blueprint.addons if each.name not in names)
    return replace(blueprint, addons=addons, teams=tuple(each for each in blueprint.teams if each.name not in names))


# One part after the other goes: what needs another goes first.
PARTS = ("orders", "shop", "cert-manager", "karpenter", "external-dns")
SHRINKING = {f"without {part}": without(GROWN, *PARTS[: number + 1]) for number, part in enumerate(PARTS)}


@pytest.fixture(scope="module")
def lab(version: str) -> Iterator[Lab]:
    """One for the tests of this module."""
    with running_lab(version, {"base": BASE, "grown": GROWN, **SHRINKING}) as (made, _):
        yield made


@pytest.fixture
def world(lab: Lab) -> Iterator[World]:
    """A cluster of its own, which ends with its test."""
    made = lab.world()
    publish(made)
    made.put_all(until="cluster")
    yield made
    for stack in ("teams", "addons", "cluster"):
        if made.status(stack) not in ("", "DELETE_COMPLETE"):
            assert made.delete(stack) == "DELETE_COMPLETE", made.reasons(stack)
    wait(lambda: not processes(plane_of(made)), "the end of its control plane")
    assert not plane_of(made).exists()


def publish(world: World) -> None:
    """What the CDK CLI does with the handler's code."""
    account, s3 = world.account, world.account.client("s3")
    bucket = f"cdk-hnb659fds-assets-{account.account}-{account.region}"
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": account.region})
    code = next(path.parent for path in world.lab.folder.glob("*/**/asset.*/index.py"))
    archive = Path(shutil.make_archive(str(world.lab.folder / "code"), "zip", code))
    s3.put_object(Bucket=bucket, Key=f"{code.name.removeprefix('asset.')}.zip", Body=archive.read_bytes())


def plane_of(world: World) -> Path:
    account = world.account
    return world.lab.folder / "kubernetes" / f"{account.account}-{account.region}-{BASE.name}"


def reaching(world: World) -> closing[Client]:
    """An administrator of the cluster."""
    folder = plane_of(world)
    kubeconfig = json.loads((folder / "admin.kubeconfig").read_text())
    return closing(Client(kubeconfig["clusters"][0]["cluster"]["server"], Identity.of(folder)))


def inside(world: World) -> set[Key]:
    """Everything that the API server has, whoever brought it."""
    with reaching(world) as client:
        return {key(one) for one in ApiObjects(client).everything() if one["kind"] not in _FLEETING}


def applied(world: World) -> set[Key]:
    """What kubectl has applied, as the API server says."""
    return {key(one) for one in world.contents()["objects"]}


def is_kubernetes_own(one: Key) -> bool:
    """What controllers make in their own time, and definitions, which stay on purpose."""
    _, kind, namespace, _ = one
    own = kind in ("ServiceAccount", "ConfigMap") and namespace in RESERVED_NAMESPACES
    return own or kind in ("CustomResourceDefinition", "APIService")


def planned(blueprint: Blueprint, version: str) -> set[Key]:
    return {key(one) for one in objects_of(plan(of_version(blueprint, version)))}


def test_a_life_leaves_at_each_step_what_it_should(world: World, version: str) -> None:
    empty = inside(world)
    world.put_all()
    assert applied(world) == planned(BASE, version)
    first = inside(world)
    world.put_all()
    assert inside(world) == first, "a deploy of the same"
    world.put_all("grown")
    assert applied(world) == planned(GROWN, version)
    # Backwards, so that an export goes after what imports it.
    for stack in ("teams", "addons", "cluster"):
        assert world.put(stack, "base") == "UPDATE_COMPLETE", world.reasons(stack)
    assert applied(world) == planned(BASE, version)
    for stack in ("teams", "addons"):
        assert world.delete(stack) == "DELETE_COMPLETE", world.reasons(stack)
    ours = planned(GROWN, version)
    assert {one for one in inside(world) - empty if one in ours or not is_kubernetes_own(one)} == set()


def test_a_part_that_goes_takes_what_is_its_own_and_no_more(world: World, version: str, programs: Path) -> None:
    world.put_all("grown")
    before, of_before = inside(world), planned(GROWN, version)
    for name, blueprint in SHRINKING.items():
        for stack in ("teams", "addons", "cluster"):
            assert world.put(stack, name) == "UPDATE_COMPLETE", (name, world.reasons(stack))
        after, of_after = inside(world), planned(blueprint, version)
        assert applied(world) == of_after, name
        spaces = {one[3] for one in of_before - of_after if one[1] == "Namespace"}
        assert elsewhere(before - after, spaces) == elsewhere(of_before - of_after, spaces), name
        assert elsewhere(after - before, set()) == set(), name
        assert {one for one in after if one[2] in spaces} == set(), name
        before, of_before = after, of_after
    if plays_kubelets(programs):
        assert sum(one[1] == "Node" for one in before) == 3, "those of the two groups, and none of Karpenter's"


def elsewhere(keys: set[Key], namespaces: set[str]) -> set[Key]:
    """What is in none of the namespaces, and neither made by Kubernetes itself nor a node, which nobody declares."""
    return {one for one in keys if one[2] not in namespaces and one[1] != "Node" and not is_kubernetes_own(one)}


def spoilt(template: dict[str, Any], kind: str) -> set[Key]:
    """Spoils an object of a kind with a field that it does not have; all that are sent with it."""
    for one in template["Resources"].values():
        manifest = one["Properties"].get("Manifest")
        if isinstance(manifest, str) and f'"kind":"{kind}"' in manifest:
            objects = json.loads(manifest)
            next(each for each in objects if each["kind"] == kind)["spec"]["colour"] = "red"
            one["Properties"]["Manifest"] = json.dumps(objects)
            return {key(each) for each in objects}
    raise AssertionError(kind)


def test_a_failed_deploy_leaves_what_was_sent_with_it_and_the_next_succeeds(world: World, version: str) -> None:
    world.put_all(until="addons")
    before = inside(world)
    bad = copy.deepcopy(world.template("teams"))
    sent = spoilt(bad, "ResourceQuota")
    assert world.put("teams", template=bad) == "ROLLBACK_COMPLETE"
    assert any('unknown field "spec.colour"' in reason for reason in world.reasons("teams"))
    assert {one for one in inside(world) ^ before if not is_kubernetes_own(one)} <= sent
    assert world.delete("teams") == "DELETE_COMPLETE"
    assert world.put("teams") == "CREATE_COMPLETE", world.reasons("teams")
    assert applied(world) == planned(BASE, version)
    good = inside(world)
    assert world.put("teams", template=bad) == "UPDATE_ROLLBACK_COMPLETE"
    assert inside(world) == good
    assert applied(world) == planned(BASE, version)


def ready(world: World, kind: str, path: str) -> list[dict[str, Any]]:
    """Those whose condition Ready is true."""
    with reaching(world) as client:
        found = client.ask("GET", path).body["items"]
    assert all(one.get("kind", kind) == kind for one in found)
    conditions = [(one, each) for one in found for each in one["status"].get("conditions", ())]
    return [one for one, each in conditions if (each["type"], each["status"]) == ("Ready", "True")]


def of_groups(world: World) -> list[dict[str, Any]]:
    """The nodes of managed groups that are ready."""
    nodes = ready(world, "Node", "/api/v1/nodes")
    return [one for one in nodes if "eks.amazonaws.com/nodegroup" in one["metadata"]["labels"]]


def test_pods_run_where_nodes_have_room_for_them(world: World, programs: Path) -> None:
    if not plays_kubelets(programs):
        pytest.skip("nothing plays the kubelets")
    wait(lambda: len(of_groups(world)) == 2, "the nodes of the group")
    world.put_all()
    names = "/api/v1/namespaces/shop/pods"
    wait(lambda: any("catalog" in one["metadata"]["name"] for one in ready(world, "Pod", names)), "a pod of the team")
    group = world.group()
    sizes = {"minSize": 1, "maxSize": 4, "desiredSize": 3}
    world.account.client("eks").update_nodegroup_config(
        clusterName=BASE.name, nodegroupName=group["nodegroupName"], scalingConfig=sizes
    )
    wait(lambda: len(of_groups(world)) == 3, "one node more")


def test_what_is_created_and_not_applied_is_refused_by_the_api_server(world: World) -> None:
    """Each namespace has a ServiceAccount `default`, which kube-controller-manager makes."""
    world.put_all(until="addons")
    created = copy.deepcopy(world.template("teams"))
    manifests = [one for one in created["Resources"].values() if one["Type"].endswith("KubernetesResource")]
    for one in manifests:
        del one["Properties"]["Overwrite"]
    assert world.put("teams", template=created) == "ROLLBACK_COMPLETE"
    assert any('serviceaccounts "default" already exists' in reason for reason in world.reasons("teams"))
    assert world.delete("teams") == "DELETE_COMPLETE"
    assert world.put("teams") == "CREATE_COMPLETE", world.reasons("teams")


@pytest.mark.parametrize("ending", ["killed", "left by who started it"])
def test_an_emulator_takes_its_control_planes_along(version: str, ending: str) -> None:
    with running_lab(version, {"base": BASE}) as (lab, started):
        world = lab.world()
        world.put_all(until="cluster")
        assert len(processes(plane_of(world))) >= len(PROGRAMS)
        if ending == "killed":
            started.process.kill()
        else:
            assert started.process.stdin
            started.process.stdin.close()
        wait(lambda: not processes(lab.folder), "the end of all processes")
        wait(lambda: ending == "killed" or not lab.folder.exists(), "the end of all files")


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_an_upgrade_keeps_what_is_in_the_cluster(old: str, new: str) -> None:
    with running_lab(old, {"base": BASE}) as (older, _):
        newer = older.folder / "newer"
        made = plan(of_version(BASE, new))
        synthesize([made], newer, validate=False)
        assemblies = {**older.assemblies, "newer": read(newer)["lab"]}
        lab = replace(older, assemblies=assemblies, plans={**older.plans, "newer": made})
        world = lab.world()
        publish(world)
        world.put_all()
        assert applied(world) == planned(BASE, old)
        before = {key for key in inside(world) if key[1] != "APIService"}  # of versions that are served no more
        world.put_all("newer")
        with reaching(world) as client:
            assert client.ask("GET", "/version").body["minor"] == new.partition(".")[2]
        assert before <= inside(world)
        assert applied(world) == planned(BASE, new)
