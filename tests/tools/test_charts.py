"""Charts are rendered as the cluster would get them, and what cannot be known is said."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from blueprint.contribution import Chart, Release
from tests.tools.charts import CONFIG_MAP, helm, packed, registry, repository, write
from tools.charts import helm as helms
from tools.charts.render import render, render_all
from tools.charts.results import Failed, Outcome, Rendered, Unreachable

CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: toys.example.com}
"""
HOOK = """
apiVersion: batch/v1
kind: Job
metadata: {name: migrate, annotations: {"helm.sh/hook": "pre-install,pre-upgrade"}}
"""
TEST = """
apiVersion: v1
kind: Pod
metadata: {name: test, annotations: {"helm.sh/hook": test}}
"""
FILES = {"templates/map.yaml": CONFIG_MAP, "crds/toy.yaml": CRD, "templates/hook.yaml": HOOK, "templates/t.yaml": TEST}
NOWHERE = Chart("tiny", "https://charts.invalid", "1.2.3")
TINY = Release("web", NOWHERE, "shop", MappingProxyType({"replicas": 2}))


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[Path]:
    """An empty one, with the helm that is unpacked already."""
    folder = tmp_path / "cache"
    (folder / helm().parent.name).mkdir(parents=True)
    (folder / helm().parent.name / "helm").symlink_to(helm())
    yield folder
    shutil.rmtree(folder)


def kinds(outcome: Outcome) -> list[str]:
    assert isinstance(outcome, Rendered), outcome
    return [one["kind"] for one in outcome.objects]


def reason(outcome: Outcome, kind: type[Failed | Unreachable]) -> str:
    assert isinstance(outcome, kind), outcome
    assert outcome.reason
    assert outcome.reason.isprintable()
    return outcome.reason


def in_folder(folder: Path, template: str, release: Release = TINY, **chart: str) -> Outcome:
    write(folder, {"templates/map.yaml": template}, **chart)
    return render(release, "1.36", str(folder))


# --- What it renders ---


