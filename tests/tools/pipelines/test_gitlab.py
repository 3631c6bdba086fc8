"""The pipeline of GitLab that delivers a fleet: order, what becomes of a failure, rights."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from app import ROOT
from blueprint import GitLabCi
from blueprint.inventory import planned_fleet
from blueprint.planning.fleet import FleetPlan
from tests.tools.pipelines.jobs import program, ran, run
from tools.pipelines.gitlab import texts
from tools.status import CannotError

ON_BRANCH = '$CI_COMMIT_BRANCH == "release"'


@pytest.fixture(scope="module")
def fleet() -> FleetPlan:
    return planned_fleet(ROOT / "examples" / "fleet")


@pytest.fixture(scope="module")
def every(fleet: FleetPlan) -> dict[str, Any]:
    (text,) = texts(fleet, GitLabCi("example/platform/clusters", branch="release")).values()
    jobs = yaml.safe_load(text)
    assert isinstance(jobs, dict)
    return {name: job for name, job in jobs.items() if name != ".fleet"}


@pytest.fixture(scope="module")
def deploy(every: dict[str, Any]) -> dict[str, Any]:
    return {name: job for name, job in every.items() if not name.startswith(("drift-", "report"))}


def test_a_failure_leaves_later_waves_untouched(deploy: dict[str, Any], fleet: FleetPlan) -> None:
    assert ran(deploy, ()) == {*deploy}
    names = [[plan.facts.name for plan in wave.clusters] for wave in fleet.waves]
    for at, wave in enumerate(names):
        for kind in ("ready", "deploy", "watch"):
            for name in wave:
                begun = ran(deploy, {f"{kind}-{name}"})
                later = [each for after in names[at + 1 :] for each in after]
                assert not begun & {f"{each}-{one}" for each in ("ready", "deploy", "watch") for one in later}
                same = [f"deploy-{one}" for one in wave]
                assert begun >= {*same} or kind == "ready"
    assert ran(deploy, {"synth"}) == {"synth"}


def test_a_job_waits_for_no_more_than_gitlab_takes(fleet: FleetPlan) -> None:
    (wave, *_) = fleet.waves

    def written(count: int) -> dict[str, Any]:
        facts = wave.clusters[0].facts
        plans = tuple(replace(wave.clusters[0], facts=replace(facts, name=f"c{number}")) for number in range(count))
        waves = (replace(wave, clusters=plans), *fleet.waves[1:])
        (text,) = texts(replace(fleet, waves=waves), GitLabCi("example/platform/clusters")).values()
        jobs = yaml.safe_load(text)
        assert isinstance(jobs, dict)
        return jobs

    assert max(len(job.get("needs", ())) for job in written(49).values()) == 50
    with pytest.raises(CannotError, match="Divide it"):
        written(50)


def test_only_the_branch_delivers_and_only_the_clock_looks_for_drift(every: dict[str, Any]) -> None:
    for name, job in every.items():
        sign = "==" if name.startswith(("drift-", "report")) else "!="
        expected = ON_BRANCH if name == "synth" else f'{ON_BRANCH} && $CI_PIPELINE_SOURCE {sign} "schedule"'
        token = " && $GITLAB_TOKEN" if name == "report" else ""
        assert [rule["if"] for rule in job["rules"]] == [f"{expected}{token}"]


@pytest.mark.skipif(sys.platform != "linux", reason="the jobs run on Linux, with GNU tar")
def test_what_has_drifted_is_said_in_an_issue(every: dict[str, Any], tmp_path: Path) -> None:
    """Whatever became of the jobs before; artifacts of all of them travel to a later stage.

    https://docs.gitlab.com/ci/yaml/#stage-post, https://docs.gitlab.com/ci/jobs/job_artifacts/
    """
    report = every["report"]
    assert report["stage"] == ".post"
    assert [rule["when"] for rule in report["rules"]] == ["always"]
    assert "needs" not in report
    program(tmp_path / ".venv/bin/cdk", 'echo "$@"; exit 1')
    program(tmp_path / ".venv/bin/python", 'echo "$@"; [ "$4" != --json ] || exit 0; find drift -type f >>found')
    detect = every["drift-dev-us"]
    assert detect["artifacts"]["paths"] == ["drift/"]
    words = detect["script"][-1]
    assert run(words, tmp_path, CLUSTER="dev-us").returncode == 1
    assert (tmp_path / "drift/drift-dev-us/drift.txt").read_text() == "drift --app cdk.out --no-color --fail dev-us/*\n"
    done = run("\n".join(report["script"]), tmp_path)
    assert done.stdout == "-m tools.forge.issue --drift drift --fleet fleet.json\n"
    assert (tmp_path / "found").read_text() == "drift/drift-dev-us/drift.txt\n"
    assert (tmp_path / "fleet.json").read_text() == "-m tools fleet --json\n"


@pytest.mark.parametrize(
    ("answer", "source", "status", "asked"),
    [
        ("404", "push", 1, ["synth --validate", "review --base HEAD^1", "guard --base HEAD^1"]),
        ("200", "push", 1, ["synth --validate", "review --base abc", "guard --base abc"]),
        ("500", "push", 1, ["synth --validate"]),
        ("500", "schedule", 0, ["synth --validate"]),
    ],
)
@pytest.mark.skipif(sys.platform != "linux", reason="the jobs run on Linux, with GNU tar")
def test_the_steps_of_a_synth(
    answer: str, source: str, status: int, asked: list[str], tmp_path: Path, deploy: dict[str, Any]
) -> None:
    """All lines in one shell, as GitLab's runner has it: the guard that refuses ends it, and nothing is packed."""
    program(tmp_path / ".venv/bin/python", 'shift 2; echo "$@" >>asked; mkdir -p cdk.out; [ "$1" != guard ]')
    program(tmp_path / "bin/curl", f'printf abc >delivered.txt; printf {answer}; echo "$@" >url')
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@example.com", "-C", str(tmp_path)]
    subprocess.run([*git, "init", "-q"], check=True)
    for number in range(2):
        subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", str(number)], check=True)
    given = {"CI_PIPELINE_SOURCE": source, "CI_API_V4_URL": "https://lab/api/v4", "CI_PROJECT_ID": "7"}
    done = run("\n".join(deploy["synth"]["script"]), tmp_path, CI_COMMIT_BRANCH="release", CI_JOB_TOKEN="t", **given)
    assert done.returncode == status
    assert (tmp_path / "asked").read_text().splitlines() == asked
    assert (tmp_path / "digest.env").exists() == (status == 0)
    if source == "push":
        url = "https://lab/api/v4/projects/7/jobs/artifacts/release/raw/delivered.txt?job=delivered"
        assert (tmp_path / "url").read_text().split()[-1] == url


