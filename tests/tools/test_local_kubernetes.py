"""What kubectl and Helm would refuse, without either."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tools.local import helm
from tools.local.helm import release_of, values_of, waiting_of
from tools.local.kubernetes import (
    ADDON_OBJECTS,
    Contents,
    InstalledRelease,
    KilledError,
    RefusedError,
    Waiting,
    key_of,
    manifests_of,
)

VERSION = "1.36"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}
RELEASE = InstalledRelease("karpenter", "kube-system", "karpenter", "1.14.1", None)
NODE_POOL = {"apiVersion": "karpenter.sh/v1", "kind": "NodePool", "metadata": {"name": "general"}, "spec": {}}
WAITING = Waiting(wait=True, atomic=True, seconds=360, lifetime=870)
CHART = {"Release": "app", "Namespace": "shop", "Chart": "app", "Version": "1.0.0", "Timeout": "600s"}


def config_map(name: str = "settings", namespace: str = "shop", **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace, "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "b"}}


def role(name: str, **labels: str) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "shop", "labels": labels}
    return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": metadata, "rules": []}


@pytest.fixture
def cluster() -> Contents:
    held = Contents()
    held.create([NAMESPACE], VERSION)
    return held


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("[{", "not JSON"),
        ('{"kind": "Namespace"}', "must be a list"),
        ("3", "must be a list"),
    ],
)
def test_a_manifest_is_a_json_list(text: str, answer: str) -> None:
    with pytest.raises(RefusedError, match=answer):
        manifests_of(text)


_REFUSED: list[tuple[object, str]] = [
    ("text", "cannot unmarshal"),
    (None, "cannot unmarshal"),
    ({}, "apiVersion not set"),
    ({"apiVersion": "v1"}, "kind not set"),
    ({"apiVersion": "v1", "kind": 7}, "kind not set"),
    ({"apiVersion": "v1", "kind": "Namespace"}, "name may not be empty"),
    ({"apiVersion": "v1", "kind": "Namespace", "metadata": []}, "name may not be empty"),
    ({**NAMESPACE, "spec": {"colour": "red"}}, "colour"),
    ({**config_map(), "data": {"a": 1}}, "is invalid"),
    (config_map(namespace="nowhere"), 'namespaces "nowhere" not found'),
    ({**config_map(), "apiVersion": "v7"}, "ensure CRDs are installed first"),
    (NODE_POOL, 'no matches for kind "NodePool"'),
]
REFUSED = [manifest for manifest, _ in _REFUSED]
"""What an API server refuses as well: tests/kubernetes/test_emulator.py."""


@pytest.mark.parametrize(("manifest", "answer"), _REFUSED)
def test_what_the_api_server_would_refuse(cluster: Contents, manifest: object, answer: str) -> None:
    with pytest.raises(RefusedError, match=answer):
        cluster.apply([manifest], VERSION, None)
    assert set(cluster.objects) == {("", "Namespace", "", "shop")}


def test_create_refuses_what_is_there_and_apply_does_not(cluster: Contents) -> None:
    with pytest.raises(RefusedError, match='namespace "shop" already exists'):
        cluster.create([NAMESPACE], VERSION)
    cluster.apply([NAMESPACE], VERSION, None)


def storage_class(**parameters: str) -> dict[str, Any]:
    metadata = {"name": "gp3", "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}}
    kind = {"apiVersion": "storage.k8s.io/v1", "kind": "StorageClass", "metadata": metadata}
    return {**kind, "provisioner": "ebs.csi.aws.com", "parameters": {"type": "gp3", **parameters}}


def test_a_storage_class_keeps_its_parameters(cluster: Contents) -> None:
    """Kubernetes pkg/apis/storage/validation/validation.go (ValidateStorageClassUpdate) has the words."""
    cluster.apply([storage_class()], VERSION, None)
    other = storage_class()
    other["metadata"]["annotations"] = {}
    cluster.apply([other], VERSION, None)
    for change in (storage_class(encrypted="true"), {**storage_class(), "provisioner": "ebs.csi.eks.amazonaws.com"}):
        with pytest.raises(RefusedError, match=r"updates to (parameters|provisioner) are forbidden"):
            cluster.apply([change], VERSION, None)
    cluster.delete([storage_class()])
    cluster.apply([storage_class(encrypted="true")], VERSION, None)


def test_auto_mode_defines_kinds_that_no_chart_brings(cluster: Contents) -> None:
    params = {
        "apiVersion": "eks.amazonaws.com/v1",
        "kind": "IngressClassParams",
        "metadata": {"name": "alb"},
        "spec": {},
    }
    cluster.apply([params], VERSION, None)
    with pytest.raises(RefusedError, match="no matches for kind"):
        cluster.apply([{**params, "apiVersion": "elbv2.k8s.aws/v1beta1"}], VERSION, None)


def test_one_bad_object_does_not_stop_the_others_but_fails_the_resource(cluster: Contents) -> None:
    with pytest.raises(RefusedError) as refused:
        cluster.create([config_map("one", "nowhere"), config_map("two"), config_map("three", "nirvana")], VERSION)
    assert [word in str(refused.value) for word in ("nowhere", "nirvana")] == [True, True]
    assert ("", "ConfigMap", "shop", "two") in cluster.objects


def test_prune_removes_what_is_no_longer_sent_and_carries_the_label(cluster: Contents) -> None:
    cluster.create([config_map("mine", prune=""), config_map("other"), config_map("kept", prune="")], VERSION)
    cluster.apply([config_map("kept", prune="")], VERSION, "prune")
    assert {key[3] for key in cluster.objects if key[1] == "ConfigMap"} == {"other", "kept"}


def test_prune_looks_only_where_something_is_sent_and_sends_only_what_has_the_label(cluster: Contents) -> None:
    """Held against kubectl in tests/kubernetes/test_emulator.py."""
    cluster.create([{**NAMESPACE, "metadata": {"name": "other"}}, config_map("there", "other", prune="")], VERSION)
    cluster.apply([config_map("one", prune=""), config_map("two")], VERSION, "prune")
    assert {key[2:] for key in cluster.objects if key[1] == "ConfigMap"} == {("other", "there"), ("shop", "one")}
    with pytest.raises(RefusedError, match="no objects passed to apply"):
        cluster.apply([config_map("two")], VERSION, "prune")


def test_prune_does_not_see_roles_as_kubectl_does_not(cluster: Contents) -> None:
    cluster.create([role("gone", prune=""), config_map(prune="")], VERSION)
    cluster.apply([config_map(prune="")], VERSION, "prune")
    assert ("rbac.authorization.k8s.io", "Role", "shop", "gone") in cluster.objects


def test_a_namespace_takes_what_is_in_it_along(cluster: Contents) -> None:
    cluster.create([config_map()], VERSION)
    cluster.install(
        InstalledRelease("app", "shop", "app", "1", None), create_namespace=False, ready=True, waiting=WAITING
    )
    cluster.delete([NAMESPACE, NAMESPACE])
    assert cluster == Contents()


def test_a_release_brings_its_definitions_or_may_have_when_it_is_not_rendered(cluster: Contents) -> None:
    cluster.install(RELEASE, create_namespace=False, ready=True, waiting=WAITING)
    cluster.apply([NODE_POOL], VERSION, None)
    bare = Contents(
        releases={("kube-system", "karpenter"): InstalledRelease("karpenter", "kube-system", "k", "1", None, ())}
    )
    with pytest.raises(RefusedError, match="NodePool"):
        bare.apply([NODE_POOL], VERSION, None)
    definition = {"kind": "CustomResourceDefinition", "spec": {"group": "karpenter.sh", "names": {"kind": "NodePool"}}}
    rendered = InstalledRelease("karpenter", "kube-system", "k", "1", None, (definition,))
    Contents(releases={("kube-system", "karpenter"): rendered}).apply([NODE_POOL], VERSION, None)


def test_a_release_needs_its_namespace(cluster: Contents) -> None:
    lost = InstalledRelease("app", "nowhere", "app", "1", None)
    with pytest.raises(RefusedError, match='namespaces "nowhere" not found'):
        cluster.install(lost, create_namespace=False, ready=True, waiting=WAITING)
    cluster.install(lost, create_namespace=True, ready=True, waiting=WAITING)


def statuses(cluster: Contents) -> list[tuple[str | None, str]]:
    return [(release.version, release.status) for release in cluster.releases.values()]


@pytest.mark.parametrize(
    ("waiting", "answer", "left"),
    [
        (replace(WAITING, wait=False), None, [("2", "deployed")]),
        (WAITING, "has been uninstalled", []),
        (replace(WAITING, seconds=600), "has been uninstalled", []),
        (replace(WAITING, atomic=False), "context deadline exceeded", [("2", "failed")]),
        (replace(WAITING, seconds=900), "out of time", [("2", "pending-install")]),
    ],
)
def test_an_installation_waits_in_vain(waiting: Waiting, answer: str | None, left: list[tuple[str, str]]) -> None:
    cluster = Contents()
    release = replace(RELEASE, version="2")
    if answer is None:
        cluster.install(release, create_namespace=False, ready=False, waiting=waiting)
    else:
        with pytest.raises(RefusedError, match=answer):
            cluster.install(release, create_namespace=False, ready=False, waiting=waiting)
    assert statuses(cluster) == left


@pytest.mark.parametrize(
    ("waiting", "answer", "left"),
    [
        (WAITING, "has been rolled back", ("1", "deployed")),
        (replace(WAITING, atomic=False), "context deadline exceeded", ("2", "failed")),
        (replace(WAITING, seconds=600), "out of time", ("1", "pending-rollback")),
        (replace(WAITING, seconds=600, atomic=False), "context deadline exceeded", ("2", "failed")),
        (replace(WAITING, seconds=900), "out of time", ("2", "pending-upgrade")),
    ],
)
def test_an_upgrade_waits_in_vain(waiting: Waiting, answer: str, left: tuple[str, str]) -> None:
    cluster = Contents()
    cluster.install(replace(RELEASE, version="1"), create_namespace=False, ready=True, waiting=waiting)
    newer = replace(RELEASE, version="2")
    with pytest.raises(RefusedError, match=answer):
        cluster.install(newer, create_namespace=False, ready=False, waiting=waiting)
    assert statuses(cluster) == [left]
    if left[1].startswith("pending"):
        with pytest.raises(RefusedError, match="another operation"):
            cluster.install(newer, create_namespace=False, ready=True, waiting=waiting)
        cluster.uninstall(RELEASE.namespace, RELEASE.name)
    cluster.install(newer, create_namespace=False, ready=True, waiting=waiting)
    assert statuses(cluster) == [("2", "deployed")]


def test_out_of_time_is_told_apart_from_what_helm_says() -> None:
    with pytest.raises(KilledError):
        Contents().install(RELEASE, create_namespace=False, ready=False, waiting=replace(WAITING, seconds=900))


BY_THEMSELVES = [
    {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default", "namespace": "shop"}},
    config_map("kube-root-ca.crt"),
    config_map("kube-root-ca.crt", "kube-public"),
    {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "kube-system"}},
    {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": {"name": "system-node-critical"},
        "value": 1,
    },
    {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "view"}, "rules": []},
]


@pytest.mark.parametrize("manifest", BY_THEMSELVES, ids=lambda manifest: manifest["metadata"]["name"])
def test_what_kubernetes_makes_by_itself_is_there_already(cluster: Contents, manifest: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="already exists"):
        cluster.create([manifest], VERSION)
    cluster.apply([manifest], VERSION, None)
    cluster.delete([manifest])
    # It is made again at once.
    with pytest.raises(RefusedError, match="already exists"):
        cluster.create([manifest], VERSION)
    assert cluster.lost == set()


def test_what_an_addon_made_is_there_already_and_is_lost_with_whoever_declared_it_too(cluster: Contents) -> None:
    manifest = config_map("amazon-vpc-cni", "kube-system")
    cluster.of_addons = ADDON_OBJECTS["vpc-cni"]
    with pytest.raises(RefusedError, match="already exists"):
        cluster.create([manifest], VERSION)
    cluster.apply([manifest], VERSION, None)
    cluster.delete([manifest])
    assert cluster.lost == {("", "ConfigMap", "kube-system", "amazon-vpc-cni")}
    cluster.create([manifest], VERSION)


def test_objects_are_known_by_group_kind_namespace_and_name() -> None:
    assert key_of(NAMESPACE) == ("", "Namespace", "", "shop")
    assert key_of({**config_map(), "metadata": {"name": "a"}}) == ("", "ConfigMap", "default", "a")
    assert key_of(NODE_POOL) == ("karpenter.sh", "NodePool", "", "general")
    assert key_of(role("a")) == ("rbac.authorization.k8s.io", "Role", "shop", "a")


@pytest.mark.parametrize(
    ("api", "kind"),
    [("gateway.networking.k8s.io", "GatewayClass"), ("snapshot.storage.k8s.io", "VolumeSnapshotClass")],
)
def test_not_every_group_of_k8s_io_is_kubernetes_own(cluster: Contents, api: str, kind: str) -> None:
    """Both are outside of any namespace: `scope: Cluster` in config/crd of gateway-api, client/config/crd of
    external-snapshotter.
    """
    one = {"apiVersion": f"{api}/v1", "kind": kind, "metadata": {"name": "a"}}
    assert key_of(one) == (api, kind, "", "a")
    with pytest.raises(RefusedError, match="no matches for kind"):
        cluster.apply([one], VERSION, None)


def test_a_group_that_begins_as_one_of_kubernetes_is_somebody_else_s(cluster: Contents) -> None:
    """kubernetes-validate looks for the schema of a Deployment, by the first word of the group."""
    names = {"apiVersion": "apps.example.com/v1", "kind": "Deployment", "metadata": {"name": "a", "namespace": "shop"}}
    cluster.install(RELEASE, create_namespace=False, ready=True, waiting=WAITING)
    cluster.apply([{**names, "spec": {"colour": "red"}}], VERSION, None)
    assert ("apps.example.com", "Deployment", "shop", "a") in cluster.objects


@pytest.mark.parametrize(
    ("change", "answer"),
    [
        ({"Release": "a" * 54}, "must not be longer than 53|length must not be longer than 53"),
        ({"Release": "Upper"}, "release name is invalid"),
        ({"Release": ""}, "release name is invalid"),
        ({"Chart": None}, "chart or chartAsset must be specified"),
        ({"Repository": "ftp://charts"}, "protocol handler"),
        ({"Values": "{"}, "not JSON"),
        ({"Values": "[]"}, "must be an object"),
    ],
)
def test_what_helm_would_refuse(change: dict[str, Any], answer: str) -> None:
    with pytest.raises(RefusedError, match=answer):
        release_of({**CHART, **change}, VERSION)


def test_a_release_name_of_53_characters_is_the_longest() -> None:
    assert release_of({**CHART, "Release": "a" * 53}, VERSION).name == "a" * 53


@pytest.mark.parametrize(
    ("timeout", "seconds"), [("600s", 600), ("15m0s", 900), ("1.5h", 5400), ("2m30s500ms", 150.5), (None, 300)]
)
def test_a_timeout_is_a_duration_of_go(timeout: str | None, seconds: float) -> None:
    """https://pkg.go.dev/time#ParseDuration"""
    given = {"Wait": "true", "Atomic": "false"} | ({"Timeout": timeout} if timeout else {})
    assert waiting_of(given, 900) == Waiting(wait=True, atomic=False, seconds=seconds, lifetime=870)
    with pytest.raises(RefusedError, match='invalid argument "ten minutes" for "--timeout" flag'):
        waiting_of({"Timeout": "ten minutes"}, 900)


def test_who_goes_back_after_a_failure_waits_for_it() -> None:
    """Helm v4.2.3, pkg/cmd/upgrade.go:290"""
    assert waiting_of({"Atomic": "true"}, 900).wait
    assert not waiting_of({}, 900).wait


def test_values_may_be_left_out() -> None:
    assert values_of(None) == {}


def test_a_chart_at_hand_is_rendered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chart = tmp_path / "app"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: app\nversion: 1.0.0\n", encoding="utf-8")
    template = (
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: {{ required `no a` .Values.a | quote }}}\n"
    )
    (chart / "templates" / "a.yaml").write_text(template, encoding="utf-8")
    given = {**CHART, "Values": json.dumps({"a": "b"})}
    assert release_of(given, VERSION).rendered is None
    monkeypatch.setenv(helm.CHARTS, str(tmp_path))
    (rendered,) = release_of(given, VERSION).rendered or ()
    assert rendered["data"] == {"a": "b"}
    assert release_of({**given, "Version": "2.0.0"}, VERSION).rendered is None
    with pytest.raises(RefusedError, match="no a"):
        release_of(CHART, VERSION)