@pytest.mark.parametrize("form", ["unpacked", "packed"])
def test_definitions_templates_and_hooks_of_a_folder(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "charts"
    chart = write(tmp_path if form == "packed" else folder, FILES, more="kubeVersion: '>=1.30.0-0'")
    if form == "packed":
        packed(chart, folder)
    outcome = render(TINY, "1.36", str(folder))
    assert kinds(outcome) == ["CustomResourceDefinition", "ConfigMap", "Job"]
    assert isinstance(outcome, Rendered)
    assert outcome.kube_version == ">=1.30.0-0"
    assert outcome.objects[1]["metadata"] == {"name": "web", "namespace": "shop"}
    assert outcome.objects[1]["data"] == {"replicas": "2"}
    assert outcome.objects[2]["metadata"]["annotations"]["helm.sh/hook"] == "pre-install,pre-upgrade"


def test_values_of_a_plan_are_filled_in(tmp_path: Path) -> None:
    values = MappingProxyType({"replicas": "${blueprint:queue-name:jobs} ${blueprint:partition}", "more": (1, 2)})
    outcome = in_folder(
        tmp_path, CONFIG_MAP + "  more: {{ .Values.more | toJson | quote }}", replace(TINY, values=values)
    )
    assert isinstance(outcome, Rendered)
    assert outcome.objects[0]["data"] == {"replicas": "<queue-name:jobs> aws", "more": "[1,2]"}


def test_the_version_is_named_as_eks_does(tmp_path: Path) -> None:
    version = "  is: {{ .Capabilities.KubeVersion.Version }}\n"
    trap = '  older: {{ semverCompare ">=1.30" .Capabilities.KubeVersion.Version | quote }}'
    outcome = in_folder(tmp_path, CONFIG_MAP + version + trap)
    assert isinstance(outcome, Rendered)
    assert outcome.objects[0]["data"] | {"replicas": ""} == {
        "is": "v1.36.0-eks-0000000",
        "older": "false",
        "replicas": "",
    }


def test_scalars_are_those_of_kubernetes(tmp_path: Path) -> None:
    lines = ["apiVersion: v1", "kind: ConfigMap", "a: 2026-11-23", "b: 12:30", "c: =", "d: 1:30.5", "e: 0644", "f: 1.5"]
    outcome = in_folder(tmp_path, "\n".join([*lines, "g: yes", "h: ~"]))
    assert isinstance(outcome, Rendered)
    found = [outcome.objects[0][key] for key in "abcdefgh"]
    assert found == ["2026-11-23", "12:30", "=", "1:30.5", 420, 1.5, True, None]


def test_lists_are_taken_apart_and_empty_documents_left_out(tmp_path: Path) -> None:
    item = "{apiVersion: v1, kind: Secret, metadata: {name: %s}}"
    listed = f"apiVersion: v1\nkind: List\nitems:\n- {item % 'a'}\n- {item % 'b'}\n---\n# nothing\n---\n{item % 'c'}"
    outcome = in_folder(tmp_path, listed)
    assert isinstance(outcome, Rendered)
    assert sorted(one["metadata"]["name"] for one in outcome.objects) == ["a", "b", "c"]


# --- What fails is not what is unknown ---


def test_values_that_the_chart_refuses(tmp_path: Path) -> None:
    assert "replicas must be set" in reason(in_folder(tmp_path, CONFIG_MAP, replace(TINY, values={})), Failed)


def test_a_chart_for_other_versions(tmp_path: Path) -> None:
    outcome = in_folder(tmp_path, CONFIG_MAP, more="kubeVersion: '<1.36.0-0'")
    assert "requires kubeVersion: <1.36.0-0 which is incompatible" in reason(outcome, Failed)
    assert kinds(render(TINY, "1.35", str(tmp_path))) == ["ConfigMap"]


@pytest.mark.parametrize("template", ["{{ .Values.a.b.c }}", "a: b", "- a", "just words", "kind: {{"])
def test_what_is_no_object(tmp_path: Path, template: str) -> None:
    reason(in_folder(tmp_path, template), Failed)


@pytest.mark.parametrize("name", ["-x", "", "A B", "a\0b", "--post-renderer=/bin/sh"])
def test_a_hostile_name_of_a_release(tmp_path: Path, name: str) -> None:
    reason(in_folder(tmp_path, CONFIG_MAP, replace(TINY, name=name)), Failed)


@pytest.mark.parametrize("chart", [("../tiny", "1.2.3"), ("-tiny", "1.2.3"), ("tiny", "../1"), ("", "1"), ("tiny", "")])
def test_a_hostile_name_of_a_chart(cache: Path, chart: tuple[str, str]) -> None:
    name, version = chart
    reason(render(replace(TINY, chart=Chart(name, "https://charts.invalid", version)), "1.36", None, cache), Failed)
    assert {path.name for path in cache.iterdir()} == {helm().parent.name}


# --- Folders ---


def test_a_folder_without_the_chart(tmp_path: Path) -> None:
    found = reason(render(TINY, "1.36", str(tmp_path)), Unreachable)
    assert found == f"{tmp_path} holds neither tiny-1.2.3.tgz nor tiny/Chart.yaml"
    reason(render(TINY, "1.36", str(tmp_path / "none")), Unreachable)


def test_another_version_in_the_folder(tmp_path: Path) -> None:
    outcome = in_folder(tmp_path, CONFIG_MAP, version="1.2.4")
    assert reason(outcome, Unreachable) == "tiny is the chart tiny 1.2.4, not tiny 1.2.3"
    packed(tmp_path / "tiny", tmp_path).rename(tmp_path / "tiny-1.2.3.tgz")
    assert "is the chart tiny 1.2.4" in reason(render(TINY, "1.36", str(tmp_path)), Unreachable)


def test_a_version_may_be_written_with_v(tmp_path: Path) -> None:
    assert kinds(in_folder(tmp_path, CONFIG_MAP, version="v1.2.3")) == ["ConfigMap"]


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08\x00broken"])
def test_a_broken_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "tiny-1.2.3.tgz").write_bytes(content)
    assert "tiny-1.2.3.tgz is no chart" in reason(render(TINY, "1.36", str(tmp_path)), Unreachable)


