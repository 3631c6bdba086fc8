"""The sample application: what it does, its image, and that compose and Kubernetes run the same."""

from __future__ import annotations

import importlib.util
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from blueprint import manifests
from blueprint.manifests.files import read
from blueprint.manifests.pod_security import template, violations

FOLDER = manifests.ROOT / "examples/workloads"
APP = FOLDER / "app"


@pytest.fixture(scope="module")
def hello() -> Any:
    """The program, as a module."""
    spec = importlib.util.spec_from_file_location("hello", APP / "hello.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Running:
    """A server in this process, on a free port."""

    def __init__(self, hello: Any, **environment: str) -> None:
        self.server = hello.Server({"PORT": "0", **environment})
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def ask(self, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.server.server_address[1]}{path}"
        request = urllib.request.Request(url, method=method, headers=headers)  # of ours
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310
                return answer.status, answer.read().decode().strip()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode().strip()

    def stop(self) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


@pytest.fixture
def running(hello: Any, tmp_path: Path) -> Iterator[Running]:
    found = Running(hello, GREETING="Servus", VISITS=str(tmp_path / "visits"), TOKEN="open", DRAIN_SECONDS="0.3")
    yield found
    found.stop()


def test_it_greets_and_counts(running: Running, hello: Any, tmp_path: Path) -> None:
    assert running.ask("/") == (200, "Servus, visitor 1")
    assert running.ask("/") == (200, "Servus, visitor 2")
    assert running.ask("/elsewhere")[0] == 404
    assert (tmp_path / "visits").read_text(encoding="ascii") == "2"
    again = Running(hello, VISITS=str(tmp_path / "visits"))
    try:
        assert again.ask("/") == (200, "Hello, visitor 3"), "what a volume holds outlives the process"
    finally:
        again.stop()


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/visits", {}, 403),
        ("/visits", {"Authorization": "Bearer shut"}, 403),
        ("/elsewhere", {"Authorization": "Bearer open"}, 404),
        ("/visits", {"Authorization": "Bearer open"}, 200),
    ],
)
def test_only_the_token_resets_the_count(running: Running, path: str, headers: dict[str, str], status: int) -> None:
    running.ask("/")
    assert running.ask(path, "DELETE", **headers)[0] == status
    assert running.ask("/")[1].endswith("visitor 1" if status == 200 else "visitor 2")


def test_without_a_token_nobody_resets_the_count(hello: Any) -> None:
    without = Running(hello)
    try:
        assert without.ask("/visits", "DELETE", Authorization="Bearer ")[0] == 403
    finally:
        without.stop()


def test_it_asks_for_no_more_traffic_before_it_ends(running: Running) -> None:
    assert (running.ask("/readyz")[0], running.ask("/healthz")[0]) == (200, 200)
    ending = threading.Thread(target=running.server.end)
    ending.start()
    while running.server.ready:
        time.sleep(0.01)
    assert running.ask("/readyz")[0] == 503
    assert running.ask("/healthz")[0] == 200, "a probe that kills it would cut off who is still served"
    assert running.ask("/")[0] == 200
    ending.join(timeout=10)
    running.thread.join(timeout=10)
    assert not running.thread.is_alive()


def test_the_process_ends_by_itself_when_it_is_told_to() -> None:
    """As a container, which gets SIGTERM and the status of whose process Kubernetes shows."""
    with subprocess.Popen(
        [sys.executable, str(APP / "hello.py")],
        env={**os.environ, "PORT": (port := str(_free_port())), "DRAIN_SECONDS": "0.2"},
        stderr=subprocess.DEVNULL,
    ) as process:
        check = [sys.executable, str(APP / "hello.py"), "--check"]
        deadline = time.monotonic() + 20
        while subprocess.run(check, env={**os.environ, "PORT": port}, capture_output=True, check=False).returncode:
            assert time.monotonic() < deadline
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=20) == 0
    assert subprocess.run(check, env={**os.environ, "PORT": port}, capture_output=True, check=False).returncode


def _free_port() -> int:
    import socket

    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# --- The image ---


