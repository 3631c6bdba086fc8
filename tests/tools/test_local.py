"""`make local` without its emulator: what it refuses, what it never does, how it finds an earlier run again."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app import CLUSTERS
from blueprint.inventory import planned
from blueprint.planning.document import Plan
from tools.__main__ import main
from tools.kubernetes.build import BuildError
from tools.kubernetes.programs import MissingPrograms
from tools.local import aws, cdk, commands, process
from tools.local.aws import Account
from tools.local.errors import LocalError
from tools.local.process import Deployed, Emulator, State
from tools.outputs import MARK

DEV = Deployed("dev", "111111111111", "us-west-2")


@pytest.mark.parametrize(
    "endpoint",
    ["https://eks.us-west-2.amazonaws.com", "http://10.0.0.1:4566", "http://localhost.example.com", "localhost:1", ""],
)
def test_an_endpoint_elsewhere_is_refused(endpoint: str) -> None:
    with pytest.raises(LocalError, match="not on this machine"):
        Account(endpoint, "111111111111", "us-west-2")


def test_programs_inherit_nothing_that_leads_to_aws(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_PROFILE", "AWS_ACCESS_KEY_ID", "AWS_ENDPOINT_URL_EKS", "AWS_SESSION_TOKEN", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "mine")
    found = Account("http://localhost:1", "111111111111", "us-west-2").environment(tmp_path)
    assert "mine" not in found.values()
    assert (found["AWS_ENDPOINT_URL"], found["AWS_ACCESS_KEY_ID"]) == ("http://localhost:1", "111111111111")
    assert (found["HOME"], found["AWS_CONFIG_FILE"]) == (str(tmp_path), os.devnull)
    assert found["AWS_EC2_METADATA_DISABLED"] == "true"


def test_boto3_is_led_nowhere_else_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "environ", {"AWS_PROFILE": "prod", "AWS_ENDPOINT_URL_EKS": "https://x", "https_proxy": "p"})
    aws.isolate()
    assert {"AWS_PROFILE", "AWS_ENDPOINT_URL_EKS", "https_proxy"}.isdisjoint(os.environ)
    client = Account("http://localhost:1", "111111111111", "us-west-2").client("eks")
    assert client.meta.endpoint_url == "http://localhost:1"


def test_a_cluster_that_is_not_there_is_reported_and_nothing_started(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    assert main(["local", "nope"]) == 1
    assert "unknown cluster: no file in examples/ is named after it" in capsys.readouterr().err


def test_a_folder_of_charts_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(LocalError, match="no folder of charts"):
        commands.deploy(tmp_path, "dev", port=None, charts=tmp_path / "none", as_json=False)


def test_a_missing_cli_or_node_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "ROOT", tmp_path)
    with pytest.raises(LocalError, match="CDK CLI is missing from node_modules: run make setup"):
        cdk.find_cli()
    cli = tmp_path / "node_modules" / "aws-cdk" / "bin" / "cdk"
    cli.parent.mkdir(parents=True)
    cli.touch()
    with pytest.raises(LocalError, match=r"node is missing from \.venv/bin: run make setup"):
        cdk.find_cli()


@pytest.mark.parametrize(
    ("port", "charts", "said"),
    [(4567, None, "runs on port 9 already"), (None, "other", "runs with the charts of .*/mine already")],
)
def test_an_emulator_that_runs_keeps_its_port_and_charts(
    tmp_path: Path, port: int | None, charts: str | None, said: str
) -> None:
    state = State(Emulator(1, 9, tmp_path), {}, str(tmp_path / "mine"))
    with pytest.raises(LocalError, match=said):
        commands._check_options(state, port, tmp_path / charts if charts else None)
    commands._check_options(state, 9, tmp_path / "mine")


def test_nothing_to_destroy(tmp_path: Path) -> None:
    assert "nothing to remove" in commands.destroy(tmp_path / ".local", [], keep=False)


def test_a_port_in_use_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PYTHON", Path(sys.executable))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LocalError, match=f"Port {port} cannot be used"):
            process.start(tmp_path, port=port)


def test_an_emulator_that_does_not_start_is_reported_with_its_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "python"
    program.write_text("#!/bin/sh\necho No module named ministack; exit 1\n")
    program.chmod(0o755)
    monkeypatch.setattr(process, "PYTHON", program)
    with pytest.raises(LocalError, match=r"did not start(.|\n)*No module named ministack"):
        process.start(tmp_path / "run")


def test_an_emulator_that_is_not_installed_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "PYTHON", tmp_path / "none")
    with pytest.raises(LocalError, match="not installed"):
        process.start(tmp_path)


def test_state_is_read_as_it_was_written(tmp_path: Path) -> None:
    state = State(Emulator(7, 4566, tmp_path), {"dev": DEV}, "/charts")
    state.save()
    assert process.load(tmp_path) == state


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"pid": "x", "port": 1, "clusters": []}', '{"clusters": [{"a": 1}]}']
)
def test_a_state_that_cannot_be_read_is_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "state.json").write_text(text, encoding="utf-8")
    assert process.load(tmp_path) is None


def test_a_number_that_another_process_got_since_is_not_the_emulator(tmp_path: Path) -> None:
    """The machine was started anew: whatever has the number now must not be ended."""
    assert "nothing to remove" in commands.destroy(tmp_path, [], keep=False)
    (tmp_path / "home").mkdir()
    (tmp_path / "state.json").write_text(json.dumps({"pid": os.getpid(), "port": 4566, "charts": None, "clusters": []}))
    assert not Emulator(os.getpid(), 4566, tmp_path).alive()
    assert "nothing to remove" in commands.destroy(tmp_path, [], keep=False)
    assert sorted(path.name for path in tmp_path.iterdir()) == [MARK, "lock"]


def test_a_dead_emulator_is_no_emulator(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    emulator = Emulator(gone.pid, 9, tmp_path)
    assert not emulator.alive()
    assert not emulator.answers()
    assert emulator.log() == "(no log)"


def test_two_commands_at_once_are_refused(tmp_path: Path) -> None:
    with commands._alone(tmp_path), pytest.raises(LocalError, match="at work"):
        commands.destroy(tmp_path, [], keep=False)


def test_a_cluster_that_was_not_deployed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    state = State(Emulator(1, 9, tmp_path), {"dev": DEV})
    monkeypatch.setattr(commands, "_running", lambda folder: state)
    with pytest.raises(LocalError, match=r"prod was not deployed here\. Clusters on the emulator: dev"):
        commands.destroy(tmp_path, ["prod"], keep=False)


def test_the_table_names_each_kind_once() -> None:
    assert commands.table([("VPC", "a"), ("stack", "b"), ("stack", "c")]) == "  VPC    a\n  stack  b\n         c"


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_on_a_leash_ends_with_whoever_holds_it(tmp_path: Path, ending: signal.Signals) -> None:
    script = f"""