# --- Repositories ---


def at(address: str, version: str = "1.2.3") -> Release:
    return replace(TINY, chart=Chart("tiny", address, version))


def test_a_repository_is_asked_once(tmp_path: Path, cache: Path) -> None:
    packed(write(tmp_path, FILES), tmp_path / "served")
    with repository(tmp_path / "served") as address:
        assert "ConfigMap" in kinds(render(at(address), "1.36", None, cache))
    assert "ConfigMap" in kinds(render(at(address), "1.36", None, cache)), "it is gone, and the chart is kept"
    assert "cannot be reached" in reason(render(at(address, "1.2.4"), "1.36", None, cache), Unreachable)
    (kept,) = (cache / "charts").rglob("*.tgz")
    assert [*kept.parent.iterdir()] == [kept]
    kept.write_bytes(b"broken")
    assert "cannot be reached" in reason(render(at(address), "1.36", None, cache), Unreachable)


def test_what_a_repository_does_not_have_fails(tmp_path: Path, cache: Path) -> None:
    packed(write(tmp_path, FILES), tmp_path / "served")
    with repository(tmp_path / "served") as address:
        assert 'version "1.2.4" not found' in reason(render(at(address, "1.2.4"), "1.36", None, cache), Failed)
        mirrored = render(replace(TINY, chart=replace(NOWHERE, version="1.2.4")), "1.36", address, cache)
        assert 'version "1.2.4" not found' in reason(mirrored, Unreachable), "a mirror may lag"
    assert not [*(cache / "charts").rglob("*.tgz")]


def test_a_mirror_takes_the_place_of_repositories(tmp_path: Path, cache: Path) -> None:
    packed(write(tmp_path, FILES), tmp_path / "served")
    with repository(tmp_path / "served") as address:
        assert "ConfigMap" in kinds(render(TINY, "1.36", address, cache))
    assert "charts.invalid" in reason(render(TINY, "1.36", None, cache), Unreachable), "the mirror's is not its own"


def test_registries(tmp_path: Path, cache: Path) -> None:
    archive = packed(write(tmp_path, FILES), tmp_path)
    with registry(archive, "1.2.3") as address:
        assert "ConfigMap" in kinds(render(at(f"{address}/tiny"), "1.36", None, cache))
        assert "not found" in reason(render(at(f"{address}/tiny", "1.2.4"), "1.36", None, cache), Failed)
        assert "ConfigMap" in kinds(render(TINY, "1.36", f"{address}/", cache)), "as a mirror"


def test_an_archive_that_is_another_chart_is_not_kept(tmp_path: Path, cache: Path) -> None:
    archive = packed(write(tmp_path, FILES, version="9.9.9"), tmp_path)
    with registry(archive, "1.2.3") as address:
        found = reason(render(at(f"{address}/tiny"), "1.36", None, cache), Unreachable)
    assert "is the chart tiny 9.9.9, not tiny 1.2.3" in found
    assert not [*(cache / "charts").rglob("*.tgz")]


def test_a_page_instead_of_an_index(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "served").mkdir()
    with repository(tmp_path / "served") as address:
        (tmp_path / "served/index.yaml").write_text("<html>Log in</html>")
        reason(render(at(address), "1.36", None, cache), Unreachable)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:1",
        "oci://127.0.0.1:1/tiny",
        "ftp://a/b",
        "https://",
        "https://[",
        "https://a:b",
        "tiny",
        "",
        "-x",
    ],
)
def test_addresses_where_nobody_is(cache: Path, address: str) -> None:
    assert (address.partition("/tiny")[0].partition("://")[2] or "address") in reason(
        render(at(address), "1.36", None, cache), Unreachable
    )


