"""Where the programs of a control plane come from. What they do is asked in `tests/kubernetes`."""

from __future__ import annotations

import json
import os
import re
import sys
from pathlib import Path

import pytest

from tools.__main__ import main
from tools.commands import kubernetes as command
from tools.kubernetes import build as builds
from tools.kubernetes import definitions as definitions_of
from tools.kubernetes import programs as programs_of
from tools.kubernetes.build import BuildError, build, build_evaluator, release
from tools.kubernetes.definitions import collect, definitions
from tools.kubernetes.kubeconfig import acting, file_names, username
from tools.kubernetes.pin import module
from tools.kubernetes.programs import (
    KWOK,
    MODULES,
    NETWORK_POLICIES,
    PROGRAMS,
    STAGES,
    STAMP,
    MissingPrograms,
    evaluator,
    is_built,
    pinned_versions,
    programs_for,
)

NEWEST = pinned_versions()[-1]


def script(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def folder_of(folder: Path, says: str, names: tuple[str, ...] = PROGRAMS) -> Path:
    for name in names:
        script(folder / name, f"echo {says}")
    return folder


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A `go` that a test writes, found first."""
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "bin" / "go"


# --- A folder that somebody names ---


@pytest.mark.parametrize("variable", ["KUBERNETES_PROGRAMS", "KUBEBUILDER_ASSETS"])
def test_a_folder_with_all_of_them_counts(tmp_path: Path, variable: str) -> None:
    folder = folder_of(tmp_path / "named", "Kubernetes v1.36.9")
    assert programs_for("1.36", {variable: str(folder)}, tmp_path) == folder


def test_that_of_envtest_does_not_count(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, "Kubernetes v1.36.9", ("etcd", "kube-apiserver", "kubectl"))
    assert isinstance(programs_for("1.36", {"KUBEBUILDER_ASSETS": str(folder)}, tmp_path), MissingPrograms)


@pytest.mark.parametrize(("says", "reason"), [("Kubernetes v1.35.4", "are of 1.35"), ("what", "are of no version")])
def test_one_of_another_version_does_not_count(tmp_path: Path, says: str, reason: str) -> None:
    folder = folder_of(tmp_path, says)
    found = programs_for("1.36", {"KUBERNETES_PROGRAMS": str(folder)}, tmp_path / "cache")
    assert isinstance(found, MissingPrograms)
    assert reason in found.reason
    assert "make kubernetes VERSION=1.36" in found.reason


def test_what_nobody_pinned_is_not_to_be_built(tmp_path: Path) -> None:
    found = programs_for("1.1", {}, tmp_path)
    assert isinstance(found, MissingPrograms)
    assert "name a folder by KUBERNETES_PROGRAMS" in found.reason
    with pytest.raises(BuildError, match=re.escape(NEWEST)):
        build("1.1", tmp_path)


# --- What they are built from ---


@pytest.mark.parametrize("version", pinned_versions())
def test_all_parts_of_kubernetes_are_of_one_release(version: str) -> None:
    """k8s.io/kubernetes names them at v0.0.0 and takes them from its own tree, which a module does not have."""
    pinned = release(version)
    assert pinned.startswith(f"{version}.")
    text = (MODULES / version / "go.mod").read_text()
    replaced = dict(re.findall(r"^\s(\S+) => (\S+ \S+)$", text, re.MULTILINE))
    assert replaced == {name: f"{name} v0{pinned[1:]}" for name in replaced}
    assert set(re.findall(r"^\s(k8s\.io/\S+) v0\.0\.0(?: //.*)?$", text, re.MULTILINE)) <= set(replaced)
    assert "go.etcd.io/etcd/server/v3 v3." in text


def test_programs_are_built_once(tmp_path: Path, go: Path) -> None:
    log = tmp_path / "log"
    for name in builds._STAGES:
        stage = tmp_path / "module/kustomize/stage" / f"{name}.yaml"
        stage.parent.mkdir(parents=True, exist_ok=True)
        stage.write_text(f"kind: {name}")
    listing = f'[ "$1" = list ] && echo {tmp_path / "module"} && exit'
    compiling = 'echo k8s.io/api/core/v1 >&2; while [ "$1" != -o ]; do shift; done; echo x >"$2"'
    script(go, f'{listing}; echo "$@" >>{log}; {compiling}')
    made = build(NEWEST, tmp_path / "cache")
    assert {path.name for path in made.iterdir()} == {KWOK, STAGES, *PROGRAMS, STAMP}
    assert build(NEWEST, tmp_path / "cache") == made
    ran = log.read_text().splitlines()
    assert [line.split()[-1].rpartition("/")[2] for line in ran] == [KWOK, "v3", *PROGRAMS[1:]]
    assert all(f"version.gitVersion=v{release(NEWEST)}" in line for line in ran)
    assert [path.name for path in (tmp_path / "cache").iterdir()] == [NEWEST], "nothing else is left"
    (made / STAMP).write_text("of other modules")
    assert not is_built(NEWEST, tmp_path / "cache")


def test_a_failed_build_says_why_and_leaves_nothing(tmp_path: Path, go: Path) -> None:
    script(go, "echo k8s.io/api/core/v1 >&2; echo 'go: go.mod requires go >= 9.9' >&2; exit 1")
    with pytest.raises(BuildError, match=r"kwok was not built from .*/modules/kwok:\ngo: go.mod requires go >= 9.9"):
        build(NEWEST, tmp_path / "cache")
    assert list((tmp_path / "cache").iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="what it is made of speaks to the kernel of Linux")
def test_the_evaluator_of_network_policies_is_built_once(tmp_path: Path, go: Path) -> None:
    log = tmp_path / "log"
    script(go, f'pwd >>{log}; while [ "$1" != -o ]; do shift; done; echo x >"$2"')
    (tmp_path / f"{NETWORK_POLICIES}-of-other-modules").touch()
    made = build_evaluator(tmp_path)
    assert made == evaluator(tmp_path) == build_evaluator(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_file()) == ["log", made.name]
    assert log.read_text().splitlines() == [str(MODULES / NETWORK_POLICIES)]


def test_without_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(programs_of, "CACHE", tmp_path)
    monkeypatch.setattr(command, "programs_for", lambda version: MissingPrograms("none"))
    monkeypatch.setattr(command, "build", lambda version: builds.find_go())
    assert main(["kubernetes", NEWEST]) == 2
    assert "no go on PATH" in capsys.readouterr().err


# --- Definitions ---

CRD = "kind: CustomResourceDefinition\nmetadata: {name: things.example.com}\n---\n---\nkind: ConfigMap\n"


def pin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pins.toml").write_text(
        '[[module]]\nchart = "c"\npath = "example.com/m"\nversion = "v1.0.0"\nsum = "h1:a"\nfolder = "crds"\n'
    )
    (tmp_path / "module/crds").mkdir(parents=True)
    (tmp_path / "module/crds/one.yaml").write_text(CRD)
    monkeypatch.setattr(definitions_of, "_PINS", tmp_path / "pins.toml")


def test_definitions_are_read_where_go_puts_modules(tmp_path: Path, go: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pin(tmp_path, monkeypatch)
    told = json.dumps({"Dir": str(tmp_path / "module"), "Sum": "h1:a"})
    script(go, f"[ \"$*\" = 'mod download -json example.com/m@v1.0.0' ] && echo '{told}'")
    collect(tmp_path / "cache")
    assert [one["metadata"]["name"] for one in definitions(cache_folder=tmp_path / "cache")] == ["things.example.com"]
    script(go, "exit 1")
    collect(tmp_path / "cache")


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("""echo '{"Dir": "/", "Sum": "h1:b"}'""", "its sum is h1:b"),
        ("""echo '{"Error": "not found"}'; exit 1""", "not found"),
        ("echo no network >&2; exit 1", "no network"),
    ],
)
def test_modules_that_are_not_what_is_pinned(
    tmp_path: Path, go: Path, monkeypatch: pytest.MonkeyPatch, answer: str, reason: str
) -> None:
    pin(tmp_path, monkeypatch)
    script(go, answer)
    with pytest.raises(BuildError, match=f"example.com/m@v1.0.0 cannot be had: {reason}"):
        collect(tmp_path / "cache")


# --- Pins ---

UPSTREAM = """module k8s.io/kubernetes

go 1.26.0

godebug default=go1.26

require (
	k8s.io/api v0.0.0
	k8s.io/utils v0.0.0-20251002143259-bc988d571ff4
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/kubelet => ./staging/src/k8s.io/kubelet
)
"""


def test_a_release_is_pinned_with_all_its_parts() -> None:
    lines = module("1.36.3", UPSTREAM).splitlines()
    assert [line for line in lines if "=>" in line] == [
        "\tk8s.io/api => k8s.io/api v0.36.3",
        "\tk8s.io/kubelet => k8s.io/kubelet v0.36.3",
    ]
    assert {"go 1.26.0", "require k8s.io/kubernetes v1.36.3", "\tk8s.io/kubernetes/cmd/kube-apiserver"} <= set(lines)


# --- Who signs in ---


@pytest.mark.parametrize(
    ("principal", "user"),
    [
        # amazon-eks-user-guide, latest/ug/manage-access/k8s-access/grant-k8s-access.adoc:232
        ("arn:aws:iam::111122223333:role/my-role", "arn:aws:sts::111122223333:assumed-role/my-role/session"),
        ("arn:aws-cn:iam::111122223333:role/a/b/my-role", "arn:aws-cn:sts::111122223333:assumed-role/my-role/session"),
        ("arn:aws:iam::111122223333:user/my-user", "arn:aws:iam::111122223333:user/my-user"),
    ],
)
def test_a_principal_has_the_name_that_eks_gives_it(principal: str, user: str) -> None:
    assert username(principal) == user


def test_a_kubeconfig_acts_as_somebody_and_is_nobody_else_s(tmp_path: Path) -> None:
    (tmp_path / "admin").write_text(json.dumps({"users": [{"name": "admin", "user": {"client-key": "k"}}]}))
    acting(tmp_path / "admin", tmp_path / "people/ana.yaml", "ana", ("team:a:owner",))
    (made,) = json.loads((tmp_path / "people/ana.yaml").read_text())["users"]
    assert made["user"] == {"client-key": "k", "as": "ana", "as-groups": ["team:a:owner"]}
    assert (tmp_path / "people/ana.yaml").stat().st_mode & 0o077 == 0


def test_nobody_has_the_kubeconfig_of_somebody_else() -> None:
    prefix, other = "arn:aws:iam::111111111111", "arn:aws:iam::222222222222"
    same = [f"{prefix}:role/Ana", f"{prefix}:user/ana", f"{prefix}:role/path/Ana", f"{other}:role/Ana"]
    alike = [f"{prefix}:role/a/b/x", f"{prefix}:role/a-b/X"]
    long = [f"{prefix}:role/Cid", f"{prefix}:user/Cid", f"{other}:role/111111111111-role-Cid"]
    names = file_names([*same, *alike, *long, f"{prefix}:role/Ben", f"{prefix}:role/Admin"])
    assert [names[each] for each in same] == [
        "111111111111-role-Ana",
        "111111111111-user-ana",
        "111111111111-role-path-Ana",
        "222222222222-role-Ana",
    ]
    assert names[f"{prefix}:role/Ben"] == "Ben"
    assert names[f"{prefix}:role/Admin"] == "111111111111-role-Admin"
    assert len({name.casefold() for name in names.values()} | {"admin"}) == len(names) + 1