def test_the_commit_is_written_down_when_all_is_delivered(deploy: dict[str, Any], tmp_path: Path) -> None:
    watching = {name for name in deploy if name.startswith("watch-")}
    for name in watching:
        assert "delivered" not in ran(deploy, {name})
    job = deploy["delivered"]
    assert run("\n".join(job["script"]), tmp_path, CI_COMMIT_SHA="abc").returncode == 0
    assert (tmp_path / "delivered.txt").read_text() == "abc"
    assert job["artifacts"]["paths"] == ["delivered.txt"]


def test_its_stage_is_one_of_the_file_that_includes_it(fleet: FleetPlan) -> None:
    (text,) = texts(fleet, GitLabCi("example/platform/clusters")).values()
    jobs = yaml.safe_load(text)
    main = yaml.safe_load((ROOT / "docs" / "gitlab-ci.yml").read_text(encoding="utf-8"))
    assert jobs[".fleet"]["stage"] in main["stages"]
    assert {job["extends"] for name, job in jobs.items() if name != ".fleet"} == {".fleet"}
    assert not jobs.keys() & main.keys()


def test_somebody_is_asked(deploy: dict[str, Any]) -> None:
    manual = {name for name, job in deploy.items() if any(rule.get("when") == "manual" for rule in job["rules"])}
    assert manual == {"deploy-prod-eu-green"}
    # https://docs.gitlab.com/ci/jobs/job_control/#types-of-manual-jobs: by rules, a manual job is optional otherwise
    assert deploy["deploy-prod-eu-green"]["allow_failure"] is False
    assert {job.get("allow_failure", False) for job in deploy.values()} == {False}


def test_changes_of_a_cluster_come_one_after_another(every: dict[str, Any]) -> None:
    groups = {name: job["resource_group"] for name, job in every.items() if "resource_group" in job}
    assert groups == {
        name: f"deploy-{name.partition('-')[2]}" for name in every if name.startswith(("deploy-", "drift-"))
    }


def test_roles(every: dict[str, Any]) -> None:
    roles = {"ready": "check", "watch": "check", "drift": "drift"}
    for name, job in every.items():
        kind, _, cluster = name.partition("-")
        role = job.get("variables", {}).get("AWS_ROLE_ARN", "").rpartition("/")[2]
        expected = (
            "" if kind in ("synth", "delivered", "report") else f"blueprints-{roles.get(kind) or f'deploy-{cluster}'}"
        )
        assert role == expected
        assert ("id_tokens" in job) == bool(expected)


@pytest.mark.skipif(sys.platform != "linux", reason="the jobs run on Linux, with GNU tar")
def test_the_steps_of_a_deploy(tmp_path: Path, deploy: dict[str, Any]) -> None:
    """From the assembly to the CDK's command line, with the token where AWS's programs look for it."""
    program(tmp_path / ".venv/bin/cdk", 'echo "$@"; cat "$AWS_WEB_IDENTITY_TOKEN_FILE"; ls cdk.out')
    (tmp_path / "cdk.out").mkdir()
    (tmp_path / "cdk.out" / "x.json").touch()
    job = deploy["deploy-dev-us"]
    own = "\n".join(job["script"])
    words = "\n".join([deploy["synth"]["script"][-1], "rm -r cdk.out", "export $(cat digest.env)", own])
    given = {"AWS_TOKEN": "a.b.c", "CI_JOB_ID": "1", **job["variables"]}
    done = run(words, tmp_path, **given)
    assert done.returncode == 0, done.stderr
    assert "deploy --app cdk.out dev-us/* --require-approval never --progress events\na.b.cx.json\n" in done.stdout
    assert run(own, tmp_path, DIGEST="0" * 64, **given).returncode != 0