def test_a_silent_server_is_given_up(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tools.charts.archives._DOWNLOAD_SECONDS", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"http://127.0.0.1:{server.getsockname()[1]}"
        assert "longer than 0.3 seconds" in reason(render(at(address), "1.36", None, cache), Unreachable)


def test_a_name_that_is_never_answered(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> None:
        raise TimeoutError

    monkeypatch.setattr("socket.create_connection", never)
    found = reason(render(TINY, "1.36", None, cache), Unreachable)
    assert found == "charts.invalid:443 did not answer in 4 seconds"


def test_behind_a_proxy_the_proxy_is_asked(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:1")
    assert "127.0.0.1:1 cannot be reached" in reason(render(TINY, "1.36", None, cache), Unreachable)


def test_no_password_is_shown(tmp_path: Path, cache: Path) -> None:
    (tmp_path / "served").mkdir()
    with repository(tmp_path / "served") as address:
        found = reason(render(at(address.replace("//", "//me:hidden@")), "1.36", None, cache), Failed)
    assert "not found" in found
    assert "hidden" not in found


# --- Many at once ---


def test_outcomes_stand_in_the_order_of_the_releases(tmp_path: Path) -> None:
    write(tmp_path, {"templates/map.yaml": CONFIG_MAP})
    names = [f"r{number}" for number in range(6)]
    releases = [replace(TINY, name=name) for name in names]
    releases.insert(3, replace(TINY, values={}))
    releases.insert(1, replace(TINY, chart=replace(NOWHERE, name="other")))
    found = render_all(releases, "1.36", str(tmp_path))
    assert [type(one) for one in found] == [Rendered, Unreachable, *[Rendered] * 2, Failed, *[Rendered] * 3]
    assert [one.objects[0]["metadata"]["name"] for one in found if isinstance(one, Rendered)] == names
    assert render_all([], "1.36") == ()


# --- Helm itself ---


@pytest.mark.skipif(
    (os.uname().sysname, os.uname().machine) != ("Linux", "x86_64"),
    reason="the layer holds a helm for Linux on x86_64 only; the test after this one is about other machines",
)
def test_helm_is_that_of_the_cluster_s_layer(tmp_path: Path) -> None:
    program = helms.helm_for("1.33", tmp_path)
    assert isinstance(program, Path)
    assert program.parent.name.startswith("helm-33-")
    text, failure = helms.run(program, ["version", "--short"], seconds=10)
    assert (text[:2], failure) == ("v4", "")
    assert [*program.parent.iterdir()] == [program], "nothing half-made is left"
    made = program.stat()
    assert helms.helm_for("1.32", tmp_path) == program, "the nearest layer"
    assert program.stat() == made, "it is unpacked once"


def test_elsewhere_it_is_that_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no helm on PATH" in reason(render(TINY, "1.36", str(tmp_path), tmp_path), Unreachable)
    program = tmp_path / "helm"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert helms.helm_for("1.36", tmp_path) == program


def test_a_package_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(helms, "distribution", missing)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "kubectl-v36" in reason(render(TINY, "1.36", str(tmp_path), tmp_path), Unreachable)


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PATH", str(tmp_path))
    reason(render(TINY, "1.36", str(tmp_path), tmp_path / "file"), Unreachable)


def test_the_user_s_helm_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HELM_CONFIG_HOME", "HELM_CACHE_HOME", "HELM_DATA_HOME", "HELM_PLUGINS", "HOME", "HELM_NAMESPACE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "home"))
    text, _ = helms.run(helm(), ["env"], seconds=10)
    assert str(tmp_path / "home") not in text
    assert kinds(in_folder(tmp_path, CONFIG_MAP)) == ["ConfigMap"]
    assert not (tmp_path / "home").exists()