import subprocess, sys, time
subprocess.Popen([sys.executable, "-m", "tools.local.leash", "sh", "-c", "echo $$ >{tmp_path}/pid; sleep 60; true"],
    stdin=subprocess.PIPE, start_new_session=True)
time.sleep(60)
"""
    holder = subprocess.Popen([sys.executable, "-c", script])
    written = tmp_path / "pid"
    assert _soon(lambda: written.exists() and written.read_text().endswith("\n"))
    holder.send_signal(ending)
    holder.wait()
    leashed = written.read_text().strip()
    assert _soon(lambda: subprocess.run(["ps", "-p", leashed], capture_output=True, check=False).returncode == 1)


def test_the_leash_passes_output_and_status_on() -> None:
    command = [sys.executable, "-m", "tools.local.leash", "sh", "-c", "echo out; exit 7"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as leash:
        assert leash.stdout
        assert (leash.stdout.read(), leash.wait()) == ("out\n", 7)


def _soon(condition: object) -> bool:
    assert callable(condition)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.05)
    return False


def plan_of_dev() -> Plan:
    (found,) = planned(CLUSTERS, ["dev"])
    return found


def test_without_programs_of_kubernetes_it_says_what_is_not_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(commands, "programs_for", lambda version: MissingPrograms(f"none of {version}"))
    assert not commands._has_kubernetes(plan_of_dev())
    said = commands._kubernetes(tmp_path, plan_of_dev())
    assert said == "Kubernetes itself is not shown, only what would be sent to it: none of 1.36."


def test_without_definitions_there_is_no_kubernetes_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> None:
        raise BuildError("no network")

    monkeypatch.setattr(commands, "programs_for", lambda version: tmp_path)
    monkeypatch.setattr(commands, "collect", fail)
    assert not commands._has_kubernetes(plan_of_dev())
    assert "no network" in capsys.readouterr().err


def test_it_says_how_to_reach_a_cluster_s_kubernetes(tmp_path: Path) -> None:
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/PaymentsOwner.yaml").touch()
    said = commands._kubernetes(tmp_path, plan_of_dev())
    assert f"kubectl --kubeconfig {tmp_path}/dev/<name>.yaml" in said
    assert said.endswith("as PaymentsOwner.")