def stages() -> list[list[tuple[str, str]]]:
    """Of each stage of the Dockerfile its instructions: https://docs.docker.com/reference/dockerfile/"""
    text = re.sub(r"\\\n", " ", (APP / "Dockerfile").read_text(encoding="utf-8"))
    lines = [line.partition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    found: list[list[tuple[str, str]]] = []
    for word, _, rest in lines:
        if word == "FROM":
            found.append([])
        found[-1].append((word, rest))
    return found


def test_the_image_is_lean_and_without_root() -> None:
    """Rules of hadolint: DL3002 (root), DL3006 and DL3007 (no tag, latest), DL3020 (ADD), DL3025 (exec form)."""
    first, *others = stages()
    names = {re.split(r" AS ", rest)[1] for stage in (first, *others) for word, rest in stage[:1] if " AS " in rest}
    tag = r"python:3\.\d+\.\d+-slim-\w+@sha256:[0-9a-f]{64} AS base"
    assert re.fullmatch(tag, first[0][1])
    for stage in others:
        assert re.split(r" AS ", stage[0][1])[0] in names, "what is built by is what runs"
    last = dict(others[-1])
    user, _, group = last["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0
    assert json.loads(last["ENTRYPOINT"]) == ["python", "/app/hello.py"]
    assert json.loads(last["HEALTHCHECK"].partition("CMD ")[2]) == ["python", "/app/hello.py", "--check"]
    assert {word for stage in (first, *others) for word, _ in stage}.isdisjoint({"ADD", "CMD", "SHELL", "VOLUME"})
    assert all(word != "RUN" for word, _ in others[-1]), "what only the build needs stays there"


def test_nothing_else_of_the_folder_gets_into_the_image() -> None:
    assert (APP / ".dockerignore").read_text(encoding="utf-8").split() == ["*", "!hello.py"]
    copied = [shlex.split(rest) for stage in stages() for word, rest in stage if word == "COPY"]
    assert [words[-2] for words in copied if not words[0].startswith("--from")] == ["hello.py"]


def test_it_runs_on_a_python_that_these_tests_run_on() -> None:
    (version,) = re.findall(r"python:(3\.\d+)\.", (APP / "Dockerfile").read_text(encoding="utf-8"))
    assert version in ("3.11", "3.12", "3.13", "3.14"), "as README.md says of the project"


# --- Compose and Kubernetes ---


def hello_pod() -> dict[str, Any]:
    documents, problems = read(manifests.ROOT, "examples/workloads/hello")
    assert not problems
    (pod,) = [one.data["spec"]["template"]["spec"] for one in documents if one.data["kind"] == "Deployment"]
    found: dict[str, Any] = pod
    return found


def compose() -> dict[str, Any]:
    service: dict[str, Any] = yaml.safe_load((APP / "compose.yaml").read_text(encoding="utf-8"))["services"]["hello"]
    return service


def test_compose_takes_the_file() -> None:
    """By the schema of the Compose Specification, which check-jsonschema brings."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    ran = subprocess.run([*command, APP / "compose.yaml"], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


def test_compose_runs_it_as_a_pod_would() -> None:
    service, pod = compose(), hello_pod()
    (container,) = pod["containers"]
    of_image = dict(stages()[-1])
    who = pod["securityContext"]
    assert service["user"] == of_image["USER"] == f"{who['runAsUser']}:{who['runAsGroup']}"
    assert service["read_only"] is container["securityContext"]["readOnlyRootFilesystem"] is True
    assert service["cap_drop"] == container["securityContext"]["capabilities"]["drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert service["mem_limit"] == container["resources"]["limits"]["memory"].lower().removesuffix("i")
    ports = {int(of_image["EXPOSE"]), container["ports"][0]["containerPort"], int(service["ports"][0].split(":")[-1])}
    assert ports == {8080}
    assert service["ports"][0].startswith("127.0.0.1:"), "of nobody else"
    (data,) = [each["mountPath"] for each in container["volumeMounts"]]
    assert service["volumes"] == [f"data:{data}"]
    assert service["environment"]["VISITS"].startswith(f"{data}/")


def test_it_has_ended_before_anybody_ends_it() -> None:
    documents, _ = read(manifests.ROOT, "examples/workloads/hello")
    (settings,) = [one.data["data"] for one in documents if one.data["kind"] == "ConfigMap"]
    assert int(settings["DRAIN_SECONDS"]) + 10 < hello_pod()["terminationGracePeriodSeconds"]
    assert int(compose()["stop_grace_period"].removesuffix("s")) > 5 + 10


# --- All sample workloads ---

KINDS = {
    *("ConfigMap", "CronJob", "DaemonSet", "Deployment", "HorizontalPodAutoscaler", "Ingress", "Job"),
    *("PersistentVolumeClaim", "PodDisruptionBudget", "PriorityClass", "Service", "StatefulSet"),
}


def samples() -> list[Any]:
    found = []
    for name in ("front", "hello", "priorities", "shop", "status"):
        documents, problems = read(manifests.ROOT, f"examples/workloads/{name}")
        assert not problems
        found += documents
    return found


def test_samples_show_the_kinds_of_kubernetes() -> None:
    assert {one.data["kind"] for one in samples()} == KINDS
    services = [one.data["spec"] for one in samples() if one.data["kind"] == "Service"]
    types = {"None" if each.get("clusterIP") == "None" else each.get("type", "ClusterIP") for each in services}
    assert types == {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort", "None"}
    text = json.dumps([one.data for one in samples()])
    assert "secretKeyRef" in text
    assert '"kind": "Secret"' not in text, "by reference alone"


@pytest.mark.parametrize("one", samples(), ids=lambda one: f"{one.data['kind']}-{one.data['metadata']['name']}")
def test_pods_of_samples_keep_to_the_restricted_standard(one: Any) -> None:
    _, pods = template(one.data)
    assert not pods or list(violations(pods, "restricted")) == []
    for container in pods["spec"]["containers"] if pods else ():
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {*container["resources"]} == {"requests", "limits"}
        assert ":" in container["image"].rpartition("/")[2]
        assert not container["image"].endswith(":latest")
