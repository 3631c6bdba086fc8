"""Without programs of Kubernetes the emulator has rules of its own on objects: kubectl says the same."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.kubernetes.cluster import Cluster, wait
from tests.kubernetes.questions import COUNTED
from tests.tools.test_local_kubernetes import (
    BY_THEMSELVES,
    NAMESPACE,
    REFUSED,
    config_map,
    role,
    storage_class,
)
from tools.charts.helm import program_for
from tools.kubernetes.objects import ApiObjects, key
from tools.local.kubernetes import Contents, RefusedError

pytestmark = pytest.mark.newest
PRUNE = "example.com/prune"
# Each example takes kubectl seconds: none is made smaller.
FEW = settings(
    deadline=None,
    derandomize=True,
    database=None,
    max_examples=15,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@dataclass
class Kubectl:
    """The layer's, called as the CDK's handler calls it: asset.*/apply/__init__.py."""

    program: Path
    version: str
    cluster: Cluster
    folder: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def refuses(self, verb: str, manifests: list[Any], *options: str) -> bool:
        file = self.folder / "manifest.yaml"
        file.write_text("".join(json.dumps(one) for one in manifests))
        command: list[str | Path] = [
            self.program,
            verb,
            "--kubeconfig",
            self.cluster.plane.kubeconfig,
            "-f",
            file,
            *options,
        ]
        return subprocess.run(command, capture_output=True, check=False).returncode != 0

    def space(self) -> str:
        """A namespace that nobody has used yet, with what Kubernetes puts into each."""
        name = f"space-{next(self._numbers)}"
        metadata = {"name": name}
        assert not self.cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}).refused
        wait(lambda: self.cluster.exists("v1", "ServiceAccount", "default", name), name)
        wait(lambda: self.cluster.exists("v1", "ConfigMap", "kube-root-ca.crt", name), name)
        return name


@pytest.fixture(scope="module")
def kubectl(version: str, shared: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Kubectl:
    program = program_for("kubectl", version)
    assert isinstance(program, Path), program
    return Kubectl(program, version, shared, tmp_path_factory.mktemp("kubectl"))


@pytest.fixture(scope="module")
def shop(kubectl: Kubectl) -> str:
    """The namespace of the emulator's own tests."""
    assert not kubectl.cluster.apply(NAMESPACE).refused
    wait(lambda: kubectl.cluster.exists("v1", "ConfigMap", "kube-root-ca.crt", "shop"), "the namespace")
    wait(lambda: kubectl.cluster.exists("v1", "ServiceAccount", "default", "shop"), "the namespace")
    return "shop"


@pytest.mark.parametrize("manifest", REFUSED)
def test_what_the_emulator_refuses_is_refused(kubectl: Kubectl, shop: str, manifest: object) -> None:
    assert kubectl.refuses("apply", [manifest])


@pytest.mark.parametrize("manifest", BY_THEMSELVES, ids=lambda manifest: manifest["metadata"]["name"])
def test_what_the_emulator_has_from_the_start_is_there(kubectl: Kubectl, shop: str, manifest: Any) -> None:
    assert kubectl.refuses("create", [manifest], "--save-config")


def test_a_storage_class_keeps_its_parameters(kubectl: Kubectl) -> None:
    assert not kubectl.refuses("apply", [storage_class()])
    other = storage_class()
    other["metadata"]["annotations"] = {}
    assert not kubectl.refuses("apply", [other])
    assert kubectl.refuses("apply", [storage_class(encrypted="true")])
    assert kubectl.refuses("apply", [{**storage_class(), "provisioner": "ebs.csi.eks.amazonaws.com"}])


