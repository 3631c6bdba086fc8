"""What builds of the pipeline of AWS run, as Bash runs it, and `make code-pipeline`."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from botocore.session import Session

from app import ROOT
from blueprint.inventory import planned_fleet
from tools.__main__ import main
from tools.commands import code_pipeline as command
from tools.pipelines.aws import programs
from tools.status import Status

ROLE = "arn:aws:iam::111111111111:role/cdk-hnb659fds-lookup-role-111111111111-eu-west-1"
TOOL = """#!/bin/sh
echo "$@" >>tools.log
[ "$3" != "$FAILS" ]
"""


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """With two commits, and a Python that writes down what it is asked."""
    tool = tmp_path / ".venv" / "bin" / "python"
    tool.parent.mkdir(parents=True)
    tool.write_text(TOOL, encoding="utf-8")
    tool.chmod(0o755)
    commit = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "commit", "-q", "--allow-empty", "-m", "x"]
    for words in (["git", "init", "-q", "."], commit, commit):
        subprocess.run(words, cwd=tmp_path, check=True)
    return tmp_path


def run(program: str, clone: Path, **environment: str) -> tuple[int, list[str]]:
    """As a build does: in a subshell of Bash that ends where a line fails."""
    given = {"PATH": os.environ["PATH"], "HOME": str(clone), "FAILS": "", **environment}
    text = f"(\nset -euo pipefail\n{program})"
    done = subprocess.run(["bash", "-c", text], cwd=clone, env=given, check=False)
    log = clone / "tools.log"
    return done.returncode, log.read_text(encoding="utf-8").splitlines() if log.exists() else []


def test_review_and_guard_compare_with_the_commit_before(clone: Path) -> None:
    assert run(programs().review, clone, ALLOW="none") == (
        0,
        ["-m tools review --base HEAD^1", "-m tools guard --base HEAD^1"],
    )


def test_what_somebody_allows_reaches_the_guard_as_it_is(clone: Path) -> None:
    _, (*_, guard) = run(programs().review, clone, ALLOW="$(touch x)")
    assert guard == "-m tools guard --base HEAD^1 --allow=$(touch x)"
    assert not (clone / "x").exists()


@pytest.mark.parametrize("fails", ["review", "guard"])
def test_a_refusal_ends_the_build(clone: Path, fails: str) -> None:
    status, _ = run(programs().review, clone, ALLOW="none", FAILS=fails)
    assert status == 1


def test_a_watch_is_not_begun_where_the_doctor_finds_something(clone: Path) -> None:
    look = programs().look
    given = {"ROLE": ROLE, "REGION": "eu-west-1", "CLUSTER": "prod"}
    assert run(look + programs().watch, clone, **given) == (0, ["-m tools doctor -- prod", "-m tools watch -- prod"])
    (clone / "tools.log").unlink()
    assert run(look + programs().watch, clone, **given, FAILS="doctor") == (1, ["-m tools doctor -- prod"])


def test_boto3_takes_on_the_role_with_the_credentials_of_the_build(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before those of the container, which CodeBuild gives by its address there."""
    run(programs().look, clone, ROLE=ROLE, REGION="eu-west-1")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_REGION", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(clone / ".aws" / "config"))
    monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/creds")
    session = Session()
    profile = session.get_scoped_config()
    assert (profile["role_arn"], profile["credential_source"]) == (ROLE, "EcsContainer")
    providers = [each.METHOD for each in session.get_component("credential_provider").providers]
    assert providers.index("assume-role") < providers.index("container-role")


def test_what_follows_asks_in_the_region_of_the_cluster(clone: Path) -> None:
    """CodeBuild says its own in both."""
    own = {"AWS_REGION": "us-west-2", "AWS_DEFAULT_REGION": "us-west-2"}
    program = f'{programs().look}echo "$AWS_REGION $AWS_DEFAULT_REGION" >tools.log\n'
    assert run(program, clone, ROLE=ROLE, REGION="eu-west-1", **own) == (0, ["eu-west-1 eu-west-1"])


def test_pipeline_written_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "CLUSTERS", ROOT / "examples" / "fleet")
    written: list[Path] = []
    monkeypatch.setattr(command, "synthesize_pipeline", lambda _, out: written.append(out))
    assert main(["code-pipeline", "--output", str(tmp_path / "out"), "--json"]) == Status.DONE
    assert written == [tmp_path / "out"]
    told = json.loads(capsys.readouterr().out)
    assert [*told["waves"]] == ["dev", "stage", "prod-canary", "prod-first", "prod-rest"]
    assert main(["code-pipeline", "--output", str(tmp_path / "out")]) == Status.DONE
    assert capsys.readouterr().out.splitlines()[-1] == f"cdk deploy --app {tmp_path / 'out'} Pipeline"


def test_a_fleet_without_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    none = replace(planned_fleet(ROOT / "examples" / "fleet"), code_pipeline=None)
    monkeypatch.setattr(command, "planned_fleet", lambda _: none)
    assert main(["code-pipeline", "--output", str(tmp_path / "out")]) == Status.REFUSED
    assert "no pipeline of AWS delivers the fleet" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
