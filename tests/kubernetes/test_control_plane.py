"""A control plane starts, does what Kubernetes does by itself, starts again with what it held, and leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from tests.kubernetes.cluster import Cluster, versions, wait
from tools.charts.helm import program_for
from tools.kubernetes import control_plane
from tools.kubernetes.control_plane import ControlPlaneError
from tools.kubernetes.programs import PROGRAMS, ROOT, MissingPrograms, pinned_versions, programs_for

SPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}


def processes(folder: Path) -> list[str]:
    """Those that were started for a folder."""
    listed = subprocess.run(["ps", "-ww", "-eo", "command="], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if str(folder) in line and "ps -ww" not in line]


def test_it_is_of_its_version_and_makes_what_kubernetes_makes(shared: Cluster, version: str) -> None:
    said = shared.client.ask("GET", "/version").body
    assert f"{said['major']}.{said['minor']}" == version
    assert not shared.apply(SPACE).refused
    # By the controller manager: https://kubernetes.io/docs/concepts/security/service-accounts/#default-service-accounts
    wait(lambda: shared.exists("v1", "ServiceAccount", "default", "shop"), "the service account default")
    wait(lambda: shared.exists("v1", "ConfigMap", "kube-root-ca.crt", "shop"), "the certificate authority")
    assert len(processes(shared.plane.folder)) >= len(PROGRAMS)


def test_the_layers_kubectl_reaches_it(shared: Cluster, version: str) -> None:
    kubectl = program_for("kubectl", version)
    assert isinstance(kubectl, Path)
    ran = subprocess.run(
        [kubectl, "--kubeconfig", shared.plane.kubeconfig, "get", "namespaces", "-o", "name"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "namespace/kube-system" in ran.stdout.splitlines()


@pytest.mark.newest
def test_it_starts_again_with_what_it_held(programs: Path, tmp_path: Path) -> None:
    for attempt in range(2):
        cluster = Cluster(control_plane.start(programs, tmp_path))
        try:
            assert cluster.exists("v1", "Namespace", "shop") is (attempt == 1)
            assert not cluster.apply(SPACE).refused
        finally:
            cluster.stop()
        assert processes(tmp_path) == []


@pytest.mark.newest
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the system does not end the children of what is killed")
def test_nothing_is_left_when_it_is_killed(programs: Path, tmp_path: Path) -> None:
    plane = control_plane.start(programs, tmp_path)
    os.kill(plane.process.pid, signal.SIGKILL)
    wait(lambda: processes(tmp_path) == [], "the end of all programs")
    plane.stop()


@pytest.mark.newest
def test_nothing_is_left_when_who_started_it_is_killed(programs: Path, tmp_path: Path) -> None:
    script = """if True:
        import sys, time
        from pathlib import Path
        from tools.kubernetes import control_plane
        control_plane.start(Path(sys.argv[1]), Path(sys.argv[2]))
        print("up", flush=True)
        time.sleep(99)
    """
    owner = subprocess.Popen(
        [sys.executable, "-c", script, programs, tmp_path], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout
    with owner:
        assert owner.stdout.readline() == "up\n"
        assert len(processes(tmp_path)) >= len(PROGRAMS)
        owner.kill()
    wait(lambda: processes(tmp_path) == [], "the end of all programs")


@pytest.mark.newest
def test_one_that_cannot_start_says_why(programs: Path, tmp_path: Path) -> None:
    (tmp_path / "programs").mkdir()
    for name in PROGRAMS:
        (tmp_path / "programs" / name).symlink_to(programs / name if name == "etcd" else "/bin/false")
    with pytest.raises(ControlPlaneError, match="did not start"):
        control_plane.start(tmp_path / "programs", tmp_path / "plane")
    assert processes(tmp_path) == []


def test_the_administrator_s_kubeconfig_is_nobody_else_s(shared: Cluster) -> None:
    plane = shared.plane
    assert plane.kubeconfig.stat().st_mode & 0o077 == 0
    assert all(path.stat().st_mode & 0o077 == 0 for path in (plane.folder / "certificates").glob("*.key"))
    assert json.loads(plane.kubeconfig.read_text())["clusters"][0]["cluster"]["server"].startswith("https://127.0.0.1:")


PAIRS = [(old, new) for old, new in pairwise(pinned_versions()) if {old, new} <= set(versions())]


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_a_newer_version_takes_over_what_an_older_one_held(old: str, new: str, tmp_path: Path) -> None:
    ports = set()
    for name in (old, new):
        programs = programs_for(name)
        assert not isinstance(programs, MissingPrograms)
        cluster = Cluster(control_plane.start(programs, tmp_path))
        ports.add(cluster.plane.port)
        try:
            assert cluster.client.ask("GET", "/version").body["minor"] == name.partition(".")[2]
            assert cluster.exists("v1", "Namespace", "shop") is (name == new)
            assert not cluster.apply(SPACE).refused
        finally:
            cluster.stop()
    assert len(ports) == 1, "kubeconfigs stay right"