def test_both_prune_the_same_kinds(kubectl: Kubectl) -> None:
    space, ours = kubectl.space(), Contents()
    kinds = [
        *((version, kind, rest) for version, kind, rest, _ in COUNTED),
        *(("v1", kind, {}) for kind in ("ServiceAccount", "Endpoints", "ResourceQuota", "LimitRange")),
        ("networking.k8s.io/v1", "NetworkPolicy", {"spec": {"podSelector": {}}}),
        ("rbac.authorization.k8s.io/v1", "Role", {"rules": []}),
    ]
    sent = [
        _labelled({"apiVersion": version, "kind": kind, "metadata": {"name": "gone"}, **rest}, space, pruned=True)
        for version, kind, rest in kinds
    ]
    ours.create([{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": space}}], kubectl.version)
    ours.apply(sent, kubectl.version, PRUNE)
    assert not kubectl.refuses("apply", sent)
    kept = [_labelled(config_map("kept"), space, pruned=True)]
    ours.apply(kept, kubectl.version, PRUNE)
    assert not kubectl.refuses("apply", kept, "--prune", "-l", PRUNE)
    objects = kubectl.cluster.objects
    # Storage of a claim is protected until nothing uses it.
    there = {key(one) for one in sent if (found := objects.get(one)) and "deletionTimestamp" not in found["metadata"]}
    assert there == ours.objects.keys() & {key(one) for one in sent}
    assert {one[1] for one in there} >= {"Role", "NetworkPolicy", "ServiceAccount"}
    assert len(there) < len(sent) / 2


def _labelled(one: dict[str, Any], space: str, *, pruned: bool) -> dict[str, Any]:
    labels = {PRUNE: ""} if pruned else {}
    return {**one, "metadata": {**one["metadata"], "namespace": space, "labels": labels}}


_OBJECTS = st.sampled_from(
    [
        *((each, space) for each in (config_map("one"), config_map("two"), role("reader")) for space in "ab"),
        (config_map("three"), "nowhere"),
        ({**config_map("four"), "data": {"a": 1}}, "a"),
        ({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}}, "a"),
    ]
)
_STEPS = st.tuples(
    st.sampled_from(["create", "apply", "prune", "prune", "delete"]),
    st.lists(_OBJECTS, min_size=1, max_size=3, unique_by=lambda each: (each[0]["metadata"]["name"], each[1])),
)


def test_both_hold_the_same_after_any_steps(kubectl: Kubectl) -> None:
    outcomes = []

    @FEW
    @given(st.lists(_STEPS, min_size=3, max_size=4), st.booleans())
    def agree(steps: list[Any], pruned: bool) -> None:
        spaces = {"a": kubectl.space(), "b": kubectl.space(), "nowhere": "nowhere"}
        ours = Contents()
        made = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": spaces[name]}} for name in "ab"]
        ours.create(made, kubectl.version)
        for verb, drawn in steps:
            manifests = [_labelled(one, spaces[space], pruned=pruned) for one, space in drawn]
            mine = _refuses(ours, verb, manifests, kubectl.version)
            theirs = kubectl.refuses(*_asked(verb, manifests))
            told = (verb, [key(one) for one in manifests], pruned)
            # The handler takes no notice of what kubectl says of a delete.
            assert verb == "delete" or mine == theirs, told
            assert _held(ours, spaces) == _there(kubectl.cluster.objects, spaces), told
            outcomes.append((verb, mine))

    agree()
    assert {("create", True), ("create", False), ("apply", True), ("apply", False), ("prune", False)} <= set(outcomes)


def _refuses(ours: Contents, verb: str, manifests: list[Any], version: str) -> bool:
    try:
        if verb == "create":
            ours.create(manifests, version)
        elif verb == "delete":
            ours.delete(manifests)
        else:
            ours.apply(manifests, version, PRUNE if verb == "prune" else None)
    except RefusedError:
        return True
    return False


def _asked(verb: str, manifests: list[Any]) -> tuple[Any, ...]:
    options = {"create": ["--save-config"], "prune": ["--prune", "-l", PRUNE]}
    return "apply" if verb == "prune" else verb, manifests, *options.get(verb, ())


Key = tuple[str, str, str, str]


def _is_compared(one: Key, spaces: dict[str, str]) -> bool:
    """What Kubernetes makes by itself the emulator does not list."""
    return one[2] in spaces.values() and one[1] in ("ConfigMap", "Role") and one[3] != "kube-root-ca.crt"


def _held(ours: Contents, spaces: dict[str, str]) -> set[Key]:
    return {one for one in ours.objects if _is_compared(one, spaces)}


def _there(objects: ApiObjects, spaces: dict[str, str]) -> set[Key]:
    kinds = (("v1", "ConfigMap"), ("rbac.authorization.k8s.io/v1", "Role"))
    listed = [
        {"apiVersion": version, "kind": kind, **one} for version, kind in kinds for one in objects.all_of(version, kind)
    ]
    return {key(one) for one in listed if _is_compared(key(one), spaces)}
